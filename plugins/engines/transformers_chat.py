"""A call as a chat model reads it: its chat template, in tokens; and tokens as text again.

A text under judgement may spell the model's own role markers. They are read as the letters they
are made of: the special tokens of a prompt are those of its template, in their order, and no
others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from judgekit.errors import CallFailure, InputError
from judgekit.models.folders import one_line
from judgekit.naming import unknown
from judgekit.types import Call, Message

from .openai_reply import whole

__all__ = ["Chat", "Prompt"]

SLOT = re.compile(r"Qx(\d+)xQ")  # stands for a text while a conversation is framed
WORD = re.compile(r"\b[a-z]\w+\b")
PROBE = (Message("system", "Qx0xQ"), Message("user", "Qx1xQ"), Message("assistant", "Qx2xQ"))
DAY = "26 Jul 2024"  # for templates that write today's: a call is the same on every day
SAME_DAY = "{%- macro strftime_now(format) -%}" + DAY + "{%- endmacro -%}"
TAIL = 64  # characters; tokens near the end of a text do not depend on what stands before them


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt: its token ids, and how its text ends."""

    ids: tuple[int, ...]
    end: str


class Chat:
    """Shows calls to one model through its tokenizer's chat template.

    Raises `InputError` where the tokenizer has no chat template, or a broken one.
    """

    def __init__(self, name: str, tokenizer: Any) -> None:
        self._name = name
        self.tokenizer = tokenizer
        try:
            self._template = SAME_DAY + tokenizer.get_chat_template()
        except ValueError as error:  # there is none, or none that is the usual one
            raise InputError(
                f"{name!r} has no chat template, so how it wants to be asked is not known; take "
                f"a chat model, or add its chat_template.jinja to its folder"
            ) from error
        self._words = frozenset(WORD.findall(self._template))
        self._takes_system = self._shows_system()
        self._markers = self._find_markers()
        spelt = sorted(self._markers.values(), key=len, reverse=True)
        # Looks ahead, so that markers which overlap are found as well.
        self._marker = re.compile(f"(?={'|'.join(map(re.escape, spelt))})" if spelt else "(?!)")

    def prompt(self, call: Call, *, bare: bool = False) -> Prompt:
        """The call's prompt, ready for the answer, which begins with the call's prefill.

        `bare`: without the white space that it ends with. Raises `CallFailure` where the template
        refuses the conversation or a text cannot be kept from being read as markers, `InputError`
        for an argument that the template has no word for.
        """
        messages = self._messages(call)
        variables = self._variables(call.sampling.extra)
        texts = [message.content for message in messages]
        slots = [replace(m, content=f"Qx{i}xQ") for i, m in enumerate(messages)]
        frame = self._render(slots, variables, continued=bool(call.prefill))
        wanted = self._markers_in(self._encode(frame))
        for parts in (
            [self._render(messages, variables, continued=bool(call.prefill))],
            self._apart(frame, texts),
        ):
            if bare:
                parts[-1] = parts[-1].rstrip()
            ids = [i for part in parts for i in self._encode(part)]
            if self._markers_in(ids) == wanted:
                return Prompt(tuple(ids), parts[-1][-TAIL:])
        raise CallFailure(
            "special tokens", "a text holds what the tokenizer takes for a role marker of its own"
        )

    def text(self, before: Sequence[int], ids: Sequence[int]) -> str:
        """What `ids` say where they follow `before`: their white space depends on it."""
        anchor = list(before[-1:])
        said = self._decode([*anchor, *ids])
        return said.removeprefix(self._decode(anchor))

    def spellings(self, labels: Sequence[str]) -> dict[int, str]:
        """The tokens that are one of the labels but for white space, each with its label."""
        every = self.tokenizer.batch_decode([[i] for i in range(len(self.tokenizer))])
        return {i: said.strip() for i, said in enumerate(every) if said.strip() in labels}

    def _messages(self, call: Call) -> list[Message]:
        """The conversation as the template can show it; texts as tokenizers can take them."""
        system, out = "", []
        for message in call.messages:
            text = "\n".join(filter(None, (message.content, message.tool_calls)))
            if message.role == "system" and not self._takes_system:
                system += f"{text}\n\n"
                continue
            if message.role == "user":
                text, system = system + text, ""
            out.append(Message(message.role, whole(text)))
        if system:
            out.append(Message("user", whole(system.strip())))
        if call.prefill:
            out.append(Message("assistant", whole(call.prefill)))
        return out

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
        from jinja2 import TemplateError

        rows = [{"role": m.role, "content": m.content} for m in messages]
        given = {"chat_template": self._template, "date_string": DAY, **variables}
        how = "continue_final_message" if continued else "add_generation_prompt"
        try:
            return str(
                self.tokenizer.apply_chat_template(rows, tokenize=False, **{how: True}, **given)
            )
        except (TemplateError, ValueError, TypeError) as error:
            raise CallFailure(
                "chat template", f"the chat template refuses the conversation: {one_line(error)}"
            ) from error

    def _shows_system(self) -> bool:
        """Whether the template shows a system message; some refuse it, some leave it out.

        Raises `InputError` where it does not even show a user's.
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

    def _find_markers(self) -> dict[int, str]:
        """The tokens that mean more than their letters, by id: special ones, and whatever the
        template puts between texts, special or not."""
        probe = PROBE if self._takes_system else PROBE[1:]
        try:
            shown = self._render(probe, {}, continued=False)
        except CallFailure:  # an answer may not come last
            shown = self._render(PROBE[1:2], {}, continued=False)
        used = set(self._encode(shown))
        tokenizer = self.tokenizer
        # What stands for unknown letters is no marker, unless it is one by its other name.
        unknown_id = {tokenizer.unk_token_id} - {tokenizer.bos_token_id, tokenizer.eos_token_id}
        return {
            number: token.content
            for number, token in tokenizer.added_tokens_decoder.items()
            if len(token.content) > 1
            and number not in unknown_id
            and (token.special or (number in used and re.search(r"\w", token.content)))
        }

    def _apart(self, frame: str, texts: Sequence[str]) -> list[str]:
        """The framed conversation in parts, cut inside every marker that a text spells.

        The parts are the whole; encoded one by one, none of them holds a marker of a text.
        """
        parts = [""]
        for position, piece in enumerate(SLOT.split(frame)):
            if position % 2 == 0:
                parts[-1] += piece
                continue
            text, start = texts[int(piece)], 0
            for found in self._marker.finditer(text):
                parts[-1] += text[start : found.start() + 1]
                parts.append("")
                start = found.start() + 1
            parts[-1] += text[start:]
        return parts

    def _encode(self, text: str) -> list[int]:
        # verbose would warn of lengths that the engine itself looks after
        return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def _decode(self, ids: Sequence[int]) -> str:
        return str(
            self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )

    def _markers_in(self, ids: Sequence[int]) -> list[int]:
        return [i for i in ids if i in self._markers]
