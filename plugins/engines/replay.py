"""The engine `replay/FILE`: recorded completions, found by the trial that asks.

A recording is JSONL (or .jsonl.gz) with one completion per line:

- ``pair_id`` or ``id``: the case.
- ``order``: the responses in the order shown, as letters: ``AB`` and ``BA`` for pairs, ``A`` and
  ``B`` if each answer was shown alone. Default: the case's first answer, alone.
- ``completion``: the text; null if it was not kept. ``feedbacks``: several texts, one per repeat.
- ``repeat``: counts from 0. Default: lines of one case, order and judge are repeats in file order.
- ``judge``: required in ``replay/FILE#JUDGE`` if several judged the same case in the same order.
- ``final``: false on a line that led to a verdict but contains none; it is ignored.
- ``finish_reason``: why the completion ended.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from judgekit.errors import CallFailure, InputError
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Reply, Trial

from .http_json import loads, valid_unicode
from .http_reply import finish, split_thinking

__all__ = ["Replay", "engine"]

WITHHELD = ("content_filter", "refusal")  # ends without a text that are a reply all the same
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded completion, its repeat if known, and its line."""

    line: int
    case: str
    order: str
    judge: str
    repeat: int | None
    completion: str | None
    finish_reason: object


Recordings = Mapping[tuple[str, str], Mapping[int, Recorded]]


def engine(setup: EngineSetup) -> Replay:
    """Reads the recording that `setup.model` names, ``FILE`` or ``FILE#JUDGE``.

    Args:
        setup: The user's settings.

    Raises:
        InputError: The file is missing or unreadable (the message names the line), or it has
            several judges and none is named.
    """
    path, judge = _split_judge(setup.model)
    rows, content = _read(path)
    judges = list(dict.fromkeys(row.judge for row in rows))
    if judge is not None and judge not in judges:
        raise InputError(f"{path} holds no judge {judge!r}; it holds: {_list_names(judges)}")
    chosen = [row for row in rows if judge in (None, row.judge)]
    fingerprint = f"replay {content}" + (f" {judge}" if judge is not None else "")
    return Replay(path, fingerprint, _by_trial(path, chosen))


class Replay:
    """Answers each trial with the completion recorded for its case, order and repeat."""

    window = 1
    stored = False
    settled: ClassVar[Mapping[str, str]] = {}  # no parameter is ever refused

    def __init__(self, path: Path, fingerprint: str, recordings: Recordings) -> None:
        self.fingerprint = fingerprint
        self._path = path
        self._recordings = recordings

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
        """The recorded replies; a failure that names case and order if there is none."""
        return [self._answer(call.trial) for call in calls]

    async def aclose(self) -> None:
        """Does nothing: no resource is open."""

    def _answer(self, trial: Trial | None) -> Reply | CallFailure:
        if trial is None:
            return CallFailure("no recording", "a recording answers only calls made for a trial")
        order = "".join(LETTERS[index] for index in trial.order)
        repeats = self._recordings.get((trial.case.id, order), {})
        recorded = repeats.get(trial.repeat)
        if recorded is None:
            which = f"repeat {trial.repeat} of " if repeats else ""
            return CallFailure(
                "no recording",
                f"{self._path} holds no {which}case {trial.case.id!r} in order {order!r}",
            )
        try:
            ended = finish(recorded.finish_reason)
        except CallFailure as failed:  # recorded as it is: asking again changes nothing
            return CallFailure(failed.name, f"{self._path}:{recorded.line}: {failed}")
        if recorded.completion is None and ended not in WITHHELD:
            return CallFailure(
                "empty recording", f"{self._path}:{recorded.line}: the completion was not kept"
            )
        thinking, text = split_thinking(recorded.completion or "")
        return Reply(valid_unicode(text), ended, valid_unicode(thinking))


def _split_judge(model: str) -> tuple[Path, str | None]:
    """File and judge of ``FILE#JUDGE``; a file whose own name has a # takes precedence."""
    whole_name = Path(model).expanduser()
    if "#" not in model or whole_name.is_file():
        return whole_name, None
    name, _, judge = model.rpartition("#")
    return Path(name).expanduser(), judge


def _by_trial(path: Path, rows: Sequence[Recorded]) -> Recordings:
    """Rows by case and order, then by repeat."""
    out: dict[tuple[str, str], dict[int, Recorded]] = {}
    for row in rows:
        repeats = out.setdefault((row.case, row.order), {})
        first = next(iter(repeats.values()), row)
        where = f"{path}:{row.line}: case {row.case!r} in order {row.order!r}"
        if first.judge != row.judge:
            judges = list(dict.fromkeys(row.judge for row in rows))
            raise InputError(
                f"{where} was judged by {first.judge!r} too; name one judge: "
                f"replay/{path}#{row.judge} (it holds: {_list_names(judges)})"
            )
        repeat = len(repeats) if row.repeat is None else row.repeat
        if repeat in repeats:
            raise InputError(
                f"{where} has repeat {repeat} on line {repeats[repeat].line} already; "
                "give each line its own repeat, or none a repeat"
            )
        repeats[repeat] = row
    return out


def _list_names(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _read(path: Path) -> tuple[list[Recorded], str]:
    """The file's rows, and the digest of its content (uncompressed)."""
    content = hashlib.blake2b(digest_size=16)
    rows: list[Recorded] = []
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                content.update(line)
                rows += _completions_of_line(f"{path}:{number}", number, line)
    except FileNotFoundError as error:
        raise InputError(f"no recording at {str(path)!r}; check the path after replay/") from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read after line {number}: {error}") from error
    if not rows:
        raise InputError(f"{path} holds no completion; give a recording of a judge's replies")
    return rows, content.hexdigest()


def _completions_of_line(where: str, number: int, line: bytes) -> Iterator[Recorded]:
    """The completions of one line: none, one, or one per repeat."""
    if not line.strip():
        return
    try:
        row = loads(line.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise InputError(
            f"{where}: not JSON ({error}); a recording has one object a line"
        ) from error
    if not isinstance(row, dict):
        raise InputError(f"{where}: not an object but {row!r:.40}; a recording has one a line")
    if row.get("final") is False:
        return
    case = row.get("pair_id", row.get("id"))
    if not isinstance(case, str | int):
        raise InputError(f"{where}: no 'pair_id' or 'id' that names the case")
    repeat = row.get("repeat")
    if repeat is not None and (not isinstance(repeat, int) or repeat < 0):
        raise InputError(f"{where}: repeat {repeat!r}; write a number from 0, or leave it out")
    for shift, completion in enumerate(_completions(where, row)):
        yield Recorded(
            number,
            str(case),
            _order(where, row),
            str(row.get("judge") or ""),
            None if repeat is None else repeat + shift,
            completion,
            row.get("finish_reason"),
        )


def _order(where: str, row: Mapping[str, Any]) -> str:
    order = row.get("order") or "A"
    if isinstance(order, str):
        alone = len(order) == 1 and order in LETTERS
        if alone or sorted(order) == list(LETTERS[: len(order)]):
            return order
    raise InputError(f"{where}: order {order!r}; write AB or BA for pairs, A or B for one answer")


def _completions(where: str, row: Mapping[str, Any]) -> list[str | None]:
    texts = [row["completion"]] if "completion" in row else row.get("feedbacks")
    if not isinstance(texts, list):
        raise InputError(f"{where}: no 'completion'; write null where none was kept")
    for text in texts:
        if text is not None and not isinstance(text, str):
            raise InputError(f"{where}: completion {text!r:.40} is not a text")
    return texts
