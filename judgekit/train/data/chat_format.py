"""How a prompt and its answer look to the model, as text: chat template, or plain.

A text may spell the model's own control tokens. They are read as the letters they are made of: a
`CUT` inside each keeps the tokenizer from seeing it, and is itself never tokenised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import orjson

from judgekit.errors import InputError
from judgekit.train.data.rows import Conversation
from judgekit.train.data.transcripts import format_transcript, messages
from judgekit.types import Message

__all__ = [
    "CUT",
    "ChatFormat",
    "PlainFormat",
    "Prompt",
    "PromptFormat",
    "TemplateRefusal",
    "later_parts",
    "messages_of",
]

CUT = "\ufdd0"  # no character: Unicode keeps it for uses like this one
DAY = "26 Jul 2024"  # for templates that write today's: a row is the same tokens on every day
SAME_DAY = "{%- macro strftime_now(format) -%}" + DAY + "{%- endmacro -%}"
Prompt = Conversation | str
PROBE = (
    *(Message("system", "Qx0xQ"), Message("user", "Qx1xQ")),
    *(Message("assistant", "Qx2xQ"), Message("user", "Qx3xQ")),
)
WORD = re.compile(r"\w")


class TemplateRefusal(ValueError):  # noqa: N818 (a row that is counted, not an error)
    """The chat template refuses a conversation."""


class ControlTokenEscaper:
    """Puts a `CUT` into every control token that a text spells."""

    def __init__(self, spellings: set[str]) -> None:
        longest_first = sorted(spellings, key=len, reverse=True)
        # Looks ahead, so that markers which overlap are found as well.
        found = f"(?=({'|'.join(map(re.escape, longest_first))}))" if spellings else "(?!)"
        self.marker = re.compile(found)

    def __call__(self, text: str) -> str:
        text = text.replace(CUT, "\ufffd")
        cuts = [found.start() + 1 for found in self.marker.finditer(text)]
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        return CUT.join(pieces)


class PromptFormat(Protocol):
    """One way to show rows. A row is taken once (`take`), its prompt shown (`opening`), an answer
    behind it (`body`) and `ending` behind that. Raises `TemplateRefusal`."""

    guard: ControlTokenEscaper
    ending: str  # the template's own end of turn; "" where the end-of-text token serves

    def take(self, prompt: Prompt, answers: Sequence[str]) -> tuple[Prompt, Sequence[str]]: ...
    def opening(self, prompt: Prompt) -> str: ...
    def body(self, prompt: Prompt, opening: str, answer: str) -> str: ...


class PlainFormat:
    """Texts as they stand: a prompt of one user message is its text, a longer conversation a
    transcript."""

    ending = ""

    def __init__(self, tokenizer: Any) -> None:
        added = tokenizer.added_tokens_decoder.values()
        self.guard = ControlTokenEscaper(
            {t.content for t in added if t.special and len(t.content) > 1}
        )

    def take(self, prompt: Prompt, answers: Sequence[str]) -> tuple[str, Sequence[str]]:
        """The row as texts; an answer stands one space behind its speaker's name."""
        if isinstance(prompt, str):
            return prompt, answers
        if len(prompt) == 1 and prompt[0].role == "user":
            return prompt[0].content, answers
        return format_transcript(prompt), [f" {answer}" for answer in answers]

    def opening(self, prompt: Prompt) -> str:
        return self.guard(str(prompt))

    def body(self, prompt: Prompt, opening: str, answer: str) -> str:  # noqa: ARG002
        return self.guard(answer)


class ChatFormat:
    """Conversations through the tokenizer's chat template.

    Raises `InputError` where it has none, or a broken one.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:
        self._tokenizer = tokenizer
        try:
            self._template = SAME_DAY + tokenizer.get_chat_template()
        except ValueError as error:  # there is none, or none that is the usual one
            raise InputError(
                f"{name!r} has no chat template; start from a chat model, or show rows as plain "
                f"text: --template plain"
            ) from error
        self.guard = ControlTokenEscaper(set())
        self._takes_system = self._shows_system(name)
        self._closes = self._closing()
        self.guard = ControlTokenEscaper(self._markers())
        # What stands behind the end of turn (a line's end, mostly) is nobody's to say.
        end = self.guard.marker.search(self._closes)
        self.ending = self._closes[: end.end(1)] if end else ""

    def take(self, prompt: Prompt, answers: Sequence[str]) -> tuple[Conversation, Sequence[str]]:
        """The row as messages: a text is a transcript or one message, and a system prompt that the
        template does not show goes before the next message of the user."""
        if isinstance(prompt, str):
            turns = messages(prompt)
            if turns is not None:
                return turns, [answer.strip() for answer in answers]
            prompt = (Message("user", prompt),)
        return prompt if self._takes_system else without_system(prompt), answers

    def opening(self, prompt: Prompt) -> str:
        """The prompt to the beginning of the answer."""
        return self._render(messages_of(prompt), opens=True)

    def body(self, prompt: Prompt, opening: str, answer: str) -> str:
        """The answer as the template shows it after the opening.

        Where a template shows the conversation in another way once it is answered (it drops
        earlier turns' thinking, or opens with a thought of its own), what the model will be asked
        counts: the opening as it is, and the answer behind it.
        """
        try:
            whole = self._render((*messages_of(prompt), Message("assistant", answer)), opens=False)
        except TemplateRefusal:  # an answer may not come last
            whole = ""
        if whole.startswith(opening) and whole.endswith(self._closes):
            body = whole[len(opening) :].removesuffix(self._closes)
            if body.strip():
                return body
        return self.guard(answer)

    def _render(self, conversation: Conversation, *, opens: bool) -> str:
        from jinja2 import TemplateError

        rows = [self._row(message) for message in conversation]
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    rows,
                    tokenize=False,
                    add_generation_prompt=opens,
                    chat_template=self._template,
                    date_string=DAY,
                )
            )
        except (TemplateError, ValueError, TypeError) as error:
            raise TemplateRefusal(" ".join(str(error).split())) from error

    def _row(self, message: Message) -> dict[str, Any]:
        row: dict[str, Any] = {"role": message.role, "content": self.guard(message.content)}
        if message.tool_calls:
            calls = orjson.loads(self.guard(message.tool_calls))
            # One call of the API's older form is a list of one in the form that templates read.
            one = isinstance(calls, dict)
            row["tool_calls"] = [{"type": "function", "function": calls}] if one else calls
        return row

    def _shows_system(self, name: str) -> bool:
        """Whether the template shows a system message; some refuse it, some leave it out."""
        try:
            return PROBE[0].content in self._render(PROBE[:2], opens=True)
        except TemplateRefusal:
            pass
        try:
            self._render(PROBE[1:2], opens=True)
        except TemplateRefusal as error:
            raise InputError(
                f"the chat template of {name!r} is broken: {error}; --template plain does without"
            ) from error
        return False

    def _closing(self) -> str:
        """What the template writes after an answer: "" where no answer may come last."""
        try:
            return self._render(PROBE[1:3], opens=False).rpartition(PROBE[2].content)[2]
        except TemplateRefusal:
            return ""

    def _markers(self) -> set[str]:
        """What means more than its letters: special tokens, and whatever added tokens the template
        puts around earlier turns, special or not.

        Earlier turns, because what stands around thoughts is shown in the last answer only. A
        model's own answers may well spell it.
        """
        probe = PROBE if self._takes_system else PROBE[1:]
        try:
            shown = self._render(probe, opens=False)
        except TemplateRefusal:  # it shows conversations only as questions
            shown = self._render(probe, opens=True)
        return {
            token.content
            for token in self._tokenizer.added_tokens_decoder.values()
            if len(token.content) > 1
            and (token.special or (token.content in shown and WORD.search(token.content)))
        }


def messages_of(prompt: Prompt) -> Conversation:
    """A prompt as messages; a text is one of the user."""
    return (Message("user", prompt),) if isinstance(prompt, str) else prompt


def without_system(prompt: Conversation) -> Conversation:
    """The conversation with its system prompts at the head of the next message of the user."""
    before, out = "", []
    for message in prompt:
        if message.role == "system":
            before += f"{message.content}\n\n"
        elif message.role == "user":
            out.append(replace(message, content=before + message.content))
            before = ""
        else:
            out.append(message)
    return tuple(out)


def later_parts(prompt: Conversation) -> Iterator[Conversation]:
    """The conversation without its oldest turns, more of them left out each time: its system
    prompt, and all from some message of the user on."""
    system = tuple(m for m in prompt if m.role == "system")
    turns = [m for m in prompt if m.role != "system"]
    for start, message in enumerate(turns):
        if start and message.role == "user":
            yield (*system, *turns[start:])
