"""Encodes calls as tokens through a chat template, and decodes tokens as text.

A text under judgement may contain the model's own role markers. They are read as ordinary letters:
the special tokens of a prompt are exactly those of its template.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from judgekit.errors import CallFailure, InputError
from judgekit.models.library_errors import one_line
from judgekit.naming import unknown
from judgekit.types import Call, Message

from .http_json import valid_unicode

__all__ = ["Chat", "Prompt"]

log = logging.getLogger(__name__)

SLOT = re.compile(r"Qx(\d+)xQ")  # placeholder of a text when the template is rendered
WORD = re.compile(r"\b[a-z]\w+\b")
PROBE = (Message("system", "Qx0xQ"), Message("user", "Qx1xQ"), Message("assistant", "Qx2xQ"))
CALL = {"id": "call00001", "type": "function", "function": {"name": "Qx0xQ", "arguments": {"x": 1}}}
TOOLS = (  # ids of nine letters and digits, as Mistral's templates want them
    Message("user", "Qx1xQ"),
    Message("assistant", "", json.dumps([CALL])),
    Message("tool", "Qx2xQ", extra='{"name": "Qx3xQ", "tool_call_id": "call00001"}'),
)
DAY = "26 Jul 2024"  # for templates that write the current date, so that calls stay equal
SAME_DAY = "{%- macro strftime_now(format) -%}" + DAY + "{%- endmacro -%}"
TAIL = 64  # characters; tokens at the end of a text do not depend on earlier ones


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt: its token ids, and the end of its text."""

    ids: tuple[int, ...]
    end: str


class Chat:
    """Renders calls for one model through its tokenizer's chat template.

    Args:
        name: The model's name in messages.
        tokenizer: A tokenizer of transformers.

    Raises:
        InputError: The tokenizer has no chat template, or a broken one.
    """

    def __init__(self, name: str, tokenizer: Any) -> None:
        self._name = name
        self.tokenizer = tokenizer
        try:
            self._template = SAME_DAY + tokenizer.get_chat_template()
        except ValueError as error:  # there is none, or no default one
            raise InputError(
                f"{name!r} has no chat template, so how it wants to be asked is not known; take "
                f"a chat model, or add its chat_template.jinja to its folder"
            ) from error
        self._words = frozenset(WORD.findall(self._template))
        self._takes_system = self._shows_system()
        self._takes_developer = self._shows(replace(PROBE[0], role="developer"), PROBE[1])
        self._takes_tools = self._shows(*TOOLS)
        self._markers = self._find_markers()
        markers = sorted(self._markers.values(), key=len, reverse=True)
        # A lookahead, so that overlapping markers are found as well.
        self._marker = re.compile(f"(?={'|'.join(map(re.escape, markers))})" if markers else "(?!)")

    def prompt(self, call: Call, *, strip: bool = False) -> Prompt:
        """Renders a call's prompt up to the answer, which starts with the call's prefill.

        Args:
            call: The call.
            strip: Whether to strip white space from its end.

        Raises:
            CallFailure: The template refuses the conversation, or a text's role markers cannot be
                read as ordinary letters.
            InputError: A `--model-arg` is no variable of the template.
        """
        messages = self._messages(call)
        variables = self._variables(call.sampling.extra)
        texts = [message.content for message in messages]
        slots = [replace(m, content=f"Qx{i}xQ") for i, m in enumerate(messages)]
        frame = self._render(slots, variables, continued=bool(call.prefill))
        wanted = self._markers_in(self._encode(frame))
        for parts in (
            [self._render(messages, variables, continued=bool(call.prefill))],
            self._split_markers(frame, texts),
        ):
            if strip:
                parts[-1] = parts[-1].rstrip()
            ids = [i for part in parts for i in self._encode(part)]
            if self._markers_in(ids) == wanted:
                return Prompt(tuple(ids), parts[-1][-TAIL:])
        raise CallFailure(
            "special tokens", "a text holds what the tokenizer takes for a role marker of its own"
        )

    def text(self, before: Sequence[int], ids: Sequence[int]) -> str:
        """The text of `ids` after the tokens `before`, on which their white space depends."""
        anchor = list(before[-1:])
        decoded = self._decode([*anchor, *ids])
        return decoded.removeprefix(self._decode(anchor))

    def spellings(self, labels: Sequence[str]) -> dict[int, str]:
        """The tokens that equal a label except for white space, each with its label."""
        every = self.tokenizer.batch_decode([[i] for i in range(len(self.tokenizer))])
        return {i: text.strip() for i, text in enumerate(every) if text.strip() in labels}

    def _messages(self, call: Call) -> list[Message]:
        """The conversation as the template can show it, in valid Unicode."""
        system, out = "", []
        for message in call.messages:
            if message.role == "developer" and not self._takes_developer:
                log.warning(
                    "%s: its chat template has no role developer; such messages are given as "
                    "system prompts",
                    self._name,
                )
                message = replace(message, role="system")
            if message.tool_calls and not self._takes_tools:
                shown = "\n".join(filter(None, (message.content, message.tool_calls)))
                message = replace(message, content=shown, tool_calls="")
            self._check_fields(message)
            text = message.content
            if message.role == "system" and not self._takes_system:
                system += f"{text}\n\n"
                continue
            if message.role == "user":
                text, system = system + text, ""
            out.append(replace(message, content=valid_unicode(text)))
        if system:
            out.append(Message("user", valid_unicode(system.strip())))
        if call.prefill:
            out.append(Message("assistant", valid_unicode(call.prefill)))
        return out

    def _check_fields(self, message: Message) -> None:
        """Raises `CallFailure` where a field of a message spells a role marker."""
        fields = message.tool_calls + message.extra
        if self._marker.search(fields) or SLOT.search(fields):
            raise CallFailure(
                "special tokens", "a field of a message holds a role marker of the model"
            )

    def _variables(self, extra: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
        for name, _ in extra:
            if name not in self._words:
                known = sorted(word for word in self._words if "_" in word)
                wrong = unknown("argument", name, known, there="its words are")
                raise InputError(f"the chat template of {self._name!r} has {wrong}")
        return dict(extra)

    def _render(
        self, messages: Sequence[Message], variables: Mapping[str, Any], *, continued: bool
    ) -> str:
        rows = [m.for_template() for m in messages]
        given = {"chat_template": self._template, "date_string": DAY, **variables}
        how = "continue_final_message" if continued else "add_generation_prompt"
        try:
            return str(
                self.tokenizer.apply_chat_template(rows, tokenize=False, **{how: True}, **given)
            )
        except Exception as error:  # a template is a program of others
            raise CallFailure(
                "chat template", f"the chat template refuses the conversation: {one_line(error)}"
            ) from error

    def _shows_system(self) -> bool:
        """Whether the template shows a system message; some refuse one, some omit it.

        Raises:
            InputError: The template does not even show a user's message.
        """
        try:
            return PROBE[0].content in self._render(PROBE[:2], {}, continued=False)
        except CallFailure:
            pass
        try:
            self._render(PROBE[1:2], {}, continued=False)
        except CallFailure as error:
            raise InputError(f"the chat template of {self._name!r} is broken: {error}") from error
        return False

    def _shows(self, *messages: Message) -> bool:
        """Whether the template shows the first slot of a conversation."""
        try:
            return PROBE[0].content in self._render(messages, {}, continued=False)
        except CallFailure:
            return False

    def _find_markers(self) -> dict[int, str]:
        """The tokens that act as markers, by id.

        These are the special tokens, and every added token that the template puts between texts.
        """
        probe = PROBE if self._takes_system else PROBE[1:]
        try:
            shown = self._render(probe, {}, continued=False)
        except CallFailure:  # an answer may not come last
            shown = self._render(PROBE[1:2], {}, continued=False)
        used = set(self._encode(shown))
        tokenizer = self.tokenizer
        # The unknown token is no marker, unless it is also the first or the last one.
        unknown_id = {tokenizer.unk_token_id} - {tokenizer.bos_token_id, tokenizer.eos_token_id}
        return {
            number: token.content
            for number, token in tokenizer.added_tokens_decoder.items()
            if len(token.content) > 1
            and number not in unknown_id
            and (token.special or (number in used and re.search(r"\w", token.content)))
        }

    def _split_markers(self, frame: str, texts: Sequence[str]) -> list[str]:
        """The rendered conversation in parts, split inside every marker that a text contains.

        Joined they are the whole conversation; encoded one by one, none of them contains a text's
        marker.
        """
        parts = [""]
        for position, piece in enumerate(SLOT.split(frame)):
            if position % 2 == 0:
                parts[-1] += piece
                continue
            text, start = texts[int(piece)], 0
            for match in self._marker.finditer(text):
                parts[-1] += text[start : match.start() + 1]
                parts.append("")
                start = match.start() + 1
            parts[-1] += text[start:]
        return parts

    def _encode(self, text: str) -> list[int]:
        # verbose would warn of lengths, which the engine checks itself
        return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def _decode(self, ids: Sequence[int]) -> str:
        return str(
            self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )

    def _markers_in(self, ids: Sequence[int]) -> list[int]:
        return [i for i in ids if i in self._markers]
