"""What the author of a judge uses: the three kinds of judge and the verdict parsers."""

from judgekit.judging import parsing
from judgekit.judging.judge import Ask, BatchJudge, Judge, JudgeSetup, NoOptions, PromptJudge

__all__ = ["Ask", "BatchJudge", "Judge", "JudgeSetup", "NoOptions", "PromptJudge", "parsing"]
