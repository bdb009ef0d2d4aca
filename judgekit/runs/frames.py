"""A run's judgements and outcomes as pandas frames, with the models' names and with texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from judgekit.runs.reader import CaseResult, StoredRun
from judgekit.runs.schema import judgement_row, message_row, outcome_row
from judgekit.stats.plain import encode
from judgekit.types import Case, Choice, Judgement, Outcome, Ranking, Response

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["criteria_frame", "judgements_frame", "outcomes_frame"]

TIE = "tie"
CRITERION = ("status", "value", "weight", "reason", "error", "place")
"""What a row of `criteria_frame` holds of a verdict on a criterion."""


def judgements_frame(run: StoredRun, *, texts: bool = False) -> pd.DataFrame:
    """One row per trial.

    Args:
        run: The run.
        texts: Whether prompts and answers stand beside the verdicts.

    Returns:
        The columns of ``judgements.jsonl``, the names of the models that were shown, and in
        ``chosen_model`` the name of the one that was chosen, or ``"tie"``.
    """
    import pandas as pd

    return pd.DataFrame(
        encode(judgement_row(stored.id, stored.judgement, stored.judge))
        | shown_columns(stored.judgement, texts=texts)
        for result in run.case_results()
        for stored in result.stored
    )


def outcomes_frame(run: StoredRun, *, texts: bool = False) -> pd.DataFrame:
    """One row per case.

    Args:
        run: The run.
        texts: Whether prompts and answers stand beside the outcomes.

    Returns:
        The columns of ``outcomes.jsonl``, the models' names, and of a comparison in
        ``winner_model`` the name of the one that won, or ``"tie"``.
    """
    import pandas as pd

    return pd.DataFrame(
        encode(outcome_row(result.outcome, result.judgement_ids, result.votes))
        | outcome_columns(result, texts=texts)
        for result in run.case_results()
    )


def criteria_frame(run: StoredRun) -> pd.DataFrame:
    """One row per criterion of each trial; empty where no rubric judged.

    Args:
        run: The run.

    Returns:
        The columns ``case``, ``model``, ``repeat`` and ``judge`` (of several), ``criterion`` and
        what the judge said of it: ``status``, ``value``, ``weight``, ``reason``, ``error`` and
        ``place`` among the criteria that were shown.
    """
    import pandas as pd

    return pd.DataFrame(
        (
            {
                "case": result.case.id,
                "model": trial.shown[0].model,
                "repeat": trial.repeat,
                "judge": stored.judge,
                "criterion": criterion.name,
                **encode({name: getattr(criterion, name) for name in CRITERION}),
            }
            for result in run.case_results()
            for stored in result.stored
            for trial in [stored.judgement.trial]
            for criterion in stored.judgement.verdict.criteria
        ),
        columns=["case", "model", "repeat", "judge", "criterion", *CRITERION],
    )


def shown_columns(judgement: Judgement, *, texts: bool) -> dict[str, Any]:
    """What a trial showed."""
    shown = judgement.trial.shown
    sides = ("first_", "second_") if len(shown) == 2 else ("",)
    columns: dict[str, Any] = dict(named_columns(sides, shown, texts=texts))
    if len(shown) == 2:
        chosen = {Choice.FIRST: 0, Choice.SECOND: 1}
        choice = judgement.verdict.choice
        place = None if choice is None else chosen.get(choice)
        columns["chosen_model"] = shown[place].model if place is not None else choice and TIE
    return columns | (case_texts(judgement.trial.case) if texts else {})


def outcome_columns(result: CaseResult, *, texts: bool) -> dict[str, Any]:
    """The models and texts of a case, and its winner's name."""
    case, outcome = result.case, result.outcome
    if isinstance(outcome, Ranking):
        answers = {"answers": [response.text for response in case.responses]}
        return answers | case_texts(case) if texts else {}
    sides = ("a", "b") if len(case.responses) == 2 else ("",)
    columns: dict[str, Any] = {
        name.rstrip("_"): value
        for side, response in zip(sides, case.responses, strict=True)
        for name, value in (("model_" + side, response.model), ("answer_" + side, response.text))
        if texts or name.startswith("model")
    }
    if len(case.responses) == 2:
        columns["winner_model"] = winner(case, outcome)
    return columns | (case_texts(case) if texts else {})


def named_columns(
    sides: tuple[str, ...], shown: tuple[Response, ...], *, texts: bool
) -> Iterator[tuple[str, str]]:
    """The models that were shown, and their answers."""
    for side, response in zip(sides, shown, strict=True):
        yield f"{side}model", response.model
        if texts:
            yield f"{side}answer", response.text


def winner(case: Case, outcome: Outcome) -> str | None:
    """The name of the model that won, or that of a tie."""
    if isinstance(outcome.winner, int):
        return case.responses[outcome.winner].model
    return outcome.winner


def case_texts(case: Case) -> dict[str, Any]:
    """The prompt, as a text if it is one message of the user, the reference if there is one, and
    the further columns that the judge needed, each under ``column_`` and its name."""
    alone = len(case.prompt) == 1 and case.prompt[0].role == "user"
    prompt = case.prompt[0].content if alone else [message_row(one) for one in case.prompt]
    reference = {} if case.reference is None else {"reference": case.reference}
    columns = {
        f"column_{name}": value if isinstance(value, str) else list(value)
        for name, value in case.columns
    }
    return {"prompt": prompt} | reference | columns
