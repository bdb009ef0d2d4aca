"""Encodes rows as examples in tokens; long rows are cut, and dropped if nothing remains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from judgekit.errors import InputError
from judgekit.train.data.chat_format import (
    CUT,
    ChatFormat,
    PlainFormat,
    Prompt,
    PromptFormat,
    TemplateRefusal,
    messages_of,
    recent_turns,
)
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import Conversation, PairRow, TextRow

__all__ = ["EncodedRows", "Encoder", "TokenCounts"]

BATCH = 512  # rows tokenized at once, enough to keep the tokenizer's threads busy

Tokens = list[int]


@dataclass(frozen=True)
class EncodedRows:
    """Examples, and the index of each one's row.

    `counts` are rows. Kept: ``prompts_cut`` and ``answers_cut``. Dropped: ``no_room`` (no token of
    the prompt's text would fit), ``same_tokens`` (both answers are equal once cut) and ``refused``
    (by the chat template). A reason without rows is absent.
    """

    examples: list[Example]
    kept: list[int]
    counts: Mapping[str, int]

    @property
    def tokens(self) -> TokenCounts:
        return TokenCounts.of(self.examples)


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens of `n` examples: `prompt` and `completion` in all.

    `longest` is the longest prompt with all its completions, `longest_text` with one of them.
    """

    n: int
    prompt: int
    completion: int
    longest: int
    longest_text: int

    @classmethod
    def of(cls, examples: Sequence[Example]) -> TokenCounts:
        prompts = [len(example.prompt) for example in examples]
        answers = [[len(ids) for ids in example.completions] for example in examples]
        return cls(
            len(examples),
            sum(prompts),
            sum(map(sum, answers)),
            max((p + sum(a) for p, a in zip(prompts, answers, strict=True)), default=0),
            max((p + max(a) for p, a in zip(prompts, answers, strict=True)), default=0),
        )


@dataclass(frozen=True, slots=True)
class PromptRow:
    """A row with its prompt as text and in tokens; the first `skipped` tokens are cut."""

    prompt: Prompt
    answers: Sequence[str]
    tools: str
    text: str
    ids: Tokens
    shortened: bool = False
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """A row in tokens, cut to its final lengths."""

    prompt: Tokens
    completions: list[Tokens]
    prompt_cut: bool
    answers_cut: bool


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """A row that makes no example: the reason that counts it, and an explanation."""

    name: Literal["no_room", "same_tokens", "refused"]
    why: str


class Encoder:
    """Turns rows into examples with one tokenizer.

    The template ``chat`` writes a prompt as the chat template does to ask for an answer, and the
    answer up to its end of turn. ``plain`` takes texts as they are, after the tokenizer's
    beginning-of-text token if it has one, and ends answers with the end-of-text token. Prompt and
    answer are tokenized together if that leaves the prompt's tokens unchanged, else separately: at
    inference the model reads the prompt alone.

    Args:
        tokenizer: The model's tokenizer.
        template: ``chat`` or ``plain``.
        max_length: Tokens of a prompt with one answer.
        max_prompt_length: Tokens of a prompt.
        name: The model's name, for messages.

    Raises:
        InputError: The tokenizer or the lengths cannot be used.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        template: Literal["chat", "plain"],
        max_length: int,
        max_prompt_length: int,
        name: str = "",
    ) -> None:
        if not 1 <= max_prompt_length < max_length:
            raise InputError(
                f"prompts of {max_prompt_length} tokens leave no room for an answer in "
                f"{max_length}; lower --max-prompt-length or raise --max-length"
            )
        name = name or str(tokenizer.name_or_path)
        self._tokenizer = tokenizer
        chat = template == "chat"
        self._format: PromptFormat = ChatFormat(tokenizer, name) if chat else PlainFormat(tokenizer)
        # A chat template writes the beginning of text itself. Without a template, or if it has no
        # end of turn, the end-of-text token ends an answer.
        self._start = [] if chat else self._start_ids()
        self._end = [] if self._format.end_of_turn else [tokenizer.eos_token_id]
        if self._end == [None]:
            raise InputError(
                f"the tokenizer of {name!r} has no end-of-text token, so no answer could end; "
                f"add eos_token to its tokenizer_config.json"
            )
        self._longest, self._room = max_length, max_prompt_length - len(self._start)

    def pairs(self, rows: Sequence[PairRow]) -> EncodedRows:
        """Examples of two completions, chosen and rejected. Raises `InputError` if none is left."""
        return self._encoded(
            [row.prompt for row in rows],
            [(row.chosen, row.rejected) for row in rows],
            [(row.margin, row.probability) for row in rows],
            [row.tools for row in rows],
        )

    def texts(self, rows: Sequence[TextRow]) -> EncodedRows:
        """Examples of one completion. Raises `InputError` if none is left."""
        return self._encoded(
            [row.prompt for row in rows],
            [(row.answer,) for row in rows],
            [(None, None)] * len(rows),
            [row.tools for row in rows],
        )

    def _encoded(
        self,
        prompts: Sequence[Prompt],
        answers: Sequence[Sequence[str]],
        labels: Sequence[tuple[float | None, float | None]],
        tools: Sequence[str],
    ) -> EncodedRows:
        counts: Counter[str] = Counter()
        examples, kept = [], []
        dropped: DroppedRow | None = None
        for start in range(0, len(prompts), BATCH):
            part = slice(start, start + BATCH)
            batch = self._batch(prompts[part], answers[part], tools[part])
            for index, row in enumerate(batch, start):
                if isinstance(row, DroppedRow):
                    counts[row.name] += 1
                    dropped = dropped or row
                    continue
                counts["prompts_cut"] += row.prompt_cut
                counts["answers_cut"] += row.answers_cut
                completions = tuple(map(tuple, row.completions))
                examples.append(Example(tuple(row.prompt), completions, *labels[index]))
                kept.append(index)
        if dropped and not examples:
            raise InputError(f"none of {len(prompts)} rows can be used; the first: {dropped.why}")
        return EncodedRows(examples, kept, dict(+counts))

    def _batch(
        self, prompts: Sequence[Prompt], answers: Sequence[Sequence[str]], tools: Sequence[str]
    ) -> Iterator[EncodedRow | DroppedRow]:
        """The rows of one batch, in their order."""
        shown = [self._with_texts(row) for row in self._prompt_rows(prompts, answers, tools)]
        # All texts at once: the tokenizer's threads share them.
        wholes = iter(self._encode([text for _, texts in shown for text in texts]))
        for row, texts in shown:
            yield row if isinstance(row, DroppedRow) else self._encoded_row(row, texts, wholes)

    def _prompt_rows(
        self, prompts: Sequence[Prompt], answers: Sequence[Sequence[str]], tools: Sequence[str]
    ) -> Iterator[PromptRow | DroppedRow]:
        """The prompts in tokens; those that are too long lose their beginnings."""
        prepared = [self._format.normalized(p, a) for p, a in zip(prompts, answers, strict=True)]
        texts: list[str | DroppedRow] = []
        for (prompt, _), tool_text in zip(prepared, tools, strict=True):
            try:
                texts.append(self._format.prompt_text(prompt, tool_text))
            except TemplateRefusal as error:
                texts.append(DroppedRow("refused", str(error)))
        encoded = iter(self._encode([text for text in texts if isinstance(text, str)]))
        for (prompt, row_answers), tool_text, text in zip(prepared, tools, texts, strict=True):
            if isinstance(text, DroppedRow):
                yield text
                continue
            row = PromptRow(prompt, row_answers, tool_text, text, next(encoded))
            yield row if len(row.ids) <= self._room else self._shortened(row)

    def _shortened(self, row: PromptRow) -> PromptRow | DroppedRow:
        """The row with the beginning of its prompt cut off.

        A conversation first loses its oldest turns, except its system prompt; then the last user
        message loses its beginning. A plain text loses its first tokens.
        """
        if isinstance(row.prompt, str):
            return replace(row, skipped=len(row.ids) - self._room, shortened=True)
        for later in recent_turns(row.prompt):
            row = self._with_prompt(row, later)
            if len(row.ids) <= self._room:
                return row
        prompt = messages_of(row.prompt)
        place = next((i for i, message in enumerate(prompt) if message.role == "user"), 0)
        content = prompt[place].content
        (letters,) = self._encode([self._format.guard(content)])
        keep = len(letters)
        while (over := len(row.ids) - self._room) > 0 and (keep := keep - over) > 0:
            # Decoded only to measure it: what remains is an end of the text, in whole characters.
            end = self._tokenizer.decode(letters[-keep:], clean_up_tokenization_spaces=False)
            start = max(0, len(content) - len(end.lstrip("\ufffd")))
            last = replace(prompt[place], content=content[start:])
            row = self._with_prompt(row, (*prompt[:place], last, *prompt[place + 1 :]))
        if keep > 0 and messages_of(row.prompt)[place].content:
            return row
        why = f"the template leaves no room for the prompt's text in {self._room} tokens"
        return DroppedRow("no_room", f"{why}; raise --max-prompt-length")

    def _with_prompt(self, row: PromptRow, prompt: Conversation) -> PromptRow:
        """The row with another prompt; unchanged where the template refuses that one."""
        try:
            text = self._format.prompt_text(prompt, row.tools)
        except TemplateRefusal:
            return row
        (ids,) = self._encode([text])
        return PromptRow(prompt, row.answers, row.tools, text, ids, shortened=True)

    def _with_texts(self, row: PromptRow | DroppedRow) -> tuple[PromptRow | DroppedRow, list[str]]:
        """The row, and its texts: the prompt with each answer up to the end of its turn."""
        if isinstance(row, DroppedRow):
            return row, []
        bodies = [
            self._format.answer_text(row.prompt, row.text, answer, row.tools)
            for answer in row.answers
        ]
        return row, [row.text + answer_text + self._format.end_of_turn for answer_text in bodies]

    def _encoded_row(
        self, row: PromptRow, texts: Sequence[str], encoded_texts: Iterator[Tokens]
    ) -> EncodedRow | DroppedRow:
        """The row in tokens; `encoded_texts` yields the tokens of its texts next."""
        prompt = self._start + row.ids[row.skipped :]
        room = self._longest - len(prompt)
        completions = []
        for text in texts:
            tokens = next(encoded_texts)
            ids = tokens[len(row.ids) :]
            if tokens[: len(row.ids)] != row.ids:
                (ids,) = self._encode([text[len(row.text) :]])
            completions.append(ids + self._end)
        cut = [ids[:room] for ids in completions]
        if len(cut) == 2 and cut[0] == cut[1]:
            why = f"cut to {room} tokens, both answers are the same"
            return DroppedRow("same_tokens", f"{why}; raise --max-length")
        return EncodedRow(prompt, cut, row.shortened, cut != completions)

    def _encode(self, texts: Sequence[str]) -> list[Tokens]:
        """Token ids of texts, tokenized separately between `CUT`s."""
        pieces = [text.split(CUT) for text in texts]
        flat = [piece for parts in pieces for piece in parts]
        if not flat:
            return []
        # verbose would warn about lengths, which are handled here
        encoded = self._tokenizer(
            flat, add_special_tokens=False, return_attention_mask=False, verbose=False
        )
        piece_ids = iter(encoded["input_ids"])
        return [[i for _ in parts for i in next(piece_ids)] for parts in pieces]

    def _start_ids(self) -> Tokens:
        """The tokens that the tokenizer puts before a text."""
        (bare,) = self._encode(["x"])
        dressed = list(self._tokenizer("x")["input_ids"])
        starts = (i for i in range(len(dressed)) if dressed[i : i + len(bare)] == bare)
        return dressed[: next(starts, 0)]
