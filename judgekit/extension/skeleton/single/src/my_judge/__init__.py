"""The judge my-judge: how well an answer keeps to what was asked, from 1 to 5."""

from collections.abc import Mapping

from judgekit import hookimpl
from judgekit.judging import Judge, PromptJudge


class MyJudge(PromptJudge):
    """How well an answer keeps to what was asked, from 1 to 5."""

    arity = frozenset({1})  # how many answers it is shown at once
    prompt = "my-judge"  # prompts/my-judge.md; its head says how the score reads


@hookimpl
def judgekit_judges() -> Mapping[str, type[Judge]]:
    """Judges by the name that --judge takes."""
    return {"my-judge": MyJudge}
