"""Pairs as files, in the formats of TRL's preference datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from judgekit.errors import InputError
from judgekit.io.files import write_files
from judgekit.io.jsonl import json_line
from judgekit.pairs.pair import PreferencePair

__all__ = ["Format", "write_pairs", "write_parts"]

Format = Literal["conversational", "standard"]


def write_pairs(
    pairs: Sequence[PreferencePair],
    path: Path,
    format: Format = "conversational",  # noqa: A002 (what users know it as)
    *,
    force: bool = False,
) -> None:
    """Writes pairs as JSON Lines in one of TRL's preference formats, the file whole or not at all.

    Beside prompt, chosen and rejected there are flat columns: margin, probability (where the judge
    gave one), judge, model, chosen_model, rejected_model, case, cluster, category, run, judgements.

    Args:
        pairs: The pairs to write.
        path: The file, ``NAME.jsonl``.
        format: In ``conversational``, prompt, chosen and rejected are lists of messages; in
            ``standard`` they are texts, for prompts of one user message.
        force: Replace a file that exists.

    Raises:
        InputError: The file exists or cannot be written, there are no pairs, or the standard
            format cannot hold a prompt.
    """
    write_parts({path: pairs}, format, force=force)


def write_parts(
    parts: Mapping[Path, Sequence[PreferencePair]], form: Format, *, force: bool = False
) -> None:
    """Several files as `write_pairs` writes one; none is replaced before all are written."""
    for path, pairs in parts.items():
        if path.suffix != ".jsonl":
            raise InputError(f"pairs are JSON Lines: name the file NAME.jsonl, not {str(path)!r}")
        if path.exists() and not force:
            raise InputError(f"{str(path)!r} exists; --force replaces it (force=True in Python)")
        if not pairs:
            raise InputError(f"no pairs to write to {str(path)!r}; nothing is written")
    write_files({path: _lines(pairs, form) for path, pairs in parts.items()})


def _lines(pairs: Sequence[PreferencePair], form: Format) -> Iterator[bytes]:
    # `datasets` takes the columns' types from the beginning of a file (10 MB), so rows with tool
    # calls, other fields or a probability come first: it would refuse them later.
    ordered = sorted(
        pairs,
        key=lambda p: (
            not any(m.tool_calls for m in p.prompt),
            not any(m.extra for m in p.prompt),
            p.probability is None,
        ),
    )
    with_probability = any(pair.probability is not None for pair in pairs)
    for pair in ordered:
        row = _conversational(pair) if form == "conversational" else _standard(pair)
        row |= {"margin": pair.margin}
        if with_probability:
            row |= {"probability": pair.probability}
        yield json_line(row | _columns(pair))


def _conversational(pair: PreferencePair) -> dict[str, Any]:
    return {
        "prompt": [m.for_template() for m in pair.prompt],
        "chosen": [{"role": "assistant", "content": pair.chosen}],
        "rejected": [{"role": "assistant", "content": pair.rejected}],
    }


def _standard(pair: PreferencePair) -> dict[str, Any]:
    if [m.role for m in pair.prompt] != ["user"] or pair.prompt[0].extra:
        raise InputError(
            f"the prompt of the case {pair.case!r} is not one user message, and the standard "
            f"format holds no other; use the conversational format"
        )
    return {"prompt": pair.prompt[0].content, "chosen": pair.chosen, "rejected": pair.rejected}


def _columns(pair: PreferencePair) -> dict[str, Any]:
    return {
        "judge": pair.judge,
        # Empty texts, not nulls: a column that begins with nulls would have no type.
        "model": pair.model or "",
        "chosen_model": pair.chosen_model,
        "rejected_model": pair.rejected_model,
        "case": pair.case,
        "cluster": pair.cluster,
        "category": pair.category or "",
        "run": pair.run,
        "judgements": pair.judgements,
    }
