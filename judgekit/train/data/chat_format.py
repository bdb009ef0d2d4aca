"""The text of prompts and answers as the model reads it: by chat template, or plain.

Texts may spell the model's control tokens. They are tokenized as ordinary letters: a `CUT` inside
each keeps the tokenizer from recognizing it, and is itself never tokenized.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from judgekit.errors import InputError
from judgekit.train.data.rows import Conversation
from judgekit.train.data.transcripts import format_transcript, parse_transcript
from judgekit.types import Message

__all__ = [
    "CUT",
    "ChatFormat",
    "PlainFormat",
    "Prompt",
    "PromptFormat",
    "TemplateRefusal",
    "messages_of",
    "recent_turns",
]

log = logging.getLogger(__name__)

CUT = "\ufdd0"  # a noncharacter, which Unicode reserves for internal use
DAY = "26 Jul 2024"  # for templates that write the date: rows give the same tokens every day
SAME_DAY = "{%- macro strftime_now(format) -%}" + DAY + "{%- endmacro -%}"
Prompt = Conversation | str
PROBE = (
    *(Message("system", "Qx0xQ"), Message("user", "Qx1xQ")),
    *(Message("assistant", "Qx2xQ"), Message("user", "Qx3xQ")),
)
WORD = re.compile(r"\w")


class TemplateRefusal(ValueError):  # noqa: N818 (counted, not an error)
    """The chat template refuses a conversation."""


class ControlTokenEscaper:
    """Inserts a `CUT` into every control token that a text spells."""

    def __init__(self, spellings: set[str]) -> None:
        longest_first = sorted(spellings, key=len, reverse=True)
        # Looks ahead, so that markers which overlap are found as well.
        pattern = f"(?=({'|'.join(map(re.escape, longest_first))}))" if spellings else "(?!)"
        self.marker = re.compile(pattern)

    def __call__(self, text: str) -> str:
        text = text.replace(CUT, "\ufffd")
        cuts = [match.start() + 1 for match in self.marker.finditer(text)]
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        return CUT.join(pieces)


class PromptFormat(Protocol):
    """A format of rows as text: the prompt's text, an answer's text, then `end_of_turn`.

    `tools` is the JSON text of the tools that the model is told of. All methods raise
    `TemplateRefusal`.
    """

    guard: ControlTokenEscaper
    end_of_turn: str  # the template's end of turn; "" where the end-of-text token is used

    def normalized(
        self, prompt: Prompt, answers: Sequence[str]
    ) -> tuple[Prompt, Sequence[str]]: ...
    def prompt_text(self, prompt: Prompt, tools: str = "") -> str: ...
    def answer_text(
        self, prompt: Prompt, prompt_text: str, answer: str, tools: str = ""
    ) -> str: ...


class PlainFormat:
    """Plain texts: a single user message is its text, a longer conversation a transcript."""

    end_of_turn = ""

    def __init__(self, tokenizer: Any) -> None:
        added = tokenizer.added_tokens_decoder.values()
        self.guard = ControlTokenEscaper(
            {t.content for t in added if t.special and len(t.content) > 1}
        )

    def normalized(self, prompt: Prompt, answers: Sequence[str]) -> tuple[str, Sequence[str]]:
        """The row as texts; after a speaker's name, an answer begins with a space."""
        if isinstance(prompt, str):
            return prompt, answers
        if len(prompt) == 1 and prompt[0].role == "user":
            return prompt[0].content, answers
        return format_transcript(prompt), [f" {answer}" for answer in answers]

    def prompt_text(self, prompt: Prompt, tools: str = "") -> str:
        if tools:
            raise TemplateRefusal("the row has tools, which --template plain cannot show")
        return self.guard(str(prompt))

    def answer_text(
        self,
        prompt: Prompt,  # noqa: ARG002
        prompt_text: str,  # noqa: ARG002
        answer: str,
        tools: str = "",  # noqa: ARG002
    ) -> str:
        return self.guard(answer)


class ChatFormat:
    """Conversations through the tokenizer's chat template.

    Raises `InputError` where it has none, or a broken one.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:
        self._tokenizer = tokenizer
        try:
            self._template = SAME_DAY + tokenizer.get_chat_template()
        except ValueError as error:  # none, or several and none of them the default
            raise InputError(
                f"{name!r} has no chat template; start from a chat model, or use --template plain"
            ) from error
        self.guard = ControlTokenEscaper(set())
        self._name = name
        self._writes_system = self._finds_system(name)
        self._writes_developer = self._finds_developer()
        self._writes_tools = self._finds_tools()
        self._after_answer = self._text_after_answer()
        self.guard = ControlTokenEscaper(self._control_tokens())
        # What follows the end of turn (usually a newline) is not part of the answer.
        end = self.guard.marker.search(self._after_answer)
        self.end_of_turn = self._after_answer[: end.end(1)] if end else ""

    def normalized(
        self, prompt: Prompt, answers: Sequence[str]
    ) -> tuple[Conversation, Sequence[str]]:
        """The row as messages.

        A text is a transcript or one user message; a system prompt that the template would drop is
        put before the next user message.
        """
        if isinstance(prompt, str):
            turns = parse_transcript(prompt)
            if turns is not None:
                return turns, [answer.strip() for answer in answers]
            prompt = (Message("user", prompt),)
        if not self._writes_developer and any(m.role == "developer" for m in prompt):
            log.warning(
                "%s: its chat template has no role developer; such messages are given as system "
                "prompts",
                self._name,
            )
            prompt = tuple(replace(m, role="system") if m.instructs else m for m in prompt)
        return prompt if self._writes_system else without_system(prompt), answers

    def prompt_text(self, prompt: Prompt, tools: str = "") -> str:
        """The prompt up to the beginning of the answer."""
        if tools and not self._writes_tools:
            log.warning("%s: its chat template shows no tools; the column is unused", self._name)
        return self._render(messages_of(prompt), opens=True, tools=tools)

    def answer_text(self, prompt: Prompt, prompt_text: str, answer: str, tools: str = "") -> str:
        """The answer as the template writes it after the prompt.

        Some templates write an answered conversation differently (without earlier turns' thinking,
        or with an empty thought). Then the prompt that the model will be asked with counts, and
        the answer follows it as it is.
        """
        try:
            answered = (*messages_of(prompt), Message("assistant", answer))
            dialogue = self._render(answered, opens=False, tools=tools)
        except TemplateRefusal:  # an answer may not come last
            dialogue = ""
        if dialogue.startswith(prompt_text) and dialogue.endswith(self._after_answer):
            answer_text = dialogue[len(prompt_text) :].removesuffix(self._after_answer)
            if answer_text.strip():
                return answer_text
        return self.guard(answer)

    def _render(self, conversation: Conversation, *, opens: bool, tools: str = "") -> str:
        given = {"tools": json.loads(self.guard(tools))} if tools else {}
        rows = [self._row(message) for message in conversation]
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    rows,
                    tokenize=False,
                    add_generation_prompt=opens,
                    chat_template=self._template,
                    date_string=DAY,
                    **given,
                )
            )
        except Exception as error:  # a template is a program of others
            raise TemplateRefusal(" ".join(str(error).split())) from error

    def _row(self, message: Message) -> dict[str, Any]:
        guarded = replace(
            message,
            content=self.guard(message.content),
            tool_calls=self.guard(message.tool_calls),
            extra=self.guard(message.extra),
        )
        return guarded.for_template()

    def _finds_system(self, name: str) -> bool:
        """Whether the template writes a system message; some refuse it, some drop it."""
        try:
            return PROBE[0].content in self._render(PROBE[:2], opens=True)
        except TemplateRefusal:
            pass
        try:
            self._render(PROBE[1:2], opens=True)
        except TemplateRefusal as error:
            raise InputError(
                f"the chat template of {name!r} is broken: {error}; --template plain needs none"
            ) from error
        return False

    def _finds_developer(self) -> bool:
        """Whether the template writes a message of the developer, rather than refuse or drop it."""
        try:
            shown = self._render((replace(PROBE[0], role="developer"), PROBE[1]), opens=True)
        except TemplateRefusal:
            return False
        return PROBE[0].content in shown

    def _finds_tools(self) -> bool:
        """Whether the template writes the tools that it is told of."""
        function = {"name": PROBE[0].content, "description": "d", "parameters": {"type": "object"}}
        tools = json.dumps([{"type": "function", "function": function}])
        try:
            return PROBE[0].content in self._render(PROBE[1:2], opens=True, tools=tools)
        except TemplateRefusal:
            return False

    def _text_after_answer(self) -> str:
        """What the template writes after an answer; "" where an answer may not come last."""
        try:
            return self._render(PROBE[1:3], opens=False).rpartition(PROBE[2].content)[2]
        except TemplateRefusal:
            return ""

    def _control_tokens(self) -> set[str]:
        """The control tokens: special tokens, and added tokens that the template puts around turns.

        Only tokens around earlier turns count: those around thoughts appear in the last answer
        alone, and a model's answers may rightly spell them.
        """
        probe = PROBE if self._writes_system else PROBE[1:]
        try:
            shown = self._render(probe, opens=False)
        except TemplateRefusal:  # it takes only conversations that end with a user message
            shown = self._render(probe, opens=True)
        return {
            token.content
            for token in self._tokenizer.added_tokens_decoder.values()
            if len(token.content) > 1
            and (token.special or (token.content in shown and WORD.search(token.content)))
        }


def messages_of(prompt: Prompt) -> Conversation:
    """A prompt as messages; a text is one user message."""
    return (Message("user", prompt),) if isinstance(prompt, str) else prompt


def without_system(prompt: Conversation) -> Conversation:
    """The conversation with its system prompts at the start of the next user message."""
    before, out = "", []
    for message in prompt:
        if message.instructs:
            before += f"{message.content}\n\n"
        elif message.role == "user":
            out.append(replace(message, content=before + message.content))
            before = ""
        else:
            out.append(message)
    return tuple(out)


def recent_turns(prompt: Conversation) -> Iterator[Conversation]:
    """The conversation without its oldest turns, ever fewer of them.

    Each part is the system prompt and everything from some user message on.
    """
    system = tuple(m for m in prompt if m.instructs)
    turns = [m for m in prompt if not m.instructs]
    for start, message in enumerate(turns):
        if start and message.role == "user":
            yield (*system, *turns[start:])
