"""A run's summary as sections: its rates, outcomes, positions, judges, models and costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from judgekit.report.document import Cell, Column, Section
from judgekit.report.redact import SAFE
from judgekit.runs.metadata import RunMetadata
from judgekit.stats import ModelRank, Positions, RankingSummary, Rate, ScoreSummary, Summary
from judgekit.stats.ratings import Ratings
from judgekit.stats.summaries.document import AnySummary
from judgekit.stats.summaries.jury import JurorMetrics, PositionShares

__all__ = ["cost_section", "rating_section", "settings_section", "summary_sections"]

LONGEST_SETTING = 300


def summary_sections(summary: AnySummary) -> Iterator[Section]:
    """The sections of a summary.

    Args:
        summary: Of any kind of run.
    """
    match summary:
        case Summary():
            yield from comparison_sections(summary)
        case ScoreSummary():
            yield from score_sections(summary)
        case RankingSummary():
            yield from ranking_sections(summary)
    if isinstance(summary, Summary | ScoreSummary):
        yield from juror_sections(summary)
    yield count_section("statuses", "How the trials ended", "status", "trials", summary.statuses)
    if summary.left_out:
        yield count_section(
            "left-out", "Rows in no case", "reason", "rows", summary.left_out, zeros=True
        )


def comparison_sections(s: Summary) -> Iterator[Section]:
    """Win rates, outcomes, position and scores of a comparison."""
    rates: list[tuple[str, Rate | None]] = [
        ("win rate", s.win_rate_a),
        ("anytime-valid", s.anytime_win_rate_a),
        ("mean over trials", s.win_rate_mean_a),
    ]
    note = (
        f"How often {s.a} wins against {s.b}, with 95 % intervals over {s.prompts or 0} prompts. "
        f"The dashed line is one half."
    )
    if s.no_verdict and s.bounds_a.low is not None and s.bounds_a.high is not None:
        ends = f"{100 * s.bounds_a.low:.1f} and {100 * s.bounds_a.high:.1f} %"
        note += f" Had each case without a verdict gone one way, it would be between {ends}."
    yield Section(
        "win-rates",
        f"Win rate of {s.a}",
        (Column("estimate"), Column(f"win rate of {s.a}", "share")),
        tuple((name, rate) for name, rate in rates if rate is not None),
        "intervals",
        note,
        middle=0.5,
        extent=(0.0, 1.0),
    )
    counts = {
        f"{s.a} wins": s.wins_a,
        "ties": s.ties,
        "inconsistent": s.inconsistent,
        "no verdict": s.no_verdict,
        f"{s.b} wins": s.wins_b,
    }
    note = f"{s.identical} of the ties are identical answers, which no judge saw."
    yield Section(
        "outcomes",
        "Outcomes",
        (Column("outcome"), Column("cases", "count")),
        tuple(counts.items()),
        "stack",
        note if s.identical else "",
    )
    yield from position_sections(s.position)
    scores = [(s.a, s.mean_score_a), (s.b, s.mean_score_b)]
    if any(rate is not None for _, rate in scores):
        columns = Column("model"), Column("mean score", "points")
        yield Section("scores", "Mean scores", columns, tuple(scores), "intervals")


def position_sections(position: Positions) -> Iterator[Section]:
    """What the position of an answer does; nothing where no answers stood beside one another."""
    rates = [(f.name.replace("_", " "), getattr(position, f.name)) for f in fields(position)]
    if all(rate.value is None for _, rate in rates):
        return
    yield Section(
        "position",
        "Position",
        (Column("of both orders"), Column("share", "share")),
        tuple(rates),
        "intervals",
        "Consistent: both orders name the same answer. First, second: both orders name the place. "
        "First share: how often the answer shown first is chosen; one half is fair.",
        middle=0.5,
        extent=(0.0, 1.0),
    )


def score_sections(s: ScoreSummary) -> Iterator[Section]:
    """The mean score, and the histogram; of a classifier the share of each class."""
    if s.classes is not None:
        yield Section(
            "class-shares",
            f"Classes of {s.a}",
            (Column("class"), Column("answers", "count"), Column("share", "share")),
            tuple((c.name, c.count, c.share) for c in s.classes),
            "intervals",
            f"{s.no_verdict} answers have no class." if s.no_verdict else "",
            extent=(0.0, 1.0),
        )
    if s.classes is not None and s.mean_score.value is None:
        return
    yield Section(
        "scores",
        f"Mean score of {s.a}",
        (Column("model"), Column("answers", "count"), Column("mean score", "points")),
        ((s.a, s.scored, s.mean_score),),
        "intervals",
        f"{s.no_verdict} answers have no score." if s.no_verdict else "",
    )
    bins = [
        (f"{b.low:g}" if b.low == b.high else f"{b.low:g} to {b.high:g}", b.count)
        for b in s.histogram
    ]
    columns = Column("score"), Column("answers", "count")
    yield Section("histogram", "Scores", columns, tuple(bins), "bars")


def ranking_sections(s: RankingSummary) -> Iterator[Section]:
    """Ratings or mean ranks, the heat map of win rates, and position."""
    if s.ratings is not None:
        yield rating_section(s.ratings)
    elif s.models:
        rows = tuple((m.model, m.mean_rank, m.mean_score, m.cases) for m in leaders(s))
        columns = (
            Column("model"),
            Column("mean rank", "points"),
            Column("mean score", "points"),
            Column("cases", "count"),
        )
        yield Section(
            "leaderboard", "Leaderboard", columns, rows, "intervals", "The lowest rank is best."
        )
    if s.models:
        yield heat_section([m.model for m in s.models], s.win_rates)
    yield from position_sections(s.position)


def leaders(s: RankingSummary) -> list[ModelRank]:
    """The models, best first."""
    last = len(s.models) + 1.0
    return sorted(s.models, key=lambda m: last if m.mean_rank.value is None else m.mean_rank.value)


def rating_section(ratings: Ratings) -> Section:
    """A leaderboard by Bradley-Terry ratings.

    Args:
        ratings: The models, best first.
    """
    rows: list[tuple[Cell, ...]] = []
    for model in ratings.models:
        rate = Rate(model.rating, model.low, model.high)
        open_rank = None in (model.best_rank, model.worst_rank)
        ranks = "–" if open_rank else f"{model.best_rank} to {model.worst_rank}"
        rows.append((model.model, rate, ranks, model.games, model.value))
    columns = (
        Column("model"),
        Column("rating", "points"),
        Column("ranks (95 %)"),
        Column("games", "count"),
        Column("games won", "points"),
    )
    note = "Bradley-Terry ratings: 400 points are odds of ten to one, and the mean is 1000."
    if ratings.reason:
        note += f" No ratings: {ratings.reason}."
    return Section("leaderboard", "Leaderboard", columns, tuple(rows), "intervals", note)


def heat_section(models: Sequence[str], rates: Sequence[Sequence[Rate | None]]) -> Section:
    """The win rate of each model in a row against that of each column."""
    rows = tuple((model, *row) for model, row in zip(models, rates, strict=True))
    columns = (Column("model"), *(Column(model, "share") for model in models))
    note = "How often the model of the row wins against that of the column, ties half, in percent."
    return Section("heat-map", "Each against each", columns, rows, "heat", note)


def juror_sections(s: Summary | ScoreSummary) -> Iterator[Section]:
    """The judges of a jury or a route, each by itself."""
    jurors = s.jury.jurors if s.jury is not None else s.route
    if not jurors:
        return
    score = isinstance(s, ScoreSummary)
    value = Column("mean score", "points") if score else Column(f"win rate of {s.a}", "share")
    columns = (
        Column("judge"),
        value,
        Column("cases", "count"),
        Column("abstained", "share"),
        Column("agreement with the others", "share"),
        Column("kappa", "number"),
        Column("consistent", "share"),
    )
    rows = tuple(juror_row(juror, score=score) for juror in jurors)
    note = ""
    if s.jury is not None and s.jury.alpha.value is not None:
        note = f"Decided by {s.jury.rule}. Krippendorff's alpha is {s.jury.alpha.value:.2f}."
    yield Section(
        "judges",
        "The judges",
        columns,
        rows,
        "intervals",
        note,
        middle=None if score else 0.5,
        extent=None if score else (0.0, 1.0),
    )


def juror_row(juror: JurorMetrics, *, score: bool) -> tuple[Cell, ...]:
    """One judge of several."""
    position: PositionShares = juror.position
    return (
        juror.judge,
        juror.mean_score if score else juror.win_rate_a,
        juror.cases,
        juror.abstained,
        juror.percent_agreement,
        juror.kappa,
        position.consistent,
    )


def count_section(
    name: str, title: str, what: str, counted: str, counts: Mapping[str, int], zeros: bool = False
) -> Section:
    """Counts by name as bars; zeros are left out unless asked for."""
    rows = tuple((k.replace("_", " "), n) for k, n in counts.items() if n or zeros)
    return Section(name, title, (Column(what), Column(counted, "count")), rows, "bars")


def cost_section(metadata: RunMetadata) -> Section:
    """What the run asked, used and paid.

    Args:
        metadata: How the run was made.
    """
    counts = metadata.counts
    rows: list[tuple[Cell, ...]] = [
        ("trials", counts.trials),
        ("judged", counts.judged),
        ("calls", counts.calls),
        ("attempts", counts.attempts),
        ("replies from the store", counts.calls_from_store),
        ("tokens in", counts.tokens_in),
        ("tokens out", counts.tokens_out),
        ("cost", "price unknown" if counts.cost_usd is None else f"${counts.cost_usd:.4f}"),
        ("seconds", f"{metadata.seconds:.1f}"),
        *((f"failed: {name}", n) for name, n in counts.failures.items()),
    ]
    if metadata.stop is not None:
        rows.append(("stopped", metadata.stop.text))
    return Section("cost", "Cost", (Column("what"), Column("how much")), tuple(rows))


def settings_section(metadata: RunMetadata, *, redact: bool) -> Section:
    """All that decided the run.

    Args:
        metadata: How the run was made.
        redact: Leaves out digests of texts, and settings that name places or texts.
    """
    rows: list[tuple[Cell, ...]] = [
        ("judgekit", metadata.judgekit),
        ("python", metadata.python),
        ("kind", metadata.kind),
    ]
    if not redact:
        rows += [("identity", metadata.identity), ("started", metadata.started)]
        rows += [("input", name) for name in metadata.files]
    kept = SAFE if redact else None
    for name, value in metadata.decides.items():
        if kept is None or name in kept:
            rows.append((name, brief(value)))
    if not redact:
        for name, value in metadata.settings.items():
            if name not in metadata.decides and value not in (None, "", [], {}):
                rows.append((name, brief(value)))
    return Section("settings", "Settings", (Column("setting"), Column("value")), tuple(rows))


def brief(value: object) -> str:
    """A setting's value, not too long."""
    written = value if isinstance(value, str) else repr(value)
    return written if len(written) <= LONGEST_SETTING else written[: LONGEST_SETTING - 1] + "…"
