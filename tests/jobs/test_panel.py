"""Panels as runs: what their folders hold, what they are known by, limits, interruption."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import planted_judges as planted
import pytest
from answers import read_jsonl, stable_files, write_answers, write_jsonl
from servers import JudgeServer, judge_server

import judgekit
from judgekit import runs
from judgekit.config.settings import Settings
from judgekit.errors import InputError, PluginError
from judgekit.harness.tally import Tally
from judgekit.jobs.panel import Panel
from judgekit.jobs.prepare_panel import prepare_runs
from judgekit.stats import Positions, Rate

JURY = "errs20,errs25,errs30"


@pytest.fixture
def sides(here: Path) -> list[Path]:
    return planted.write_sides(here, 60)


def panel(files: list[Path], **settings: Any) -> Panel:
    [made] = prepare_runs([files], Settings.of({"plugins": planted.FILE} | settings))
    assert isinstance(made, Panel)
    return made


def run(made: Panel) -> Path:
    return asyncio.run(made.run(Tally()))


def identity(made: Panel) -> str:
    return made.identity(asyncio.run(made.identities()))


def test_the_folder_is_like_any_runs(sides: list[Path], here: Path) -> None:
    folder = run(panel(sides, judge=JURY))
    assert folder.name.startswith("a-vs-b-jury-")
    assert sorted(file.name for file in folder.iterdir()) == sorted(
        ["cases.jsonl", "judgements.jsonl", "outcomes.jsonl", "run.json", "summary.json"]
    )
    assert (here / "runs/latest").resolve() == folder.resolve()
    judgements = read_jsonl(folder / "judgements.jsonl")
    assert len({row["id"] for row in judgements}) == len(judgements) == 60 * 2 * 3
    assert {row["judge"] for row in judgements} == set(JURY.split(","))
    outcomes = read_jsonl(folder / "outcomes.jsonl")
    assert [i for row in outcomes for i in row["judgements"]] == [row["id"] for row in judgements]
    for row in outcomes:
        votes = list(row["votes"].values())
        assert row["winner"] == max(set(votes), key=votes.count)
    finished = judgekit.load_run(folder)
    assert len(list(finished.cases())) == len(list(finished.results())) == 60
    assert finished.summary.judge == "vote of errs20, errs25, errs30"
    assert finished.summary.position == Positions(*[Rate()] * 6)
    assert len(finished.pairs().pairs) == 60
    parts = finished.metadata.parts
    assert [part.decides["judge"] for part in parts] == JURY.split(",")
    assert finished.metadata.counts.calls == sum(p.counts.calls for p in parts) == 360


def test_a_seats_part_is_its_own_run(sides: list[Path]) -> None:
    """The same identity, and so the same judgements under the same names."""
    jury = run(panel(sides, judge="errs20,front"))
    alone = judgekit.compare(*sides, judge="errs20", plugins=planted.FILE)
    own = [row for row in read_jsonl(jury / "judgements.jsonl") if row["judge"] == "errs20"]
    assert [row["id"] for row in own] == list(alone.judgements["id"])
    finished = judgekit.load_run(jury)
    jurors = finished.summary.jury.jurors
    assert jurors[0].win_rate_a == alone.summary.win_rate_a
    assert jurors[0].position.consistent == 1.0
    assert jurors[1].position.first == 1.0
    assert alone.metadata.counts.calls == 0
    assert finished.metadata.parts[0].decides == alone.metadata.decides


def test_the_same_panel_is_the_same_bytes(sides: list[Path]) -> None:
    first = run(panel(sides, judge=JURY, out="one"))
    again = run(panel(sides, judge=JURY, out="two"))
    assert stable_files(first) == stable_files(again)


def test_what_a_panel_is_known_by(sides: list[Path]) -> None:
    before = identity(panel(sides, judge=JURY))
    assert identity(panel(sides, judge=JURY)) == before
    others: list[dict[str, Any]] = [
        {"judge": "errs20,errs25,front"},
        {"judge": JURY, "jury": "mean"},
        {"judge": JURY, "limit": 5},
        {"judge": JURY, "inconsistent": "drop"},
    ]
    found = [identity(panel(sides, **settings)) for settings in others]
    assert len({before, *found}) == 5


def test_seats_that_cannot_be_read_abstain(sides: list[Path]) -> None:
    two = run(panel(sides, judge="errs20,errs25,mute"))
    summary = runs.read_json(two / "summary.json")
    assert summary["undecided"] == 0
    assert summary["statuses"]["unparsed"] == 120
    of = {seat["judge"]: seat for seat in summary["jury"]["seats"]}
    assert [of[name]["abstained"]["value"] for name in of] == [0.0, 0.0, 1.0]
    assert of["mute"]["win_rate_a"]["value"] is None
    one = run(panel(sides, judge="errs20,mute"))
    assert runs.read_json(one / "summary.json")["undecided"] == 60


def test_judges_of_pairs_and_of_single_answers_sit_together(sides: list[Path]) -> None:
    folder = run(panel(sides, judge="errs20,length,front"))
    outcomes = read_jsonl(folder / "outcomes.jsonl")
    # `length` ties right and wrong, `front` disagrees with itself: the other two outvote errs20.
    assert {row["winner"] for row in outcomes} == {"tie"}
    assert {tuple(row["votes"]) for row in outcomes} == {("errs20", "length", "front")}
    assert {row["votes"]["front"] for row in outcomes} == {"tie"}


def test_each_seat_may_ask_an_endpoint_of_its_own(
    sides: list[Path], server: JudgeServer, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = here / "mine.toml"
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(config))
    monkeypatch.setenv("LAB_KEY", "for-the-lab")
    with judge_server() as lab:
        config.write_text(
            f'[endpoints.lab]\nbase_url = "{lab.base_url}"\nkey_env = "LAB_KEY"\n'
            f'[endpoints.own]\nbase_url = "{server.base_url}"\n'
            f'[endpoints.openai]\nbase_url = "{lab.base_url}/never"\n',
            encoding="utf-8",
        )
        judge = "pairwise@lab/m1,pairwise@own/m1,pairwise@openai/m2"
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        folder = run(panel(sides, judge=judge, limit=4))
        assert len(lab.requests) == 8
        assert {body["model"] for body in lab.requests} == {"m1"}
        assert set(lab.headers) == {"Bearer for-the-lab"}
        assert [body["model"] for body in server.requests] == ["m1"] * 8 + ["m2"] * 8
        assert not any("for-the-lab" in header for header in server.headers)
        assert "for-the-lab" not in (folder / "run.json").read_text()
        # Alone, the same model at the same place is in the store already.
        alone = judgekit.compare(*sides, judge="pairwise", model="lab/m1", limit=4)
        assert alone.metadata.counts.calls == 0
        assert len(lab.requests) == 8
    for said in ({"base_url": server.base_url}, {"endpoint": "own"}):
        with pytest.raises(InputError, match=r"names the endpoint 'lab', .* another place; leave"):
            panel(sides, judge=judge, **said)
    with pytest.raises(PluginError, match="no engine named 'lob'"):
        panel(sides, judge="pairwise@lob/m1,pairwise@lab/m1")


def test_seats_on_several_models(sides: list[Path], server: JudgeServer) -> None:
    server.says = lambda body: {"m1": "[[A]]", "m2": "[[C]]", "m3": "[[B]]"}[body["model"]]
    judge = "pairwise@openai/m1,pairwise@openai/m2,pairwise"
    made = panel(sides, judge=judge, model="openai/m3", base_url=server.base_url, limit=4)
    summary = runs.read_json(run(made) / "summary.json")
    assert summary["judge"] == "vote of pairwise@openai/m1, pairwise@openai/m2, pairwise@openai/m3"
    shares = [seat["position"] for seat in summary["jury"]["seats"]]
    assert [s["first"] for s in shares] == [1.0, 0.0, 0.0]
    assert [s["consistent"] for s in shares] == [0.0, 1.0, 0.0]
    assert [s["second"] for s in shares] == [0.0, 0.0, 1.0]
    assert len(server.requests) == 24
    run(made)
    assert len(server.requests) == 24


def test_limits_are_shared_and_the_run_ends_on_a_prefix(
    sides: list[Path], server: JudgeServer
) -> None:
    asking = {"base_url": server.base_url, "model": "openai/m", "max_calls": 21}
    folder = run(panel(sides, judge="pairwise,reference@openai/x,errs20", **asking))
    assert len(server.requests) <= 21
    summary = runs.read_json(folder / "summary.json")
    # Ten calls each: five cases of `pairwise`; of `reference` three, which answers by itself.
    assert (summary["cases"], summary["cases_planned"]) == (3, 60)
    assert summary["stopped"]
    assert len(read_jsonl(folder / "judgements.jsonl")) == 3 * 2 * 3


def test_a_killed_panel_leaves_nothing_half(sides: list[Path], server: JudgeServer) -> None:
    made = panel(
        sides, judge="errs20,pairwise@openai/m", base_url=server.base_url, out="jury", retries=0
    )
    server.key = "another"
    with pytest.raises(judgekit.JudgekitError):
        run(made)
    assert list(Path().glob("jury*")) == []
    assert list(Path().glob(".judgekit-*")) == []
    server.key = None
    assert run(made) == Path("jury")


def test_scores_have_a_mean_of_one_judge_only(sides: list[Path]) -> None:
    folder = run(panel([sides[0]], judge="weighs@2,weighs@3"))
    summary = runs.read_json(folder / "summary.json")
    assert summary["mean_score"]["value"] == 2.5
    assert [seat["mean_score"]["value"] for seat in summary["jury"]["seats"]] == [2.0, 3.0]
    with pytest.raises(InputError, match="scales need not be the same"):
        panel([sides[0]], judge="weighs@2,length")
    with pytest.raises(InputError, match="scores are not voted on"):
        panel([sides[0]], judge="weighs@2,weighs@3", jury="vote")


@pytest.mark.parametrize(
    ("settings", "tells"),
    [
        ({"judge": "errs20,nosuch"}, "no judge named 'nosuch'"),
        ({"judge": "errs20,errs20"}, "'errs20' is named twice"),
        ({"judge": "errs20,,errs25"}, "names no judge"),
        (
            {"judge": "pairwise,pairwise@openai/m", "model": "openai/m"},
            "is named twice; remove one",
        ),
        ({"judge": "errs20,pairwise"}, "'pairwise' asks a model"),
        ({"judge": "errs20,weighs"}, "needs its weights: write weighs@FOLDER"),
        ({"judge": JURY, "model": "openai/m"}, "asks --model 'openai/m'; leave it out"),
        ({"judge": "errs20", "jury": "vote"}, "a jury has several judges"),
        ({"judge": JURY, "until": 0.1}, "has one only when its last judge is through"),
        ({"judge": JURY, "orders": "adaptive"}, "one judge's win rate, not that of a jury"),
        ({"judge": "overlap,errs20", "options": {"metric": "bleu"}}, "the option 'metric' is one"),
        ({"judge": JURY, "route": ("category=x: front",)}, "--judge names 3"),
        ({"judge": "errs20", "route": ("category=x: front",)}, "no category 'x'; there are: none"),
    ],
)
def test_what_is_refused(sides: list[Path], settings: dict[str, Any], tells: str) -> None:
    with pytest.raises(judgekit.JudgekitError, match=tells) as raised:
        panel(sides, **settings)
    assert "\n" not in str(raised.value)


def test_no_jury_ranks(sides: list[Path]) -> None:
    with pytest.raises(InputError, match="does not rank"):
        judgekit.rank(*sides, judge=JURY, plugins=planted.FILE)


def write_categories(folder: Path, references: list[str | None]) -> list[Path]:
    """Two files whose cases are of the categories math and talk by turns."""
    rows = []
    for name in "ab":
        path = write_answers(folder / f"{name}.jsonl", [f"right {name}"] * len(references))
        read = read_jsonl(path)
        for n, (row, reference) in enumerate(zip(read, references, strict=True)):
            row |= {"category": ("math", "talk")[n % 2]}
            row |= {"reference": reference} if reference else {}
        rows.append((path, read))
    return [write_jsonl(path, read) for path, read in rows]


def test_a_routed_run(here: Path) -> None:
    files = write_categories(here, ["right a", None, "right b", None, "right a", None])
    folder = run(panel(files, judge="front", route=("category=math: overlap",)))
    assert folder.name.startswith("a-vs-b-route-")
    judgements = read_jsonl(folder / "judgements.jsonl")
    assert {(row["case"], row["judge"]) for row in judgements} == {
        (f"q{n}", ("overlap", "front")[n % 2]) for n in range(6)
    }
    assert [row["winner"] for row in read_jsonl(folder / "outcomes.jsonl")] == [
        0, None, 1, None, 0, None,
    ]  # fmt: skip
    summary = runs.read_json(folder / "summary.json")
    assert (summary["wins_a"], summary["wins_b"], summary["inconsistent"]) == (2, 1, 3)
    assert set(summary["position"].values()) == {None}
    assert "both orders" not in summary["sentence"]
    assert [part["position"]["first"] for part in summary["route"]] == [None, 1.0]
    assert summary["mean_score_a"] is None
    assert [(part["judge"], part["cases"]) for part in summary["route"]] == [
        ("overlap", 3), ("front", 3),
    ]  # fmt: skip
    assert len(judgekit.load_run(folder).pairs().pairs) == 3


def test_a_routed_case_lacks_its_reference(here: Path) -> None:
    files = write_categories(here, ["x", None, None, None])
    with pytest.raises(InputError, match="the first: 'q2'"):
        panel(files, judge="front", route=("category=math: overlap",))
    assert panel(files, judge="front", route=("category=talk: errs20",)).trials == 8


def test_where_all_is_routed_no_other_judge_is_needed(here: Path) -> None:
    files = write_categories(here, [None] * 4)
    made = panel(files, route=("category=math: errs20", "category=talk: front"))
    assert [part.name for part in made.parts] == ["errs20", "front"]
