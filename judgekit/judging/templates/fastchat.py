"""Prompts from FastChat's ``judge_prompts.jsonl`` (MT-Bench; Zheng et al. 2023, arXiv:2306.05685).

They are shown verbatim, without fences: the original protocol from the original file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.judging.templates.builtin import default_reminder
from judgekit.judging.templates.file import read_text
from judgekit.judging.templates.head import Head
from judgekit.judging.templates.template import Rendered, Template
from judgekit.naming import closest
from judgekit.types import Case, Message, Trial, digest

__all__ = ["read_fastchat"]

_TWO_TURNS = "-multi-turn"  # FastChat's name for a prompt's twin that shows two turns
_HEADS = {
    ("pairwise", "[[A]]"): Head("pair", "label"),
    ("pairwise", "[[rating_a,rating_b]]"): Head("pair", "scores", scale=(1, 10), tie=None),
    ("single", "[[rating]]"): Head("single", "rating", scale=(1, 10), tie=None),
}
_TEXTS = ("name", "type", "system_prompt", "prompt_template", "output_format")
_PART = re.compile(r"\{\{|\}\}|\{(\w*)\}")  # what str.format replaces, by which FastChat fills in
_TURN = re.compile(r"_([1-9])$")


def read_fastchat(path: Path, row: str, name: str) -> Template:
    """Reads a prompt from a file of FastChat's.

    Cases of two turns are shown by the row whose name has ``-multi-turn`` appended, if there is
    one.

    Args:
        path: The file.
        row: The name of the prompt in the file.
        name: The prompt's name in messages and records.

    Raises:
        InputError: There is no such prompt, or it cannot be used; names file and line.
    """
    rows = _read_rows(path)
    if row not in rows:
        near = closest(row, rows)
        hint = f"did you mean {near!r}? " if near is not None else ""
        what = f"no prompt named {row!r} in {str(path)!r}" if row else f"which prompt of {name!r}?"
        raise InputError(f"{what} {hint}write {path}#NAME with a NAME of: {', '.join(rows)}")
    used = [rows[key] for key in (row, row + _TWO_TURNS) if key in rows]
    originals = [_Original.read(line, f"{path}:{number}") for number, line in used]
    head = replace(originals[0].head, reference=any(one.references for one in originals))
    return Template(
        name=name,
        digest=digest(*(line for _, line in used)),
        head=head,
        reminder=default_reminder(),
        body=_Originals({one.turns: one for one in reversed(originals)}),
    )


def _read_rows(path: Path) -> dict[str, tuple[int, str]]:
    """Line number and text of each row, by the row's name."""
    rows = {}
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}:{number}: not JSON: {error}") from error
        if not isinstance(row, dict) or not isinstance(row.get("name"), str):
            raise InputError(f"{path}:{number}: not a row of FastChat's prompts: it has no 'name'")
        rows[row["name"]] = (number, line)
    return rows


@dataclass(frozen=True)
class _Original:
    """One row. `parts` alternates literal text and names of placeholders, starting with text."""

    head: Head
    system: str
    parts: tuple[str, ...]

    @classmethod
    def read(cls, line: str, where: str) -> _Original:
        row: dict[str, Any] = json.loads(line)
        if missing := [key for key in _TEXTS if not isinstance(row.get(key), str)]:
            raise InputError(f"{where}: the prompt has no text under {missing[0]!r}")
        head = _HEADS.get((row["type"], row["output_format"]))
        if head is None:
            known = "; ".join(f"{kind} with {verdict}" for kind, verdict in _HEADS)
            raise InputError(
                f"{where}: cannot read {row['type']!r} prompts with the output_format "
                f"{row['output_format']!r}; known: {known}"
            )
        answers = {"answer_a", "answer_b"} if head.shows == "pair" else {"answer"}
        original = cls(head, row["system_prompt"], _parts(row["prompt_template"]))
        for slot in original.slots:
            if _TURN.sub("", slot) not in {"question", "ref_answer", *answers}:
                raise InputError(f"{where}: unknown placeholder {{{slot}}} in prompt_template")
        return original

    @property
    def slots(self) -> tuple[str, ...]:
        return self.parts[1::2]

    @property
    def turns(self) -> int:
        """The number of turns it shows."""
        return max((int(m[1]) for slot in self.slots if (m := _TURN.search(slot))), default=1)

    @property
    def references(self) -> tuple[int, ...]:
        """The turns whose reference it shows, counted from 1."""
        shown = [slot for slot in self.slots if slot.startswith("ref_answer")]
        return tuple(int(m[1]) if (m := _TURN.search(slot)) else self.turns for slot in shown)

    def render(self, trial: Trial, reference: str) -> Rendered:
        texts = _texts(trial, reference)
        user = "".join(texts[part] if index % 2 else part for index, part in enumerate(self.parts))
        return (Message("system", self.system), Message("user", user)), ""


def _parts(template: str) -> tuple[str, ...]:
    """Literal text and names of placeholders, alternating.

    A doubled brace stands for a single one, as in `str.format`.
    """
    parts = [""]
    end = 0
    for match in _PART.finditer(template):
        parts[-1] += template[end : match.start()]
        if match[1] is None:
            parts[-1] += match[0][0]
        else:
            parts += (match[1], "")
        end = match.end()
    parts[-1] += template[end:]
    return tuple(parts)


def _texts(trial: Trial, reference: str) -> dict[str, str]:
    """The text of every placeholder.

    Each occurs with its turn's number, and without one for the judged turn.
    """
    case = trial.case
    texts: dict[str, str] = {}

    def put(slot: str, turns: Sequence[str]) -> None:
        texts[slot] = turns[-1]
        texts.update((f"{slot}_{number}", text) for number, text in enumerate(turns, 1))

    references = enumerate(case.earlier_references, 1)
    texts.update((f"ref_answer_{number}", text) for number, text in references)
    texts["ref_answer"] = texts[f"ref_answer_{_turns(case)}"] = reference
    slots = ("answer_a", "answer_b") if len(trial.order) == 2 else ("answer",)
    for slot, index in zip(slots, trial.order, strict=True):
        messages = [message.content for message in case.conversation(index)]
        put("question", messages[::2])
        put(slot, (*messages[1::2], case.responses[index].text))
    return texts


@dataclass(frozen=True)
class _Originals:
    """A prompt and its variant for two turns, by the number of turns."""

    by_turns: Mapping[int, _Original]

    def render(self, trial: Trial, reference: str) -> Rendered:
        if reason := self.refusal(trial.case):
            raise InputError(f"FastChat's prompt cannot show case {trial.case.id!r}: {reason}")
        original = self.by_turns[_turns(trial.case)]
        if original.head.shows == "pair" and trial.names != ("A", "B"):
            raise InputError(f"FastChat's prompts name the answers A and B, not {trial.names!r}")
        return original.render(trial, reference)

    def refusal(self, case: Case) -> str:
        original = self.by_turns.get(_turns(case))
        if original is None:
            can = " or ".join(str(turns) for turns in sorted(self.by_turns))
            return f"it has {_turns(case)} user turns and the prompt shows {can}; {_WAY_OUT}"
        if not all(_alternates(case, index) for index in range(len(case.responses))):
            return (
                "it holds a system prompt, tool calls or an unanswered turn, for which FastChat's "
                f"prompts have no place; {_WAY_OUT}"
            )
        earlier = len(case.earlier_references)
        if any(earlier < turn < original.turns for turn in original.references):
            return f"it has no reference for turn {earlier + 1}; give one, or {_WAY_OUT}"
        return ""


_WAY_OUT = "take a prompt file of judgekit's kind, which shows any conversation"


def _turns(case: Case) -> int:
    return sum(message.role == "user" for message in case.prompt)


def _alternates(case: Case, index: int) -> bool:
    """Whether response `index` ends a chat of alternating roles without tool calls."""
    messages = case.conversation(index)
    roles = [message.role for message in messages]
    plain = (["user", "assistant"] * len(roles))[: len(roles)]
    return roles == plain and not any(message.tool_calls or message.extra for message in messages)
