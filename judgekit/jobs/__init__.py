"""Files and settings → a prepared job → a finished run folder.

`prepare` reads the input and chooses judge and engine; a `job` judges one input with one judge, a
`panel` with several; `judge_runner` sends trials through the harness; `event_loop` runs it all.
"""
