"""What is judged: prompts with their responses, and one showing of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

__all__ = [
    "Case",
    "Column",
    "Message",
    "Orders",
    "Pair",
    "Response",
    "RunKind",
    "Trial",
    "digest",
    "message_parts",
]

Orders = Literal["both", "one", "adaptive"]
"""Which orders of a pair are shown."""


Column = str | tuple[str, ...]
"""A further value of a case, such as the document that an answer draws on; a tuple is a list."""

Pair = tuple[int, int]
"""Two of a case's responses, the one with the lower index first."""


RunKind = Literal["compare", "score", "rank"]
"""What a run does with its cases: the command that makes it."""


def digest(*parts: str, size: int = 16) -> str:
    """Hex digest (`size` bytes, BLAKE2b) of texts; the parts' borders count."""
    text = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    `tool_calls` is the JSON text of an assistant's calls, and `extra` that of an object of all
    other fields that the message carries (`tool_call_id`, `name`), sorted; empty where there are
    none.
    """

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str
    tool_calls: str = ""
    extra: str = ""

    @property
    def instructs(self) -> bool:
        """Whether it is of the system or the developer, before the conversation."""
        return self.role in ("system", "developer")

    @property
    def text(self) -> str:
        """Everything beside the role as one text, for what takes only texts."""
        return "\n".join(filter(None, (self.content, self.tool_calls, self.extra)))

    def as_dict(self) -> dict[str, Any]:
        """The message with its fields, as chat APIs write it."""
        row: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            row["tool_calls"] = json.loads(self.tool_calls)
        return row | (json.loads(self.extra) if self.extra else {})

    def for_template(self) -> dict[str, Any]:
        """As `as_dict`, with a list of calls where the API's older form has a single one."""
        row = self.as_dict()
        if isinstance(row.get("tool_calls"), dict):
            row["tool_calls"] = [{"type": "function", "function": row["tool_calls"]}]
        return row


def message_parts(messages: Iterable[Message]) -> Iterator[tuple[str, ...]]:
    """Role, content, tool calls and, if there are any, other fields of each message.

    This is what tells one conversation from another, in digests and prompts. The `tool_call_id` of
    a tool's result is left out where its place implies it: the results of one message's calls
    stand in the order of the calls. So only results in another order bear it.
    """
    calls, place = "", 0
    for message in messages:
        extra = message.extra
        if message.role == "tool":
            extra = _without_id(extra, calls, place) if extra and calls else extra
            place += 1
        else:
            calls, place = message.tool_calls, 0
        parts = (message.role, message.content, message.tool_calls)
        yield (*parts, extra) if extra else parts


def _without_id(extra: str, calls: str, place: int) -> str:
    """The fields of a tool's result without the id of the call in its place, if they have it."""
    fields, called = json.loads(extra), json.loads(calls)
    call = called[place] if isinstance(called, list) and place < len(called) else None
    name = call.get("id") if isinstance(call, dict) else None
    if name is None or fields.get("tool_call_id") != name:
        return extra
    del fields["tool_call_id"]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) if fields else ""


@dataclass(frozen=True, slots=True)
class Response:
    """One model's answer to one prompt.

    `earlier` holds this model's own answers to the earlier user turns of `Case.prompt`, oldest
    first, where each model answered every turn by itself (MT-Bench's second turn). `messages` holds
    all that follows the prompt where a whole conversation is judged: the model's messages, its tool
    calls and their results, later turns of the user; `text` then is their text.
    """

    text: str
    model: str
    earlier: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()

    @property
    def content(self) -> object:
        """All of it but the model's name: equal where two answers are the same."""
        return self.text, self.earlier, self.messages


@dataclass(frozen=True)
class Case:
    """A prompt and the responses to be judged.

    `prompt` is the conversation up to and including the last user message; the models' own
    earlier answers are not in it but in `Response.earlier`. `cluster` names the prompt: cases
    with equal clusters are not independent (the turns of one chat, the same prompt twice), so
    intervals and train/test splits go by it. `columns` holds the further values that a judge or a
    prompt names, sorted by name; where a list has items that are no texts, each is its JSON text.
    `place` says where a whole conversation stands in its file, for messages.
    """

    id: str
    prompt: tuple[Message, ...]
    responses: tuple[Response, ...]
    reference: str | None = None
    category: str | None = None
    cluster: str = ""
    earlier_references: tuple[str, ...] = ()
    columns: tuple[tuple[str, Column], ...] = ()
    place: str = field(default="", compare=False)

    def column(self, name: str) -> Column:
        """A further value of the case.

        Args:
            name: The column's name, one that the judge or its prompt says it needs.

        Returns:
            The text, or a tuple of texts where the column holds a list.

        Raises:
            KeyError: The case has no such column.
        """
        return dict(self.columns)[name]

    def conversation(self, index: int) -> tuple[Message, ...]:
        """The prompt as one response saw it, its own earlier answers in their places.

        Args:
            index: The response's index.

        Returns:
            The messages, the last of them the user's.
        """
        answers = iter(self.responses[index].earlier)
        out: list[Message] = []
        for position, message in enumerate(self.prompt):
            out.append(message)
            if message.role == "user" and position < len(self.prompt) - 1:
                answer = next(answers, None)
                if answer is not None:
                    out.append(Message("assistant", answer))
        return tuple(out)

    def full_conversation(self, index: int) -> tuple[Message, ...]:
        """The conversation of one response from its beginning to its end.

        Args:
            index: The response's index.

        Returns:
            The messages of the prompt and all that followed, the judged answer among them.
        """
        response = self.responses[index]
        rest = response.messages or (Message("assistant", response.text),)
        return (*self.conversation(index), *rest)

    @property
    def identical(self) -> bool:
        """Whether all responses (and the answers before them) are the same text."""
        first = self.responses[0].content
        return all(response.content == first for response in self.responses[1:])

    @cached_property
    def originals(self) -> tuple[int, ...]:
        """Per response the index of the first that is the same text: its own where it is that."""
        first: dict[object, int] = {}
        return tuple(first.setdefault(r.content, i) for i, r in enumerate(self.responses))

    @property
    def shared_history(self) -> bool:
        """Whether every response answers the very same conversation."""
        return all(r.earlier == self.responses[0].earlier for r in self.responses[1:])


@dataclass(frozen=True)
class Trial:
    """One showing of a case to a judge: `order` holds response indices as shown, `names` the
    names they are shown under, `repeat` counts from 0."""

    case: Case
    order: tuple[int, ...]
    names: tuple[str, ...]
    repeat: int = 0

    @property
    def shown(self) -> tuple[Response, ...]:
        """The responses in the order shown."""
        return tuple(self.case.responses[i] for i in self.order)
