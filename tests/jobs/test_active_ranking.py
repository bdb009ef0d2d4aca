"""`rank --games`: of many models only so many comparisons, and what is asked and said of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import judgekit
from judgekit.cli import main
from judgekit.errors import InputError
from judgekit.stats import RankingSummary

MODELS, PROMPTS = 10, 40

STRENGTHS = '''
from math import exp

from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Choice, Status, Verdict, digest


class Strengths(BatchJudge):
    """Model m0 is the best, each next one a bit worse; the prompt decides by chance."""

    arity = frozenset({2})
    identity = ("strengths", "1")
    window = 32

    def judge_batch(self, trials):
        return [self.say(trial) for trial in trials]

    def say(self, trial):
        first, second = trial.shown
        if "broken" in first.text + second.text:
            return Verdict.without(Status.UNPARSED, "no verdict")
        low, high = sorted((first, second), key=lambda r: r.model)
        lead = 0.5 * (int(high.model[1:]) - int(low.model[1:]))
        drawn = int(digest(trial.case.id, low.model, high.model, size=4), 16) / 2**32
        better = low if drawn < 1 / (1 + exp(-lead)) else high
        return Verdict.chose(Choice.FIRST if better is first else Choice.SECOND)


class Ordered(BatchJudge):
    """The text that comes first in the alphabet wins, always."""

    arity = frozenset({2})
    identity = ("ordered", "1")

    def judge_batch(self, trials):
        return [self.say(*(response.text for response in trial.shown)) for trial in trials]

    def say(self, first, second):
        return Verdict.chose(Choice.FIRST if first < second else Choice.SECOND)


class Lengths(BatchJudge):
    arity = frozenset({1})
    identity = ("lengths", "1")

    def judge_batch(self, trials):
        return [Verdict.scored(len(trial.shown[0].text)) for trial in trials]


@hookimpl
def judgekit_judges():
    return {"strengths": Strengths, "lengths": Lengths, "ordered": Ordered}
'''


@pytest.fixture
def files(here: Path) -> list[str]:
    (here / "plugin.py").write_text(STRENGTHS, encoding="utf-8")
    for model in range(MODELS):
        rows = [
            {"id": str(i), "prompt": f"q{i}", "response": f"{model} on {i}", "model": f"m{model}"}
            for i in range(PROMPTS)
        ]
        write(here / f"m{model}.jsonl", rows)
    return [f"m{model}.jsonl" for model in range(MODELS)]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rank(files: list[str], **settings: Any) -> judgekit.Run[RankingSummary]:
    plain: dict[str, Any] = {"judge": "strengths", "plugins": (Path("plugin.py"),)}
    return judgekit.rank(*files, **plain | settings)


def games(run: judgekit.Run[RankingSummary]) -> list[tuple[str, tuple[int, int]]]:
    return [(r.case, pair) for r in run.stored.rankings() for pair in r.comparisons]


def test_as_many_games_as_were_asked_for_each_on_a_new_prompt(files: list[str]) -> None:
    run = rank(files, games=300)
    played = games(run)
    assert len(played) == len(set(played)) == run.summary.comparisons == 300
    assert run.metadata.counts.trials == run.metadata.counts.judged == 600
    met = Counter(pair for _, pair in played)
    assert len(met) == MODELS * (MODELS - 1) // 2
    assert min(met.values()) >= 4  # 200 of them evenly over 45 pairs
    on_prompt = Counter(case for case, _ in played)
    assert max(on_prompt.values()) - min(on_prompt.values()) <= 3


def test_the_ratings_put_them_in_order(files: list[str]) -> None:
    run = rank(files, games=500)
    summary, rated = run.summary, run.summary.ratings.models
    order = [int(model.model[1:]) for model in rated]
    assert sum(abs(place - model) for place, model in enumerate(order)) <= 8
    assert sum(model.games for model in rated) == 1000
    for place, model in enumerate(order):
        assert rated[place].best_rank <= model + 1 <= rated[place].worst_rank
        assert rated[place].low < rated[place].rating < rated[place].high
    assert all(model.mean_rank.value is None for model in summary.models)
    assert run.sentence.startswith(("m0 is best, with a rating of", "inconclusive: m"))


def test_close_models_meet_more_often(files: list[str]) -> None:
    apart = Counter(abs(i - j) for _, (i, j) in games(rank(files, games=900)))
    near = sum(apart[n] / (MODELS - n) for n in (1, 2)) / 2
    far = sum(apart[n] / (MODELS - n) for n in (7, 8, 9)) / 3
    assert near > 1.3 * far


def test_all_games_are_what_a_run_without_the_flag_says(files: list[str]) -> None:
    every = rank(files).summary
    run = rank(files, games=10**6)
    assert run.summary.win_rates == every.win_rates
    assert run.summary.comparisons == every.comparisons == PROMPTS * 45
    assert run.metadata.counts.calls == 0, "the replies of the first run are in the store"


def test_the_same_bytes_whatever_is_in_the_store(files: list[str], here: Path) -> None:
    one = rank(files, games=200, out=here / "one", store=here / "one.db")
    rank(files, out=here / "whole", store=here / "two.db")
    two = rank(files, games=200, out=here / "two", store=here / "two.db")
    assert two.metadata.counts.calls == 0
    for name in ("cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "summary.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()
    assert one.metadata.identity == two.metadata.identity


def test_more_games_begin_with_the_same(files: list[str]) -> None:
    few = games(rank(files, games=100))
    many = rank(files, games=200)
    assert many.metadata.counts.calls_from_store == 200
    assert set(few) < set(games(many))


def test_one_order_is_one_showing_a_game(files: list[str]) -> None:
    run = rank(files, games=150, orders="one")
    assert run.metadata.counts.judged == run.metadata.counts.trials == 150


def test_a_game_without_a_verdict_is_spent_and_counted(files: list[str], here: Path) -> None:
    rows = rows_of(here / "m3.jsonl")
    write(here / "m3.jsonl", [row | {"response": "broken"} for row in rows])
    run = rank(files, games=200)
    assert run.summary.comparisons == 200
    lost = run.summary.statuses["unparsed"] // 2
    rated = {model.model: model.games for model in run.summary.ratings.models}
    assert sum(rated.values()) == 2 * (200 - lost) > 0
    assert run.summary.incomplete > 0
    assert rated["m3"] == 0, "in the table all the same"
    assert "comparisons without a verdict" in run.sentence


def test_the_same_text_is_a_tie_without_a_call(files: list[str], here: Path) -> None:
    rows = rows_of(here / "m0.jsonl")
    write(here / "m1.jsonl", [row | {"model": "m1"} for row in rows])
    run = rank(files, games=300)
    ties = [pair for _, pair in games(run) if pair == (0, 1)]
    assert len(ties) >= 4
    assert run.metadata.counts.judged <= 600 - 2 * len(ties)
    assert run.summary.win_rates[0][1].value == 0.5


def test_a_showing_that_two_pairs_share_is_asked_once(files: list[str], here: Path) -> None:
    rows = rows_of(here / "m0.jsonl")
    write(here / "m1.jsonl", [row | {"model": "m1"} for row in rows])
    run = rank(files[:3], games=120)  # all of them
    ids = list(run.judgements["id"])
    assert len(ids) == len(set(ids)) == 80
    assert run.summary.statuses["valid"] == 80
    assert run.summary.win_rates == rank(files[:3]).summary.win_rates
    assert run.summary.ratings.models[0].games == 80
    first, second, _ = run.summary.ratings.models
    assert first.rating == pytest.approx(second.rating)
    assert run.sentence.startswith("inconclusive")


def test_turns_of_one_chat_come_after_other_chats(files: list[str], here: Path) -> None:
    for name in files[:3]:
        rows = rows_of(here / name)
        for row in rows:  # two cases a prompt
            row["prompt"] = f"q{int(row['id']) // 2}"
        write(here / name, rows)
    run = rank(files[:3], games=60)  # 20 prompts x 3 pairs
    cluster = {case.id: case.cluster for case in run.cases()}
    played = games(run)
    prompts = Counter(pair for _, pair in {(cluster[case], pair) for case, pair in played})
    for pair, times in Counter(pair for _, pair in played).items():
        assert prompts[pair] == min(times, 20)


def test_a_clean_sweep_is_decided(files: list[str], here: Path) -> None:
    for name, text in zip(files[:3], ("best", "good", "last"), strict=True):
        write(here / name, [row | {"response": text} for row in rows_of(here / name)])
    run = rank(files[:3], games=90, judge="ordered")
    rated = run.summary.ratings.models
    assert [model.model for model in rated] == ["m0", "m1", "m2"]
    assert rated[0].high is None
    assert rated[2].low is None
    assert rated[0].rating - rated[0].low > 60, "resampled prompts never lose either"
    assert run.sentence.startswith("m0 is best")


def test_a_few_wins_are_no_clean_sweep(files: list[str], here: Path) -> None:
    for name, text in zip(files[:3], ("best", "good", "last"), strict=True):
        write(here / name, [row | {"response": text} for row in rows_of(here / name)])
    said = rank(files[:3], games=6, judge="ordered").sentence
    assert said.startswith("inconclusive: m0")


def test_groups_that_never_meet_have_no_ratings(files: list[str], here: Path) -> None:
    rows = [
        row
        for n, name in enumerate(files[:4])
        for row in rows_of(here / name)
        if (int(row["id"]) < 20) == (n < 2)
    ]
    write(here / "apart.jsonl", rows)
    run = rank(["apart.jsonl"], games=40)
    assert "no result: no game compares 'm" in run.sentence
    assert all(model.rating is None for model in run.summary.ratings.models)


def test_who_was_in_no_game_is_in_the_table(
    files: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [rows_of(here / name)[n // 2] for n, name in enumerate(files[:6])]
    write(here / "apart.jsonl", rows)  # three prompts, two other models each
    with pytest.raises(SystemExit):
        main(
            ["rank", "apart.jsonl", "--plugin", "plugin.py", "--judge", "strengths", "--games", "1"]
        )
    out = capsys.readouterr().out
    assert all(f"m{n} " in out for n in range(6))


def test_what_no_game_tells_is_said(files: list[str], here: Path) -> None:
    for name in files[:2]:
        write(here / name, [row | {"response": f"broken {name}"} for row in rows_of(here / name)])
    said = rank(files[:2], games=10).sentence
    assert "none of 10 games counts (10 without a verdict, 0 inconsistent and left out)" in said


def test_a_budget_ends_it_with_what_was_played(files: list[str], api_run: Any) -> None:
    run = api_run(files, games=200, max_calls=101)
    assert run.summary.stopped
    assert 0 < run.summary.comparisons <= 50
    assert sum(run.summary.statuses.values()) == 2 * run.summary.comparisons


@pytest.fixture
def api_run(here: Path) -> Any:
    (here / "asks.py").write_text(ASKS, encoding="utf-8")

    def run(files: list[str], **settings: Any) -> judgekit.Run[RankingSummary]:
        return judgekit.rank(
            *files, judge="asks", model="first/m", plugins=(here / "asks.py",), **settings
        )

    return run


ASKS = """
from judgekit import hookimpl
from judgekit.judging import Judge
from judgekit.types import Call, Choice, Message, Reply, Verdict


class Asks(Judge):
    arity = frozenset({2})

    async def judge(self, trial, ask):
        text = trial.case.id + " ".join(r.text for r in trial.shown)
        reply = await ask(Call((Message("user", text),), self.asks_with))
        return Verdict.chose(Choice(reply.text))


class First:
    fingerprint, window, stored = "first", 1, True

    async def answer(self, calls):
        return [Reply("first") for call in calls]

    async def aclose(self):
        pass


@hookimpl
def judgekit_judges():
    return {"asks": Asks}


@hookimpl
def judgekit_engines():
    return {"first": lambda setup: First()}
"""


def test_pairs_are_made_of_the_games(files: list[str], here: Path) -> None:
    run = rank(files, games=200)
    pairs = run.pairs(pairing="all")
    assert len(pairs.pairs) == 200
    assert {(p.chosen_model, p.rejected_model) for p in pairs.pairs}
    with pytest.raises(InputError, match="--pairing all"):
        run.pairs()


def test_what_it_cannot_do(files: list[str], here: Path) -> None:
    with pytest.raises(InputError, match="scores each by itself"):
        rank(files, games=100, judge="lengths")
    with pytest.raises(InputError, match="games must be at least 1"):
        rank(files, games=0)
    with pytest.raises(InputError, match="works only with `judgekit rank`"):
        judgekit.compare(
            "m0.jsonl", "m1.jsonl", judge="strengths", plugins=(here / "plugin.py",), games=5
        )
    twice = [row for name in ("m0.jsonl", "m1.jsonl") for row in rows_of(here / name)]
    write(here / "twice.jsonl", [row | {"model": "m"} for row in twice])
    with pytest.raises(InputError, match="'m' has several answers"):
        rank(["twice.jsonl"], games=10)
    cases = [*rows_of(here / "m0.jsonl")[:3], *rows_of(here / "m1.jsonl")[:3]]
    last = [row | {"model": "m"} for row in rows_of(here / "m0.jsonl")[3:4]]
    write(here / "later.jsonl", [*cases, *last, last[0] | {"response": "another"}])
    assert rank(["later.jsonl"], games=2, limit=3).summary.comparisons == 2


def test_what_the_terminal_shows(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    def said(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert not ended.value.code
        return capsys.readouterr().out

    command = ["rank", *files, "--plugin", "plugin.py", "--judge", "strengths", "--games", "300"]
    table = said(*command)
    assert "400 points are odds of ten to one" in table
    assert "win rate in % against" not in table, "ten models are too wide"
    few = said("rank", *files[:5], *command[-6:-2], "--games", "200")
    assert [line for line in few.splitlines() if line.startswith(("1 m0  ", "1 m1  "))]
    assert json.loads(said(*command, "--dry-run", "--json"))["calls"] == 600
    assert "no rank" not in said("show", "runs/latest", "--limit", "1")
    assert "m0" in said("stats", "runs/latest", "--prior", "0.1")
