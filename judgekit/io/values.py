"""The values of a row as texts and messages; anything else is refused, never converted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from judgekit.io.jsonl import json_text, json_value
from judgekit.io.row import EmptyRow, RowError, shown
from judgekit.types import Message

__all__ = [
    "ends_answered",
    "is_choices",
    "is_message",
    "read_answer",
    "read_category",
    "read_id",
    "read_messages",
    "read_prompt",
    "read_references",
]

_Role = Literal["system", "developer", "user", "assistant", "tool"]
_ROLES: Mapping[str, _Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_SPEAKERS: Mapping[str, _Role] = {
    **_ROLES,
    "human": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
}
_READ = frozenset({"role", "content", "from", "value", "tool_calls", "function_call"})
_TEXT_PARTS = frozenset({"text", "input_text", "output_text"})


def read_id(value: object) -> str:
    """The id as text: 1 and "1" are the same id."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return str(int(value))  # as tables hold whole numbers beyond 64 bits
    what = "empty" if isinstance(value, str) else shown(value)
    raise RowError(f"the id is {what}; an id is text or a whole number")


def read_category(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    raise RowError(f"the category is {shown(value)}, not text")


def read_prompt(value: object) -> tuple[tuple[Message, ...], int | None]:
    """The prompt's messages, and how many answers it asks for if it is a list of user turns.

    A text or a list of messages asks for one answer, to its end: None.

    Raises `EmptyRow` where nothing is asked (null, white space), `RowError` for what is no prompt.
    """
    if value is None:
        raise EmptyRow("the prompt is null")
    if isinstance(value, str):
        _check_asks(value, "the prompt")
        return (Message("user", value),), None
    if isinstance(value, list) and value:
        if all(isinstance(turn, str) for turn in value):
            for number, turn in enumerate(value, 1):
                _check_asks(turn, f"user turn {number} of the prompt")
            return tuple(Message("user", turn) for turn in value), len(value)
        if all(isinstance(message, dict) for message in value):
            messages = read_messages(value)
            if messages[-1].role not in ("user", "tool"):
                role = messages[-1].role
                raise RowError(f"the prompt ends with a message of the {role}, not of the user")
            if messages[-1].role == "user":  # a tool may well return nothing
                _check_asks(messages[-1].content, "the last message of the prompt")
            return messages, None
    raise RowError(
        f"the prompt is {shown(value)}, not text, a list of user turns or a list of messages"
    )


def read_messages(value: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """A list of messages, with all that they carry. Raises `RowError`."""
    return tuple(_message(message, number) for number, message in enumerate(value, 1))


def _check_asks(text: str, what: str) -> None:
    if not text.strip():
        raise EmptyRow(f"{what} is empty")


def read_answer(
    value: object, turns: int | None, name: str = "response", *, number: int = 1
) -> tuple[str, ...]:
    """One model's answers, one per turn; `turns` as `read_prompt` gives it.

    Text for one turn, a list of texts for a list of user turns, one assistant message (also in a
    list), or FastChat's choices. `name` is the column's and `number` the message's in it, for the
    error.
    """
    if isinstance(value, str):
        texts: list[Any] = [value]
    elif is_choices(value):
        texts = _choice(value)
    elif isinstance(value, dict) and is_message(value):
        texts = [_assistant(value, name, number)]
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        texts = [_assistant(value[0], name, number)]
    elif isinstance(value, list) and turns is not None:
        texts = value
    else:
        raise RowError(f"the {name} is {shown(value)}, not text")
    if len(texts) != (turns or 1):
        raise RowError(
            f"the {name} has {_count(len(texts), 'answer')} for {_count(turns or 1, 'user turn')}"
        )
    for text in texts:
        if not isinstance(text, str):
            raise RowError(f"the {name} holds {shown(text)}, not text")
    return tuple(texts)


def read_references(value: object, count: int) -> tuple[str | None, ...]:
    """The references of `count` turns; () where there is none at all.

    One text for one turn, or a list in the order of the turns with null where there is none.
    Blank is none: no table can say it otherwise.
    """
    if is_choices(value):
        value = _choice(value)
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        if count > 1:
            raise RowError(f"one reference for {count} turns; write a list, null where none is")
        value = [value]
    if not isinstance(value, list) or not all(r is None or isinstance(r, str) for r in value):
        raise RowError(f"the reference is {shown(value)}, neither text nor a list of texts")
    if len(value) > count:
        raise RowError(f"{len(value)} references for {_count(count, 'judged turn')}")
    references = [text or None for text in value] + [None] * (count - len(value))
    return tuple(references) if any(references) else ()


def is_choices(value: object) -> bool:
    """Whether this is FastChat's ``[{"index": 0, "turns": ["…", "…"]}]``."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(choice, dict) and isinstance(choice.get("turns"), list) for choice in value
        )
    )


def _choice(choices: Any) -> list[Any]:
    if len(choices) > 1:
        raise RowError(f"{len(choices)} choices; keep one answer per row")
    turns = choices[0]["turns"]
    return [
        turn["content"] if isinstance(turn, dict) and "content" in turn else turn for turn in turns
    ]


def is_message(value: object) -> bool:
    """Whether this is a message: of ``role`` and ``content``, or ShareGPT's ``from``, ``value``."""
    return isinstance(value, dict) and ("role" in value or {"from", "value"} <= value.keys())


def ends_answered(value: object) -> bool:
    """Whether this is a conversation that ends with a message of the assistant."""
    last = value[-1] if isinstance(value, list) and value else None
    return isinstance(last, dict) and _role(last) == "assistant"


def _assistant(value: Mapping[str, Any], name: str, number: int) -> str:
    """The text of an answer written as an assistant message."""
    message = _message({n: held for n, held in value.items() if n in _READ}, number)
    if message.role != "assistant":
        raise RowError(f"the {name} is a message of the {message.role}, not of the assistant")
    if message.tool_calls:
        raise RowError(f"the {name} calls tools; judgekit judges text")
    return message.content


def _message(value: Mapping[str, Any], number: int) -> Message:
    role, name = _role(value), value.get("role", value.get("from"))
    if role is None:
        known = _ROLES if "role" in value or "from" not in value else _SPEAKERS
        raise RowError(f"message {number} has the role {shown(name)}; roles: {', '.join(known)}")
    if "role" not in value:
        value = _from_sharegpt(value, number)
    calls = value.get("tool_calls") or value.get("function_call")
    content = value.get("content")
    if content is None and calls and role == "assistant":
        content = ""
    fields = {name: held for name, held in value.items() if name not in _READ and held is not None}
    return Message(
        role,
        _text(content, number),
        _json(calls, "tool calls", number) if calls else "",
        _json(dict(sorted(fields.items())), "fields", number) if fields else "",
    )


def _role(value: Mapping[str, Any]) -> _Role | None:
    if "role" in value:
        name, roles = value["role"], _ROLES
    else:
        name, roles = value.get("from"), _SPEAKERS
    return roles.get(name) if isinstance(name, str) else None


def _from_sharegpt(value: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """ShareGPT's message with the usual keys; a function call is the JSON text of the call."""
    if value["from"] != "function_call":
        return {**value, "content": value.get("value")}
    text = value.get("value")
    try:
        call = json_value(text.encode()) if isinstance(text, str) else text
    except RowError as error:
        raise RowError(f"the function call of message {number} is {error}") from error
    return {**value, "content": None, "function_call": call}


def _text(content: object, number: int) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise RowError(f"message {number} has the content {shown(content)}, not text")
    texts = []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in _TEXT_PARTS:
            named = kind if isinstance(kind, str) else shown(part)
            article = "an" if named[:1] in "aeiou" else "a"
            raise RowError(f"{article} {named} part in message {number}; judgekit judges text")
        if not isinstance(part.get("text"), str):
            raise RowError(f"message {number} has the text {shown(part.get('text'))}")
        texts.append(part["text"])
    return "\n".join(texts)


def _json(value: object, what: str, number: int) -> str:
    try:
        return json_text(value)
    except TypeError as error:
        raise RowError(f"the {what} of message {number} are not JSON ({error})") from error


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
