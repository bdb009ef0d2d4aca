"""What the metrics of `summary.json` mean: every key has its entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest
from commands import Cli

from judgekit.errors import InputError
from judgekit.stats import RankingSummary, Rate, ScoreSummary, Summary
from judgekit.stats.metric import metric_of
from judgekit.stats.summaries.reference import explain, list_metrics, reference_markdown
from judgekit.types import StopReason


def dataclasses_in(hint: Any) -> Iterator[type[Any]]:
    if isinstance(hint, type) and is_dataclass(hint):
        yield hint
    for own in get_args(hint):
        yield from dataclasses_in(own)


def undocumented(owner: type[Any]) -> Iterator[str]:
    hints = get_type_hints(owner)
    for field in fields(owner):
        if metric_of(field) is None:
            yield f"{owner.__name__}.{field.name}"
        for inner in dataclasses_in(hints[field.name]):
            if inner is not StopReason:
                yield from undocumented(inner)


@pytest.mark.parametrize("summary", [Summary, ScoreSummary, RankingSummary])
def test_every_field_of_a_summary_is_documented(summary: type[Any]) -> None:
    assert list(undocumented(summary)) == []
    assert list(undocumented(Rate)) == []


def test_rates_and_counts_have_a_unit() -> None:
    for entry in list_metrics():
        if entry.interval:
            assert entry.metric.unit or entry.path.endswith("mean_score"), entry.path
            assert entry.metric.denominator, entry.path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("win_rate_mean_a", "win_rate_mean_a"),
        ("win_rate_a.low", "win_rate_a"),
        ("bounds_a.low", "bounds_a.low"),
        ("position.first_share", "position.first_share"),
        ("position_intervals.first_share.high", "position.first_share"),
        ("statuses.unparsed", "statuses"),
        ("undecided", "no_verdict"),
        ("watched_a.high", "anytime_win_rate_a"),
        ("jury.seats.0.equal.low", "jury.jurors.percent_agreement"),
        ("jury.jurors.kappa", "jury.jurors.kappa"),
        ("ratings.models.rating", "ratings.models.rating"),
    ],
)
def test_a_metric_is_explained_by_its_path(name: str, path: str) -> None:
    assert {entry.path for entry in explain(name)} == {path}


@pytest.mark.parametrize("name", ["win_rate", "win_rate_a.middle", "cases.low", "", "jury.alfa"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(InputError, match="no metric"):
        explain(name)


def test_the_closest_name_is_suggested(cli: Cli) -> None:
    assert "did you mean 'win_rate_a'?" in cli("explain", "winrate_a").error
    assert "did you mean 'jury.alpha'?" in cli("explain", "jury.alfa").error


def test_a_key_with_two_meanings_has_both() -> None:
    assert {entry.kinds for entry in explain("no_verdict")} == {("compare",), ("score",)}


def test_the_command(cli: Cli) -> None:
    shown = cli("explain", "win_rate_a").out
    assert "(wins_a + (ties + inconsistent) / 2) / (cases - no_verdict)" in shown
    assert "formerly:  watched_a" in cli("explain", "anytime_win_rate_a").out
    every = cli("explain").out
    assert "win_rate_mean_a" in every
    found = cli("explain", "--json").json["metrics"]
    assert len(found) == len(list_metrics())
    assert set(found[0]) >= {"metric", "definition", "unit", "denominator", "formula", "kinds"}


def test_the_reference_page_has_every_key() -> None:
    page = reference_markdown()
    assert all(f"| `{entry.path}` |" in page for entry in list_metrics())
    assert "- `undecided` is now `no_verdict`" in page
