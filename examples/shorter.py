"""A judge in a single file: the shorter answer is better.

    judgekit compare examples/base.jsonl examples/tuned.jsonl \\
        --plugin ./examples/shorter.py --judge shorter

It asks no model, so it needs no key. Use it to check a result: a model that also wins here may only
have learned to be brief.
"""

from collections.abc import Mapping, Sequence

from judgekit.extension.hookspecs import hookimpl
from judgekit.judging import BatchJudge, Judge
from judgekit.types import Trial, Verdict


class Shorter(BatchJudge):
    """Scores one answer by minus its number of words."""

    arity = frozenset({1})  # sees one answer at a time; the harness compares two scores
    heading = "length alone, not a judge's opinion"
    identity = ("shorter", "1")  # change it when the scores change, since old ones are stored

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        return [Verdict.scored(-float(len(trial.shown[0].text.split()))) for trial in trials]


@hookimpl
def judgekit_judges() -> Mapping[str, type[Judge]]:
    """The judge by the name for `--judge`."""
    return {"shorter": Shorter}
