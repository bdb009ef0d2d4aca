"""The run's folder: what is written, and how it is read back.

``cases.jsonl`` (what was judged), ``judgements.jsonl``, ``outcomes.jsonl``, ``summary.json`` and
``run.json`` (every setting, version, digest and count). All but ``run.json`` are a pure function of
the inputs and the reply store. They are written beside the folder and moved in at the end, so a
folder never holds half a run. What is the same for every judgement (judge, engine, prompt and
their digests) stands once, in ``run.json`` under ``decides``; the rows belong to it.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self

import orjson

from judgekit.errors import InputError
from judgekit.types import (
    Case,
    Judgement,
    Message,
    Outcome,
    Position,
    Ranking,
    Response,
    digest,
)

__all__ = [
    "RunWriter",
    "check_folder",
    "folder_name",
    "holds_rankings",
    "read_cases",
    "read_json",
    "read_outcomes",
    "read_rankings",
    "read_rows",
    "resolve",
    "safe_name",
    "write_latest",
]

SCHEMA = 1
FILES = ("cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "summary.json", "run.json")
LINE = orjson.OPT_APPEND_NEWLINE
PRETTY = orjson.OPT_INDENT_2 | LINE


def folder_name(models: Sequence[str], judge: str, identity: str) -> str:
    """``A-vs-B-JUDGE-DIGEST``, safe as a file name whatever the models are called."""
    return "-".join(map(safe_name, ["-vs-".join(models), judge, identity[:8]]))


def safe_name(text: str) -> str:
    """A text as part of a file's name: at most 80 bytes (file systems count those)."""
    safe = re.sub(r"[^\w.+=-]+", "_", text).encode("utf-8")[:80].decode("utf-8", "ignore")
    return safe.strip("._") or "_"


def check_folder(folder: Path, identity: str) -> None:
    """Refuses a folder that holds another command's run, or something else altogether."""
    with writing(folder):
        if not folder.exists():
            return
        if not folder.is_dir():
            raise InputError(f"{str(folder)!r} is not a folder; choose another with --out")
        names = {entry.name for entry in folder.iterdir()}
    if names <= set(FILES[:-1]):
        return  # empty, or what was moved in before something broke
    if not (folder / "run.json").is_file():
        raise InputError(f"{str(folder)!r} holds something that is no run; choose another --out")
    held = read_json(folder / "run.json").get("identity")
    if held != identity:
        raise InputError(
            f"{str(folder)!r} holds the run of another command (identity {held!r}); "
            f"choose another --out, or remove it"
        )


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns what a file system refuses into one line."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write the run {str(folder)!r}: {error.strerror or error}; choose another "
            f"folder with --out"
        ) from error


class RunWriter:
    """Writes a run beside its folder, and moves it in when it is whole.

    Raises `InputError` where that cannot be written, at once where possible.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = folder
        self.identity = identity
        with writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            # Who writes stands in the name, so that what a killed process left can be told.
            beside = f".judgekit-{digest(folder.name, platform.node(), size=6)}"
            sweep(folder.parent, beside)
            self._partial = folder.parent / f"{beside}-{os.getpid()}-{os.urandom(4).hex()}.partial"
            self._partial.mkdir()
            self._files: dict[str, BinaryIO] = {
                name: (self._partial / f"{name}.jsonl").open("wb", buffering=1 << 20)
                for name in ("cases", "judgements", "outcomes")
            }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with writing(self.folder):  # closing writes what is left, and a disk may be full
                for file in self._files.values():
                    file.close()
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)

    def add(self, case: Case, judgements: Sequence[Judgement], outcome: Outcome | Ranking) -> None:
        """One case, in the order of the plan."""
        ids = [self._judgement_id(j) for j in judgements]
        with writing(self.folder):
            self._files["cases"].write(orjson.dumps(case_row(case), option=LINE))
            for judgement_id, judgement in zip(ids, judgements, strict=True):
                row = judgement_row(judgement_id, judgement)
                self._files["judgements"].write(orjson.dumps(row, option=LINE))
            self._files["outcomes"].write(orjson.dumps(outcome_row(outcome, ids), option=LINE))

    def _judgement_id(self, judgement: Judgement) -> str:
        t = judgement.trial
        return digest(self.identity, t.case.id, repr(t.order), str(t.repeat), size=8)

    def finish(self, summary: Mapping[str, Any], run: Mapping[str, Any]) -> Path:
        """Moves everything into place: a new folder as a whole, file by file into one there is.

        The old `run.json` goes first and the new one comes last: whatever happens in between, a
        folder that has one is a whole run, and one that has none is taken over.
        """
        whole = {"schema": SCHEMA, "identity": self.identity, **run}
        with writing(self.folder):
            for file in self._files.values():
                file.close()
            (self._partial / "summary.json").write_bytes(orjson.dumps(summary, option=PRETTY))
            (self._partial / "run.json").write_bytes(orjson.dumps(whole, option=PRETTY))
            if self.folder.exists():
                (self.folder / "run.json").unlink(missing_ok=True)
                for name in FILES:
                    (self._partial / name).replace(self.folder / name)
            else:
                self._partial.rename(self.folder)
        return self.folder


def sweep(parent: Path, beside: str) -> None:
    """Removes what killed processes of this machine left of the same folder."""
    for leftover in parent.glob(f"{beside}-*.partial"):
        writer = leftover.name.removeprefix(f"{beside}-").partition("-")[0]
        if writer.isdecimal() and not running(int(writer)):
            shutil.rmtree(leftover, ignore_errors=True)


def running(process: int) -> bool:
    """Whether a process of this number runs; taken for granted where asking could end it."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def case_row(case: Case) -> dict[str, Any]:
    row: dict[str, Any] = {
        "schema": SCHEMA,
        "id": case.id,
        "cluster": case.cluster,
        "prompt": [message_row(m) for m in case.prompt],
        "responses": [
            {"model": r.model, "text": r.text} | ({"earlier": r.earlier} if r.earlier else {})
            for r in case.responses
        ],
    }
    if case.reference is not None:
        row["reference"] = case.reference
    if case.earlier_references:
        row["earlier_references"] = case.earlier_references
    if case.category is not None:
        row["category"] = case.category
    return row


def message_row(message: Message) -> dict[str, str]:
    row = {"role": message.role, "content": message.content}
    return row | {"tool_calls": message.tool_calls} if message.tool_calls else row


def judgement_row(judgement_id: str, judgement: Judgement) -> dict[str, Any]:
    trial, verdict = judgement.trial, judgement.verdict
    return {
        "schema": SCHEMA,
        "id": judgement_id,
        "case": trial.case.id,
        "order": trial.order,
        "names": trial.names,
        "repeat": trial.repeat,
        "status": verdict.status,
        "choice": verdict.choice,
        "score": verdict.score,
        "probability": verdict.probability,
        "reasoning": verdict.reasoning,
        "error": verdict.error,
        "calls": judgement.calls,
        "tokens_in": judgement.tokens_in,
        "tokens_out": judgement.tokens_out,
    }


def outcome_row(outcome: Outcome | Ranking, judgements: Sequence[str]) -> dict[str, Any]:
    if isinstance(outcome, Ranking):
        return ranking_row(outcome, judgements)
    return {
        "schema": SCHEMA,
        "case": outcome.case,
        "cluster": outcome.cluster,
        "category": outcome.category,
        "winner": outcome.winner,
        "decided": outcome.decided,
        "identical": outcome.identical,
        "position": outcome.position,
        "mean": outcome.mean,
        "margin": outcome.margin,
        "scores": outcome.scores,
        "statuses": outcome.statuses,
        "first": outcome.first,
        "second": outcome.second,
        "judgements": judgements,
    }


def ranking_row(ranking: Ranking, judgements: Sequence[str]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": "ranking",
        "case": ranking.case,
        "cluster": ranking.cluster,
        "category": ranking.category,
        "models": ranking.models,
        "ranks": ranking.ranks,
        "scores": ranking.scores,
        "scale": ranking.scale,
        "complete": ranking.complete,
        "beats": ranking.beats,
        "originals": ranking.originals,
        "comparisons": [comparison_row(*item) for item in ranking.comparisons.items()],
        "statuses": ranking.statuses,
        "judgements": judgements,
    }


def comparison_row(of: tuple[int, int], outcome: Outcome) -> dict[str, Any]:
    """Two responses of a ranking; the winner is named as the case names it."""
    return {
        "of": of,
        "winner": of[outcome.winner] if isinstance(outcome.winner, int) else outcome.winner,
        "decided": outcome.decided,
        "identical": outcome.identical,
        "position": outcome.position,
        "mean": outcome.mean,
        "margin": outcome.margin,
        "statuses": outcome.statuses,
        "first": outcome.first,
        "second": outcome.second,
    }


def write_latest(folder: Path) -> None:
    """Points ``latest`` beside the folder to it: a link, or a file that names it."""
    latest = folder.parent / "latest"
    if latest.is_dir() and not latest.is_symlink():
        return  # somebody's own folder of that name
    fresh = folder.parent / f".latest-{os.getpid()}"
    with writing(latest):
        fresh.unlink(missing_ok=True)
        try:
            fresh.symlink_to(folder.name, target_is_directory=True)
        except OSError:  # a file system without links
            fresh.write_text(folder.name, encoding="utf-8")
        fresh.replace(latest)


def resolve(path: Path) -> Path:
    """The run's folder that a path means: itself, or what a ``latest`` file names."""
    if path.is_file() and path.name == "latest":
        path = path.parent / path.read_text(encoding="utf-8").strip()
    if not (path / "run.json").is_file():
        raise InputError(
            f"no run in {str(path)!r}: it has no run.json; `judgekit compare` prints the folder "
            f"of each run"
        )
    return path


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a run's folder."""
    try:
        data = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(f"cannot read {str(path)!r}: {error}") from error
    if not isinstance(data, dict):
        raise InputError(f"{str(path)!r} holds no JSON object")
    return data


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of one of the folder's JSONL files."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                row = orjson.loads(line)
                if row.get("schema") != SCHEMA:
                    raise InputError(
                        f"{path}, line {number}: schema {row.get('schema')!r}, this judgekit "
                        f"reads {SCHEMA}; judge again (replies come from the store)"
                    )
                yield row
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(f"cannot read {str(path)!r}: {error}; judge again") from error


def read_cases(folder: Path) -> Iterator[Case]:
    """The cases of a run, in order."""
    for row in read_rows(folder / "cases.jsonl"):
        yield Case(
            id=row["id"],
            prompt=tuple(
                Message(m["role"], m["content"], m.get("tool_calls", "")) for m in row["prompt"]
            ),
            responses=tuple(
                Response(r["text"], r["model"], tuple(r.get("earlier", ())))
                for r in row["responses"]
            ),
            reference=row.get("reference"),
            category=row.get("category"),
            cluster=row["cluster"],
            earlier_references=tuple(row.get("earlier_references", ())),
        )


def read_outcomes(folder: Path) -> Iterator[tuple[Outcome, tuple[str, ...]]]:
    """The outcomes of a run, in order, each with its judgements' ids."""
    for row in read_rows(folder / "outcomes.jsonl"):
        winner: int | Literal["tie"] | None = row["winner"]
        yield (
            Outcome(
                case=row["case"],
                cluster=row["cluster"],
                winner=winner,
                decided=row["decided"],
                position=None if row["position"] is None else Position(row["position"]),
                mean=row["mean"],
                margin=row["margin"],
                scores=tuple(row["scores"]),
                statuses=row["statuses"],
                first=row["first"],
                second=row["second"],
                identical=row["identical"],
                category=row["category"],
            ),
            tuple(row["judgements"]),
        )


def holds_rankings(folder: Path) -> bool:
    """Whether the run ranked its cases: `read_rankings` reads it, not `read_outcomes`."""
    decides: Mapping[str, Any] = read_json(folder / "run.json").get("decides", {})
    return bool(decides.get("task") == "rank")


def read_rankings(folder: Path) -> Iterator[tuple[Ranking, tuple[str, ...]]]:
    """The rankings of a run, in order, each with its judgements' ids."""
    for row in read_rows(folder / "outcomes.jsonl"):
        yield (
            Ranking(
                case=row["case"],
                cluster=row["cluster"],
                models=tuple(row["models"]),
                ranks=tuple(row["ranks"]),
                scores=tuple(row["scores"]),
                scale=row["scale"],
                complete=row["complete"],
                beats=tuple(map(tuple, row["beats"])),
                comparisons={
                    (c["of"][0], c["of"][1]): compared(row, c) for c in row["comparisons"]
                },
                originals=tuple(row["originals"]),
                statuses=row["statuses"],
                category=row["category"],
            ),
            tuple(row["judgements"]),
        )


def compared(row: Mapping[str, Any], comparison: Mapping[str, Any]) -> Outcome:
    """The outcome of two responses, from a ranking's row and its own."""
    of, winner = comparison["of"], comparison["winner"]
    scored = row["scale"] == "points" and not comparison["identical"]
    return Outcome(
        case=row["case"],
        cluster=row["cluster"],
        winner=of.index(winner) if isinstance(winner, int) else winner,
        decided=comparison["decided"],
        position=None if comparison["position"] is None else Position(comparison["position"]),
        mean=comparison["mean"],
        margin=comparison["margin"],
        scores=tuple(row["scores"][i] for i in of) if scored else (),
        statuses=comparison["statuses"],
        first=comparison["first"],
        second=comparison["second"],
        identical=comparison["identical"],
        category=row["category"],
    )
