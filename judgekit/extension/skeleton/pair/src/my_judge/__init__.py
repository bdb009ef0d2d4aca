"""The judge my-judge: which of two answers says it better in fewer words."""

from collections.abc import Mapping

from judgekit import hookimpl
from judgekit.judging import Judge, PromptJudge


class MyJudge(PromptJudge):
    """Which of two answers says the same in fewer words."""

    arity = frozenset({2})  # how many answers it is shown at once
    prompt = "my-judge"  # prompts/my-judge.md; its head says how the verdict reads


@hookimpl
def judgekit_judges() -> Mapping[str, type[Judge]]:
    """Judges by the name that --judge takes."""
    return {"my-judge": MyJudge}
