"""One case for people: its answers side by side, the verdicts, and the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe
from judgekit.cli.render.criteria import criterion_line
from judgekit.types import Case, Choice, Column, Message, Outcome, Position, Verdict

if TYPE_CHECKING:
    from judgekit.runs import StoredJudgement

__all__ = ["print_case", "print_title", "shorten"]

PROMPT_ROWS, ANSWER_ROWS, REASON_ROWS = 8, 16, 8  # of the terminal, where texts are shortened
ITEM_ROWS = 3  # of one item of a list
LETTERS = "ab"
SHORTENED_WIDTH = 100  # cells of a line where there is no terminal to ask
BORDERS = 7  # columns that the lines of a table of two take

DISAGREEMENT = {
    Position.FIRST: "the first shown was chosen in both orders",
    Position.SECOND: "the second shown was chosen in both orders",
    Position.HALF_TIE: "a tie in one order, a winner in the other",
}


@dataclass(frozen=True)
class Page:
    """Where a case is printed. `full`: every text to its end."""

    console: Console
    full: bool

    @property
    def width(self) -> int:
        """The cells of a line, by which texts are shortened."""
        return self.console.width if self.console.is_terminal else SHORTENED_WIDTH

    def text(self, text: str, rows: int, *, width: int | None = None, style: str = "") -> Text:
        """A text of a file or a model, safe, and shortened to about `rows` unless full."""
        if not text.strip():
            return Text("(empty)" if not text else "(only white space)", style="dim italic")
        if self.full:
            return Text(safe(text), style=style)
        kept, hidden = shorten(safe(text), width or self.width, rows)
        shown = Text(kept, style=style)
        if hidden:
            shown.append(f"\n… {hidden:,} more characters (--full shows all)", style="dim italic")
        return shown


def shorten(text: str, width: int, rows: int) -> tuple[str, int]:
    """The beginning that fits `rows` rows of `width` cells, and how many characters are hidden."""
    kept: list[str] = []
    room = rows * width  # cells
    for line in text.split("\n"):
        part = line[:room]
        while cell_len(part) > room:
            part = part[: len(part) * room // cell_len(part)]
        kept.append(part)
        room -= max(1, ceil(cell_len(part) / width)) * width
        if room <= 0:
            break
    begun = "\n".join(kept).rstrip("\n")
    rest = text[len(begun) :]
    return begun, len(rest) if rest.strip() else 0


def print_case(
    console: Console,
    case: Case,
    outcome: Outcome,
    judgements: Sequence[StoredJudgement],
    *,
    full: bool,
) -> None:
    """Prints one case with its answers, the judge's verdicts and its outcome."""
    page = Page(console, full)
    labels = [label(case, i) for i in range(len(case.responses))]
    print_title(console, case)
    for message in case.prompt:
        console.print(prompt_text(page, message))
    for name, column in case.columns:
        console.print(column_text(page, name, column))
    for part in answers(page, case, outcome, labels):
        console.print(part)
    if case.reference is not None:
        reference = Text("reference: ", style="dim")
        console.print(reference + page.text(case.reference, PROMPT_ROWS))
    for part in verdict_lines(page, judgements, labels):
        console.print(part)
    judges = len({stored.judge for stored in judgements})
    console.print(Text("→ " + safe(in_words(outcome, labels, judges)), style="bold"))
    console.print()


def print_title(console: Console, case: Case) -> None:
    """The case's id and category, in a terminal on a line across it."""
    title = Text(safe(case.id), style="bold")
    if case.category is not None:
        title.append(f"  {safe(case.category)}", style="dim")
    console.print(Rule(title, align="left", style="dim") if console.is_terminal else title)


def label(case: Case, index: int) -> str:
    """``gpt-4 (a)``: the letters keep two answers of one model apart."""
    return f"{case.responses[index].model} ({LETTERS[index]})"


def prompt_text(page: Page, message: Message) -> Text:
    """One message of the prompt."""
    text = Text(f"{message.role}: ", style="dim")
    if message.content or not message.tool_calls:
        text += page.text(message.content, PROMPT_ROWS)
    if message.extra:
        text.append(" fields ", style="dim")
        text += page.text(message.extra, PROMPT_ROWS)
    if message.tool_calls:
        text.append("calls ", style="dim")
        text += page.text(message.tool_calls, PROMPT_ROWS)
    return text


def column_text(page: Page, name: str, column: Column) -> Text:
    """A further column that a judge needed; the items of a list are numbered."""
    if isinstance(column, str):
        return Text(f"{safe(name)}: ", style="dim") + page.text(column, PROMPT_ROWS)
    lines = [Text(f"{safe(name)}:" if column else f"{safe(name)}: no items", style="dim")]
    for number, item in enumerate(column, 1):
        lines.append(Text(f"  {number}. ", style="dim") + page.text(item, ITEM_ROWS))
    return Text("\n").join(lines)


def answers(
    page: Page, case: Case, outcome: Outcome, labels: Sequence[str]
) -> Iterator[RenderableType]:
    """The responses, each after its own answers to earlier turns; in a terminal side by side."""
    side_by_side = page.console.is_terminal
    width = max(10, (page.width - BORDERS) // len(labels)) if side_by_side else page.width
    table = Table(expand=True, border_style="dim")
    cells = []
    for i, response in enumerate(case.responses):
        style = "bold green" if outcome.winner == i else "bold"
        head = Text(safe(labels[i]), style=style)
        table.add_column(head, ratio=1, overflow="fold")
        cell = Text()
        for turn, earlier in enumerate(response.earlier, 1):
            cell.append(f"(turn {turn}) ", style="dim")
            cell += page.text(earlier, ANSWER_ROWS // 2, width=width) + Text("\n\n")
        cell += page.text(response.text, ANSWER_ROWS, width=width)
        cells.append(cell if side_by_side else head + Text(": ") + cell)
    if side_by_side:
        table.add_row(*cells)
        yield table
    else:
        yield from cells


def verdict_lines(
    page: Page, judgements: Sequence[StoredJudgement], labels: Sequence[str]
) -> Iterator[RenderableType]:
    """The judge's verdict in each showing: what stood where, the verdict, its reasoning."""
    for stored in judgements:
        yield Text(safe(showing(stored, labels)), style="cyan")
        if reasoning := stored.judgement.verdict.reasoning:
            text = page.text(reasoning, REASON_ROWS, width=page.width - 2)
            yield Padding(text, (0, 0, 0, 2), expand=False)
        for criterion in stored.judgement.verdict.criteria:
            text = page.text(criterion_line(criterion), REASON_ROWS, width=page.width - 2)
            yield Padding(text, (0, 0, 0, 2), expand=False)


def showing(stored: StoredJudgement, labels: Sequence[str]) -> str:
    """``first gpt-4 (a) as A, second phi-3 (b) as B: chose the first, gpt-4 (a)``.

    The names are those that the judge's reasoning uses: in the other order A is another answer.
    """
    trial = stored.judgement.trial
    shown = [labels[i] for i in trial.order]
    where = shown[0]
    if len(shown) > 1:
        one, two = trial.names
        where = f"first {shown[0]} as {one}, second {shown[1]} as {two}"
    if trial.repeat:
        where += f" (repeat {trial.repeat})"
    by = f"{stored.judge}: " if stored.judge else ""  # of several
    return f"{by}{where}: {verdict_text(stored.judgement.verdict, shown)}"


def verdict_text(verdict: Verdict, shown: Sequence[str]) -> str:
    """A verdict in words; one that is not valid with what is known of why."""
    if verdict.label is not None:
        chances = [f"{name} {100 * chance:.0f} %" for name, chance in verdict.probabilities]
        return f"class {verdict.label}" + (f" ({', '.join(chances)})" if chances else "")
    if verdict.score is not None:
        return f"score {verdict.score:g}"
    if verdict.choice is None:
        return f"no verdict, {verdict.status}" + (f" ({verdict.error})" if verdict.error else "")
    choice = {
        Choice.FIRST: f"chose the first, {shown[0]}",
        Choice.SECOND: f"chose the second, {shown[-1]}",
        Choice.TIE: "a tie",
    }[verdict.choice]
    p = verdict.probability
    return choice if p is None else f"{choice} (the first better with p = {p:.2f})"


def in_words(outcome: Outcome, labels: Sequence[str], judges: int = 1) -> str:
    """The outcome of a case that so many judges judged."""
    if outcome.identical:
        return "a tie: the answers are the same text, and no judge was asked"
    if not outcome.decided:
        wrong = [f"{n} {name}" for name, n in outcome.statuses.items() if name != "valid"]
        if outcome.labels and not wrong:
            return "no verdict: no class has the most votes"
        return f"no verdict: of {sum(outcome.statuses.values())} trials {', '.join(wrong)}"
    if len(labels) == 1 and outcome.labels:
        return f"class {outcome.labels[0]}"
    if len(labels) == 1:
        return f"score {number(outcome.scores[0])}"
    against = DISAGREEMENT.get(outcome.position) if outcome.position else None
    if outcome.winner is None:
        return f"inconsistent: {against or 'the trials do not agree'}"
    what = "a tie" if outcome.winner == "tie" else f"{labels[outcome.winner]} is better"
    if outcome.labels:
        return f"{what}: {' against '.join(each or 'none' for each in outcome.labels)}"
    if outcome.scores:
        return f"{what}: {' against '.join(number(s) for s in outcome.scores)} points"
    if judges > 1:
        how = f"by {judges} judges"
    elif outcome.position is Position.CONSISTENT:
        how = "both orders agree"
    elif against is not None:
        how = f"by the mean of the orders, though {against}"
    else:
        how = "shown in one order only"
    margin = "" if outcome.margin is None else f", margin {outcome.margin:.2f}"
    return f"{what}: {how}{margin}"


def number(score: float | None) -> str:
    """A score in as few digits as it needs."""
    return "none" if score is None else f"{score:g}"
