"""Verdicts of two runs that come from the same replies, and are read otherwise in the later one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from judgekit.errors import InputError
from judgekit.runs.metadata import RunMetadata
from judgekit.runs.reader import StoredRun
from judgekit.types import Verdict

__all__ = ["Rereading", "older_reading", "rereadings"]


@dataclass(frozen=True, slots=True)
class Rereading:
    """One reply that two runs read otherwise.

    `before` and `after` are the readings: first, second, tie, a score, or a status without a
    verdict. `rule` is why a reading gives no verdict, in the parser's words; empty where both give
    one. `order` holds the responses' indices as shown.
    """

    case: str
    order: tuple[int, ...]
    repeat: int
    before: str
    after: str
    rule: str


def rereadings(before: str | Path, after: str | Path) -> tuple[Rereading, ...]:
    """The verdicts of the later run that the earlier one read otherwise in the same reply.

    A reply is the same where its trial made the same calls and one text holds the other: what
    counts as the model's thinking may be read otherwise, too.

    Args:
        before: The earlier run's folder.
        after: The later run's folder.

    Raises:
        InputError: A folder holds no run, or a damaged one.
    """
    earlier = {
        (result.case.id, j.trial.order, j.trial.repeat, j.calls): j.verdict
        for result in StoredRun.open(before).case_results()
        for j in result.judgements
        if j.calls
    }
    return tuple(_changed(earlier, StoredRun.open(after)))


def older_reading(run: StoredRun) -> Path | None:
    """The newest run beside one that judged the same, and whose replies older parsers read.

    Args:
        run: A run in a folder that judgekit named. Where `--out` named it, an older run in its
            place would have been refused.
    """
    ours = run.metadata
    stem, _, _ = run.folder.name.rpartition("-")
    older: list[tuple[str, Path]] = []
    for folder in sorted(run.folder.parent.glob(f"{stem}-*")):
        if folder == run.folder or not (folder / "run.json").is_file():
            continue
        try:
            theirs = StoredRun(folder).metadata
        except InputError:  # damaged: `runs list` names it
            continue
        if _judged(theirs) == _judged(ours) and theirs.parsers < ours.parsers:
            older.append((theirs.started, folder))
    return max(older)[1] if older else None


def _judged(run: RunMetadata) -> tuple[object, ...]:
    prompt = run.decides.get("prompt_digest")
    return run.kind, run.task, run.judge, run.model, run.models, run.inputs, prompt


Key = tuple[str, tuple[int, ...], int, tuple[str, ...]]


def _changed(earlier: dict[Key, Verdict], later: StoredRun) -> Iterator[Rereading]:
    for result in later.case_results():
        for j in result.judgements:
            old = earlier.get((result.case.id, j.trial.order, j.trial.repeat, j.calls))
            if old is None or not _same_reply(old, j.verdict):
                continue
            before, after = _reading(old), _reading(j.verdict)
            if before != after:
                rule = j.verdict.error or old.error
                yield Rereading(result.case.id, j.trial.order, j.trial.repeat, before, after, rule)


def _same_reply(one: Verdict, other: Verdict) -> bool:
    texts = one.reasoning, other.reasoning
    return texts[0] in texts[1] or texts[1] in texts[0]


def _reading(verdict: Verdict) -> str:
    if verdict.score is not None:
        return f"{verdict.score:g}"
    return verdict.status.value if verdict.choice is None else verdict.choice.value
