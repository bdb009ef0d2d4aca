"""Files and settings → a prepared job → a finished run folder.

`inputs` reads the files once for all judges, `bindings` makes judges and engines, and `prepare`
and `prepare_panel` make a `job` (one judge) or a `panel` (several) of them. Either is a `Runnable`:
it judges by a schedule (`schedules`) through the harness (`judge_runner`), folds and summarises by
its task (`tasks`), and writes the run's folder. `event_loop` is where all that begins.
"""
