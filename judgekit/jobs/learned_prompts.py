"""The labelled prompts from which aligned judges have learned: no measure of them may use these."""

from __future__ import annotations

from judgekit.judging import Judge, PromptJudge

__all__ = ["learned_prompts"]


def learned_prompts(*judges: Judge) -> frozenset[str]:
    """The digests (`judgekit.io.prompt_digest`) of the prompts used to align any of the judges.

    Args:
        judges: Judges of any kind; only those whose prompt file says so were aligned.
    """
    learned: set[str] = set()
    for judge in judges:
        aligned = judge.template.head.aligned if isinstance(judge, PromptJudge) else None
        learned |= aligned.used if aligned is not None else set()
    return frozenset(learned)
