"""Rankings as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from judgekit.cli.format_flag import output_format
from judgekit.cli.render.case import (
    ANSWER_ROWS,
    PROMPT_ROWS,
    Page,
    column_text,
    number,
    print_title,
    prompt_text,
    verdict_lines,
)
from judgekit.cli.render.columns import Heading, grid
from judgekit.cli.render.console import safe
from judgekit.cli.render.figures import NONE, score_text
from judgekit.cli.render.ratings import ratings_note, ratings_table
from judgekit.cli.render.tables import input_lines, position_lines, win_rate_name, with_reasons
from judgekit.stats import RankingSummary, Rate, Summary
from judgekit.stats.plain import encode
from judgekit.stats.summaries.document import AnySummary
from judgekit.types import Case, Ranking

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.runs import StoredJudgement

__all__ = ["comparisons_matrix", "exported_models", "print_ranked", "print_summary"]

FEWEST = 3  # models that make a matrix
WIDEST = 6  # models whose win rates against each other fit into a terminal
UNITS = {"points": "points", "log_odds": "log-odds", "lead": "lead, -1 to 1"}


def print_summary(console: Console, summary: RankingSummary) -> None:
    """A run's summary: counts, the models best first, and how often each wins against each."""
    if summary.heading:
        console.print(Text(safe(summary.heading), style="italic"))
    by = summary.judge + (f" · {summary.model}" if summary.model else "")
    console.print(Text(safe(f"{summary.responses} answers ranked by {by}"), style="bold"))
    counts = Table(box=None, show_header=False, pad_edge=False)
    counts.add_column(style="dim")
    counts.add_column()
    for name, value in [*count_lines(summary), *input_lines(summary)]:
        counts.add_row(Text(safe(name)), Text(safe(value)))
    console.print(counts)
    if not summary.models:
        return
    console.print()
    if summary.ratings is not None:
        console.print(ratings_table(summary.ratings.models, console.width))
        console.print(Text(ratings_note(summary.ratings), style="dim"))
    else:
        console.print(means_table(summary, console.width))
    if len(summary.models) <= WIDEST or output_format() == "markdown":
        order = best_first(summary)
        names = [summary.models[i].model for i in order]
        rates = [[summary.win_rates[i][j] for j in order] for i in order]
        console.print()
        console.print(wins_table(names, rates, console.width))


def count_lines(s: RankingSummary) -> list[tuple[str, str]]:
    """The counts of a ranking."""
    identical = f"  ({s.identical} of them all the same text)" if s.identical else ""
    return [
        ("cases", f"{s.cases}{identical}"),
        ("pairs of different answers", str(s.comparisons)),
        ("with pairs without a verdict", with_reasons(s.incomplete, s.statuses)),
        *position_lines(s.position),
    ]


def best_first(s: RankingSummary) -> list[int]:
    """The places of the models, by rating or mean rank."""
    names = [model.model for model in s.models]
    if s.ratings is not None:
        return [names.index(rated.model) for rated in s.ratings.models]
    return sorted(range(len(names)), key=lambda i: s.models[i].mean_rank.value or inf)


def means_table(s: RankingSummary, width: int) -> Table:
    """The models' mean ranks and scores."""
    unit = f", {UNITS[s.scale]}" if s.scale else ""
    names = ("cases", "mean rank (95 %)", f"mean score (95 %){unit}")
    models = [s.models[i] for i in best_first(s)]
    return grid(
        [Heading("model", numeric=False), *map(Heading, names)],
        [
            (
                Text(safe(model.model)),
                str(model.cases),
                score_text(model.mean_rank),
                score_text(model.mean_score),
            )
            for model in models
        ],
        width,
    )


def wins_table(
    names: Sequence[str],
    rates: Sequence[Sequence[Rate | None]],
    width: int,
    rate: str = "win rate",
) -> Table:
    """Each row's win rate against the model of each column: by number, since names are long."""
    against = [Heading(str(place)) for place in range(1, len(names) + 1)]
    rows: list[Sequence[Text | str]] = [
        (Text(safe(f"{place} {name}")), *map(short_rate, row_rates))
        for place, (name, row_rates) in enumerate(zip(names, rates, strict=True), 1)
    ]
    return grid([Heading(f"{rate} in % against", numeric=False), *against], rows, width)


def comparisons_matrix(summaries: Sequence[Summary], width: int) -> Table | None:
    """The win rates of models that were all compared with each other; None of fewer than three."""
    names = list(dict.fromkeys(name for s in summaries for name in (s.a, s.b)))
    by_pair = {}
    for s in summaries:
        rate = s.stated_win_rate_a
        by_pair[s.a, s.b], by_pair[s.b, s.a] = rate, other_side(rate)
    if len(names) < FEWEST or len(by_pair) < len(names) * (len(names) - 1):
        return None
    rates = [[by_pair.get((a, b)) for b in names] for a in names]
    return wins_table(names, rates, width, win_rate_name(summaries))


def other_side(rate: Rate) -> Rate:
    """The other model's win rate."""
    ends = (rate.value, rate.high, rate.low)
    return Rate(*(None if end is None else 1 - end for end in ends))


def exported_models(summary: AnySummary) -> list[dict[str, Any]]:
    """The rows of a ranking for a CSV file, best first: metrics, and win rates against each.

    Empty where the run ranked no models.
    """
    if not isinstance(summary, RankingSummary):
        return []
    rated = {} if summary.ratings is None else {m.model: m for m in summary.ratings.models}
    rows = []
    for i in best_first(summary):
        model, wins = summary.models[i], summary.win_rates[i]
        against = {
            other.model: encode(rate)
            for other, rate in zip(summary.models, wins, strict=True)
            if rate is not None
        }
        rating = {"rating": encode(rated[model.model])} if model.model in rated else {}
        rows.append(encode(model) | rating | {"win_rate_against": against})
    return rows


def short_rate(rate: Rate | None) -> str:
    """A win rate and its 95 % interval in percent, in few characters for a matrix."""
    if rate is None or rate.value is None or rate.low is None or rate.high is None:
        return NONE
    return f"{100 * rate.value:.0f} ({100 * rate.low:.0f}–{100 * rate.high:.0f})"


def print_ranked(
    console: Console,
    case: Case,
    ranking: Ranking,
    judgements: Sequence[StoredJudgement],
    *,
    full: bool,
) -> None:
    """Prints one case, its answers from the best to the worst."""
    page = Page(console, full)
    labels = [f"{response.model} ({i + 1})" for i, response in enumerate(case.responses)]
    print_title(console, case)
    for message in case.prompt:
        console.print(prompt_text(page, message))
    for name, column in case.columns:
        console.print(column_text(page, name, column))
    for i in compared_answers(ranking):
        console.print(Text(safe(f"{place(ranking, i)}: {labels[i]}"), style="bold green"))
        for turn, earlier in enumerate(case.responses[i].earlier, 1):
            console.print(Text(f"(turn {turn}) ", style="dim") + page.text(earlier, PROMPT_ROWS))
        console.print(page.text(case.responses[i].text, ANSWER_ROWS))
    if case.reference is not None:
        console.print(Text("reference: ", style="dim") + page.text(case.reference, PROMPT_ROWS))
    if not ranking.identical:
        console.print(beats(ranking, labels, console.width))
    for part in verdict_lines(page, judgements, labels):
        console.print(part)
    console.print(Text("→ " + safe(in_words(ranking, labels)), style="bold"))
    console.print()


def place(ranking: Ranking, i: int) -> str:
    """``2, score 0.31``."""
    rank = ranking.ranks[i]
    if rank is None:
        return "no rank"
    score = ranking.scores[i]
    return f"{rank}" + ("" if score is None else f", score {number(score)}")


def beats(ranking: Ranking, labels: Sequence[str], width: int) -> Table:
    """The probability that the answer of each row is better than that of each column."""
    order = compared_answers(ranking)
    against = [Heading(safe(labels[j])) for j in order]
    rows = [(Text(safe(labels[i])), *(Text(chance(ranking, i, j)) for j in order)) for i in order]
    return grid([Heading("probability of being better than", numeric=False), *against], rows, width)


def compared_answers(ranking: Ranking) -> list[int]:
    """The answers that were compared with any, best first."""
    met = {i for pair in ranking.comparisons for i in pair}
    return [i for i in ranking.best_first if i in met]


def chance(ranking: Ranking, i: int, j: int) -> str:
    """The probability that one answer is better than another, where they were compared."""
    if (min(i, j), max(i, j)) not in ranking.comparisons:
        return NONE
    known = ranking.beats[i][j]
    return "unknown" if known is None else f"{known:.2f}"


def in_words(ranking: Ranking, labels: Sequence[str]) -> str:
    """``gpt-4 (1) > phi-3 (3) = phi-2 (2)``, and what is not known."""
    met = compared_answers(ranking)
    if all(outcome.identical for outcome in ranking.comparisons.values()):
        return "a tie: the answers are the same text, and no judge was asked"
    ranked = [i for i in met if ranking.ranks[i] is not None]
    if not ranked:
        return "no ranking: no two answers have a verdict in every showing"
    words = labels[ranked[0]]
    for last, i in pairwise(ranked):
        words += f" {'=' if ranking.ranks[last] == ranking.ranks[i] else '>'} {labels[i]}"
    unknown = sum(not outcome.decided for outcome in ranking.comparisons.values())
    if unknown:
        words += f"; {unknown} of {len(ranking.comparisons)} pairs unknown"
    return words
