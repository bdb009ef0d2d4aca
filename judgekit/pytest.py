"""A pytest plugin: judge answers in a test, and let the test fail by a gate.

    # conftest.py
    pytest_plugins = ["judgekit.pytest"]

    # test_release.py
    def test_the_new_model_is_no_worse(judge_gate):
        run = judge_gate.compare("new.jsonl", "reference.jsonl", judge="overlap")
        judge_gate.check(run, against="runs/released", margin=0.02)

Nothing is loaded unasked: the plugin is named in ``conftest.py``, or by ``pytest -p
judgekit.pytest``.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from judgekit.errors import InputError

if TYPE_CHECKING:
    from judgekit.api import AnyRun, Run
    from judgekit.io import Rows
    from judgekit.stats import RankingSummary, ScoreSummary, Summary
    from judgekit.trust import Check

__all__ = ["InconclusiveWarning", "JudgeGate", "judge_gate"]


class InconclusiveWarning(UserWarning):
    """A run is neither shown to be as good as its baseline nor to be worse."""


@pytest.fixture
def judge_gate(request: pytest.FixtureRequest, tmp_path: Path) -> JudgeGate:
    """Judges answers in a test, and lets the test fail where a gate does.

    Runs are written to the test's temporary folder. Replies are kept in the reply store of the
    tests' root folder, so that a second session asks and pays nothing again.

    Args:
        request: pytest's.
        tmp_path: pytest's.

    Returns:
        What judges and checks.
    """
    return JudgeGate(tmp_path, request.config.rootpath / ".judgekit" / "replies.db")


@dataclass
class JudgeGate:
    """What the fixture `judge_gate` gives.

    Attributes:
        folder: Where the runs are written, unless ``out`` says otherwise.
        store: The reply store, unless ``store`` says otherwise.
    """

    folder: Path
    store: Path
    runs: int = 0

    def compare(self, a: Rows, b: Rows | None = None, **settings: Any) -> Run[Summary]:
        """Runs `judgekit.compare` with this fixture's places.

        Args:
            a: The first model's answers, or pairs.
            b: The second model's answers.
            settings: As those of `judgekit.compare`.

        Returns:
            The finished run.

        Raises:
            InputError: A file, a row or a setting is wrong.
            JudgekitError: Its other leaves, where an engine or a plugin fails.
        """
        import judgekit

        return judgekit.compare(a, b, **self._places(settings))

    def score(self, a: Rows, **settings: Any) -> Run[ScoreSummary]:
        """Runs `judgekit.score` with this fixture's places.

        Args:
            a: The model's answers.
            settings: As those of `judgekit.score`.

        Returns:
            The finished run.

        Raises:
            InputError: A file, a row or a setting is wrong.
            JudgekitError: Its other leaves, where an engine or a plugin fails.
        """
        import judgekit

        return judgekit.score(a, **self._places(settings))

    def rank(self, file: Rows, *files: Rows, **settings: Any) -> Run[RankingSummary]:
        """Runs `judgekit.rank` with this fixture's places.

        Args:
            file: One model's answers, or several answers to each prompt.
            files: Other models' answers.
            settings: As those of `judgekit.rank`.

        Returns:
            The finished run.

        Raises:
            InputError: A file, a row or a setting is wrong.
            JudgekitError: Its other leaves, where an engine or a plugin fails.
        """
        import judgekit

        return judgekit.rank(file, *files, **self._places(settings))

    def check(
        self,
        run: AnyRun | str | Path,
        *,
        fail_if: str | Sequence[str] = (),
        against: str | Path | None = None,
        margin: float | None = None,
        metric: str | None = None,
        inconclusive: Literal["pass", "fail"] = "pass",
    ) -> None:
        """Lets the test fail where `judgekit gate` would exit with 1, or with 3.

        Args:
            run: A finished run, or its folder.
            fail_if: Conditions on its summary, such as ``win_rate_a.high < 0.5``.
            against: An earlier run by the same judge, the baseline.
            margin: How far the metric may fall below the baseline's, in its own units.
            metric: The metric that is compared with the baseline's.
            inconclusive: What an interval that holds the margin counts as; a pass is warned of
                (`InconclusiveWarning`).

        Raises:
            InputError: There is nothing to check, or it cannot be checked.
        """
        from judgekit.api import load_run
        from judgekit.runs.failures import why_no_verdict
        from judgekit.trust import check_conditions, compare_with_baseline

        if (against is None) != (margin is None) or not (fail_if or against):
            raise InputError("a check needs fail_if, or against and margin together")
        finished = load_run(run) if isinstance(run, str | Path) else run
        if error := why_no_verdict(finished.stored):
            pytest.fail(error, pytrace=False)
        conditions = [fail_if] if isinstance(fail_if, str) else fail_if
        results: list[Check] = [*check_conditions(conditions, finished.summary.to_dict())]
        if against is not None and margin is not None:
            comparison = compare_with_baseline(
                finished.folder, against, margin=margin, metric=metric, inconclusive=inconclusive
            )
            results.append(comparison)
        for result in results:
            if result.state == "skipped":
                warnings.warn(result.message, InconclusiveWarning, stacklevel=2)
        if any(result.state == "failed" for result in results):
            lines = [result.message for result in results]
            pytest.fail("\n".join([f"the gate of {finished.folder}", *lines]), pytrace=False)

    def _places(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The settings with this fixture's places, where they name none."""
        self.runs += 1
        return {"out": self.folder / f"run-{self.runs}", "store": self.store, **settings}
