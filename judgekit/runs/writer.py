"""A run's folder: its name, who may write it, and writing it whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import orjson

from judgekit.errors import InputError
from judgekit.io.files import keep_inputs, partial_beside, safe_name, write_file
from judgekit.redaction import redact_bytes
from judgekit.runs.contents import WrittenRows, content_of
from judgekit.runs.metadata import RunMetadata
from judgekit.runs.reader import CaseResult, StoredJudgement, read_json
from judgekit.runs.schema import case_row, judgement_row, outcome_row
from judgekit.stats.summaries.document import AnySummary, document
from judgekit.types import Case, Judgement, Outcome, Ranking, digest

__all__ = ["RunWriter", "check_folder", "folder_name", "write_latest"]

FILES = ("cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "summary.json", "run.json")
MARK = ".judgekit-replacing"  # says that the files beside it, which lack a run.json, are ours
LINE = orjson.OPT_APPEND_NEWLINE
PRETTY = orjson.OPT_INDENT_2 | LINE


def folder_name(models: Sequence[str], judge: str, identity: str) -> str:
    """``A-vs-B-JUDGE-DIGEST``, safe as a file name whatever the models are called."""
    return "-".join(map(safe_name, ["-vs-".join(models), judge, identity[:8]]))


def check_folder(folder: Path, identity: str, rules: int, inputs: Sequence[Path] = ()) -> None:
    """Refuses a folder that holds another run, or something else altogether.

    Args:
        folder: Where a run is to go.
        identity: The run's identity.
        rules: By which rules its identity is made (`judgekit.jobs.identity.RULES`).
        inputs: The files that the run reads, which it must not replace.

    Raises:
        InputError: The folder holds another command's run, one of an older version, or no run, or
            the run would replace one of its inputs.
    """
    with writing(folder):
        if not folder.exists():
            return
        if not folder.is_dir():
            raise InputError(f"{str(folder)!r} is not a folder; choose another with --out")
        names = {entry.name for entry in folder.iterdir()}
    for name in FILES:
        keep_inputs(folder / name, inputs)
    if not names or (MARK in names and "run.json" not in names and names <= {MARK, *FILES}):
        return  # empty, or what was moved in before something broke
    if not (folder / "run.json").is_file():
        raise InputError(f"{str(folder)!r} holds something that is no run; choose another --out")
    run = read_json(folder / "run.json")
    held = run.get("identity")
    if held == identity:
        return
    if run.get("decides", {}).get("rules", 0) < rules:
        raise InputError(
            f"{str(folder)!r} holds a run of an older version of judgekit, which does not replace "
            f"it; choose another --out, or remove it: every stored reply is used again"
        )
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


def as_json(plain: object, option: int) -> bytes:
    """JSON without the secrets that this process holds."""
    return redact_bytes(orjson.dumps(plain, option=option))


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
            self._partial = partial_beside(folder)
            self._partial.mkdir()
            self._files = {
                name: WrittenRows(self._partial / f"{name}.jsonl")
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
        """Writes one case.

        Args:
            case: The next of the plan.
            judgements: All of the case, in the order of the plan.
            outcome: What they were folded to.
        """
        stored = (StoredJudgement(self._judgement_id(j), "", j) for j in judgements)
        self.add_result(CaseResult(case, outcome, tuple(stored), {}))

    def add_result(self, result: CaseResult) -> None:
        """Writes one case whose judgements have their ids already: those of another run."""
        outcome = outcome_row(result.outcome, result.judgement_ids, result.votes)
        with writing(self.folder):
            self._files["cases"].write(as_json(case_row(result.case), LINE))
            for stored in result.stored:
                row = judgement_row(stored.id, stored.judgement, stored.judge)
                self._files["judgements"].write(as_json(row, LINE))
            self._files["outcomes"].write(as_json(outcome, LINE))

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """A folder of the writer's own for runs that this one is made of; no part of the run."""
        with TemporaryDirectory(dir=self._partial) as folder:
            yield Path(folder)

    def _judgement_id(self, judgement: Judgement) -> str:
        t = judgement.trial
        return digest(self.identity, t.case.id, repr(t.order), str(t.repeat), size=8)

    def finish(self, summary: AnySummary, metadata: RunMetadata) -> Path:
        """Moves everything into place: a new folder as a whole, file by file into one there is.

        Args:
            summary: What the run says; its sentence is composed here.
            metadata: How the run was made; the writer's identity goes into it.

        Returns:
            The run's folder.

        The old `run.json` goes first and the new one comes last: whatever happens in between, a
        folder that has one is a whole run, and one that has none but the mark is taken over.
        """
        contents = {f"{name}.jsonl": file.content for name, file in self._files.items()}
        with writing(self.folder):
            for file in self._files.values():
                file.close()
            summary_file = self._partial / "summary.json"
            summary_file.write_bytes(as_json(document(summary), PRETTY))
            contents[summary_file.name] = content_of(summary_file)
            run = replace(metadata, identity=self.identity, contents=contents).to_dict()
            (self._partial / "run.json").write_bytes(as_json(run, PRETTY))
            if self.folder.exists():
                (self.folder / MARK).touch()
                (self.folder / "run.json").unlink(missing_ok=True)
                for name in FILES:
                    (self._partial / name).replace(self.folder / name)
                (self.folder / MARK).unlink()
            else:
                self._partial.rename(self.folder)
        return self.folder


def write_latest(folder: Path) -> None:
    """Points ``latest`` beside the folder to it: a link, or a file that names it."""
    latest = folder.parent / "latest"
    if latest.is_dir() and not latest.is_symlink():
        return  # somebody's own folder of that name
    with writing(latest):
        fresh = partial_beside(latest)
        try:
            fresh.symlink_to(folder.name, target_is_directory=True)
        except OSError:  # a file system without links
            write_file(latest, folder.name.encode())
        else:
            fresh.replace(latest)
