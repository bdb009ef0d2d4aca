"""Judges against labels, on made-up pairs and on recordings with known figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from answers import write_jsonl

from judgekit.api import run_job
from judgekit.config.judge_spec import parse_judge_specs
from judgekit.config.settings import Settings
from judgekit.errors import InputError, JudgekitError
from judgekit.extension.registry import Registry
from judgekit.runs.bench_report import BenchReport
from judgekit.trust.benchmark import Benchmark, prepare_bench

RECORDED = '''
import re

from judgekit import hookimpl
from judgekit.judging import PromptJudge
from judgekit.types import Choice, Status, Verdict


class Recorded(PromptJudge):
    """Reads the recorded replies by their source's own rule."""

    arity = frozenset({2})
    prompt = "pairwise"
    marks = {
        Choice.FIRST: r"(?:^|\\n) ?Output \\(a\\)",
        Choice.SECOND: r"(?:^|\\n) ?Output \\(b\\)",
    }

    def parse(self, reply, trial):
        found = [choice for choice, mark in self.marks.items() if re.search(mark, reply.text)]
        return Verdict.chose(found[0]) if len(found) == 1 else Verdict.without(Status.UNPARSED)


class Concluded(Recorded):
    marks = {
        Choice.FIRST: r"Output \\(a\\) is better.",
        Choice.SECOND: r"Output \\(b\\) is better.",
    }


@hookimpl
def judgekit_judges():
    return {"recorded": Recorded, "concluded": Concluded}
'''
RUBRIC = """+++
shows = "pair"
reads = "arena"
+++
=== user ===
{{ prompt }} {{ first }} {{ second }}
"""


def run(benchmark: Benchmark) -> dict[str, Any]:
    for entry in benchmark.entries:
        run_job(entry.job)
    return benchmark.finish().to_dict()


def bench(sets: Sequence[object], judges: str = "", **how: Any) -> dict[str, Any]:
    limit = how.pop("limit", None)
    settings = Settings(**how)
    registry = Registry.load(files=settings.plugins)
    seats = parse_judge_specs(judges) if judges else ()
    return run(prepare_bench([str(s) for s in sets], seats, settings, registry, limit=limit))


def by_judge(labelled: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {judge["judge"]: judge for judge in labelled["judges"]}


def pair(name: str, label: str | None, a: str = "long one", b: str = "short", **more: Any) -> Any:
    return {
        "id": name,
        "prompt": f"Q {name}?",
        "response_a": a,
        "response_b": b,
        "label": label,
    } | more


@pytest.fixture
def mine(here: Path) -> Path:
    """Five pairs with labels; a is longer in all but the last, where both are the same."""
    rows = [
        pair("p0", "A", category="x", language="en"),
        pair("p1", "A", category="x", language="de"),
        pair("p2", "B", category="y", language="de"),
        pair("p3", "tie", category="y"),
        pair("p4", "tie", a="same", b="same"),
        pair("p5", None),
    ]
    return write_jsonl(here / "mine.jsonl", rows)


def test_what_is_trivial_stands_there_by_itself(mine: Path) -> None:
    [found] = bench([mine])["sets"]
    assert (found["name"], found["cases"], found["questions"]) == ("mine", 5, 5)
    assert found["labels"] == {"A": 2, "B": 1, "tie": 2}
    assert found["left_out"] == {"no label": 1}
    judges = by_judge(found)
    assert list(judges) == ["longer", "first", "chance"]
    assert all(judge["trivial"] for judge in judges.values())
    longer, first = judges["longer"], judges["first"]
    assert (longer["accuracy"]["value"], longer["right"]) == (3 / 5, 3)
    assert longer["accuracy_ab"]["value"] is None
    assert (first["accuracy"]["value"], first["inconsistent"]) == (1 / 5, 4)
    assert first["accuracy_ab"]["value"] == 3 / 5
    assert first["accuracy_ba"]["value"] == 2 / 5
    assert first["position"]["consistent"]["value"] == 0
    assert found["tests"] == []


def test_parts(mine: Path) -> None:
    [found] = bench([mine])["sets"]
    longer = by_judge(found)["longer"]
    shares = {
        part: {name: figures["accuracy"]["value"] for name, figures in longer[part].items()}
        for part in ("by_category", "by_language")
    }
    assert shares == {"by_category": {"x": 1, "y": 0}, "by_language": {"de": 1 / 2, "en": 1}}


def test_several_judges_are_tested_against_each_other(mine: Path) -> None:
    [found] = bench([mine], "overlap,longer", references=with_references(mine))["sets"]
    assert list(by_judge(found)) == ["overlap", "longer", "first", "chance"]
    pairs = [(test["judge"], test["against"]) for test in found["tests"]]
    assert pairs == [
        ("overlap", "longer"),
        ("overlap", "first"),
        ("overlap", "chance"),
        ("longer", "first"),
        ("longer", "chance"),
    ]
    assert found["tests"][0]["difference"]["value"] == 1 / 5


def with_references(mine: Path) -> Path:
    """The nearer answer is the longer one of p0 and p1, the other of p2, and neither of p3."""
    texts = {"p0": "long one", "p1": "long one", "p2": "short", "p3": "long one", "p4": "same"}
    rows = [{"id": name, "reference": text} for name, text in texts.items()]
    return write_jsonl(mine.with_name("references.jsonl"), rows)


def test_a_group_is_right_together(here: Path) -> None:
    rows = [pair(f"p{n}", "AAB"[n % 3], group=f"g{n // 3}") for n in range(6)]
    rows += [pair(f"q{n}", "A", group="all") for n in range(3)]
    [found] = bench([write_jsonl(here / "groups.jsonl", rows)])["sets"]
    assert (found["cases"], found["questions"]) == (9, 3)
    assert by_judge(found)["longer"]["accuracy"]["value"] == 1 / 3


def test_results_are_kept(mine: Path, here: Path) -> None:
    settings = Settings(out=here / "results")
    benchmark = prepare_bench([str(mine)], (), settings, Registry.load())
    found = run(benchmark)
    assert benchmark.folder == here / "results"
    assert json.loads((here / "results/bench.json").read_text(encoding="utf-8")) == found
    for judge in found["sets"][0]["judges"]:
        assert (Path(judge["run"]) / "summary.json").is_file()
        assert Path(judge["run"]).is_relative_to(here / "results" / "mine")
    again = run(prepare_bench([str(mine)], (), settings, Registry.load()))
    for judge, before in zip(again["sets"][0]["judges"], found["sets"][0]["judges"], strict=True):
        assert judge["calls"] == 0  # all from the store
        counts = {name: before[name] for name in ("calls", "calls_from_store")}
        assert judge | counts == before


def test_the_report_is_read_back(mine: Path, here: Path) -> None:
    benchmark = prepare_bench([str(mine)], (), Settings(out=here / "results"), Registry.load())
    plain = run(benchmark)
    report = BenchReport.read(here / "results")
    assert report.to_dict() == plain
    assert report.sets[0].judges[0].by_category["x"].accuracy.value == 1
    (here / "results/bench.json").write_text('{"schema": "judgekit.bench/1", "sets": [{}]}')
    with pytest.raises(InputError, match=r"bench\.json' is damaged"):
        BenchReport.read(here / "results")


def test_the_folder_of_something_else_is_refused(mine: Path, here: Path) -> None:
    def prepare(out: str, words: Sequence[str] = (), **how: Any) -> Benchmark:
        settings = Settings(out=here / out)
        return prepare_bench([str(mine), *words], (), settings, Registry.load(), **how)

    run(prepare("results"))
    before = (here / "results/bench.json").read_bytes()
    with pytest.raises(InputError, match="holds the benchmark of another command"):
        prepare("results", limit=2)
    run(prepare("results", ["more=mine.jsonl"]))  # nothing of the first is lost
    after = json.loads((here / "results/bench.json").read_text("utf-8"))
    assert [one["name"] for one in after["sets"]] == ["mine", "more"]
    assert after["sets"][0]["name"] == json.loads(before)["sets"][0]["name"]
    with pytest.raises(InputError, match="holds a run; choose another"):
        prepare(str(Path(after["sets"][0]["judges"][0]["run"])))
    (here / "audited").mkdir()
    (here / "audited/audit.json").write_text("{}")
    with pytest.raises(InputError, match=r"another report \(audit\.json\)"):
        prepare("audited")
    (here / "mine").mkdir()
    (here / "mine/thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="holds something that is no benchmark"):
        prepare("mine")
    with pytest.raises(InputError, match="is not a folder"):
        prepare("mine.jsonl")
    (here / "killed/mine").mkdir(parents=True)
    assert run(prepare("killed"))["sets"]


def test_a_folder_is_named_by_what_decides_the_figures(mine: Path) -> None:
    registry = Registry.load()

    def folder(*words: str, **how: Any) -> Path:
        seats = parse_judge_specs("longer")
        return prepare_bench(words or [str(mine)], seats, Settings(**how), registry).folder

    assert folder() == folder(concurrency=1)
    assert folder() != folder(tie_margin=3.0)
    assert folder() != folder(f"other={mine}")
    assert folder().parent == Path("runs")
    assert folder().name.startswith("bench-mine-")


def test_fewer_questions_are_drawn_from_all(here: Path) -> None:
    rows = [pair(f"p{n:03}", "A", category="early" if n < 100 else "late") for n in range(200)]
    file = write_jsonl(here / "many.jsonl", rows)
    registry = Registry.load()

    def drawn(limit: int) -> list[str]:
        found = prepare_bench([str(file)], (), Settings(), registry, limit=limit)
        return [case.id for case in found.entries[0].labelled.cases]

    forty = drawn(40)
    assert len(forty) == 40
    assert forty == sorted(forty)
    assert 10 < sum(name < "p100" for name in forty) < 30
    assert set(drawn(10)) < set(forty)
    [found] = bench([file], limit=40)["sets"]
    assert found["left_out"] == {"not drawn (--limit)": 160}


@pytest.mark.parametrize(
    ("words", "judges", "said"),
    [
        (["nothing"], "", "no set named 'nothing'"),
        (["llmbarr"], "", "did you mean 'llmbar'"),
        (["absent.jsonl"], "", "absent.jsonl"),
        (["pairs"], "", "the set 'pairs' is a file of yours"),
        (["mine.jsonl", "mine=mine.jsonl"], "", "two sets have one name"),
        (["mine.jsonl"], "pairwize@openai/m", "did you mean 'pairwise'"),
        (["mine.jsonl"], "pairwise", "asks a model"),
        (["mine.jsonl"], "longer,pairrm", "write pairrm@FOLDER"),
        (["mine.jsonl"], "overlap", "compares with a reference answer"),
        (["mine.jsonl"], "longer@openai/m", "asks no model"),
    ],
)
def test_what_cannot_work_is_refused_first(
    mine: Path, words: list[str], judges: str, said: str
) -> None:
    with pytest.raises(JudgekitError, match=said):
        bench(words, judges)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "word", ["mine.jsonl", "./mine.jsonl", "mine=mine.jsonl", "pairs=mine.jsonl"]
)
def test_how_a_file_is_named(mine: Path, word: str) -> None:
    [found] = bench([word])["sets"]
    assert found["cases"] == 5
    assert found["name"] == ("pairs" if word.startswith("pairs") else "mine")


def test_an_engine_s_settings_are_for_those_that_ask_one(mine: Path, here: Path) -> None:
    recording = write_jsonl(
        here / "replies.jsonl",
        [
            {"id": f"p{n}", "order": order, "completion": said}
            for n in range(4)
            for order, said in (("AB", "[[A]]"), ("BA", "[[B]]" if n else "no idea"))
        ],
    )
    judges = f"pairwise@replay/{recording},longer"
    [found] = bench([mine], judges, temperature=0.5, max_calls=100, reask=0)["sets"]
    pairwise = by_judge(found)[f"pairwise@replay/{recording}"]
    assert (pairwise["undecided"], pairwise["statuses"]["unparsed"]) == (1, 1)
    assert pairwise["right"] == 2  # p1, and p4 whose answers are the same
    assert pairwise["accuracy_ab"]["value"] == 3 / 5
    assert pairwise["accuracy_ba"]["value"] == 2 / 5
    assert pairwise["calls"] == 8


@pytest.mark.parametrize("orders", ["one", "adaptive"])
def test_a_benchmark_shows_both_orders(mine: Path, orders: str) -> None:
    with pytest.raises(InputError, match="all pairs in both orders, not"):
        bench([mine], "longer", orders=orders)


def test_questions_that_a_stopped_run_began_are_in_no_figure(here: Path) -> None:
    file = write_jsonl(here / "g.jsonl", [pair(f"p{n}", "A", group=f"g{n // 3}") for n in range(6)])
    rows = [
        {"id": f"p{n}", "order": order, "completion": f"[[{best}]]"}
        for n in range(6)
        for order, best in (("AB", "A"), ("BA", "B"))
    ]
    recording = write_jsonl(here / "replies.jsonl", rows)
    [found] = bench([file], f"pairwise@replay/{recording}", max_calls=10)["sets"]
    pairwise, longer, *_ = found["judges"]
    assert (pairwise["cases"], pairwise["questions"], pairwise["unfinished"]) == (3, 1, 2)
    assert pairwise["accuracy"]["value"] == 1
    assert (longer["cases"], longer["unfinished"]) == (6, 0)
    assert found["tests"][0]["cases"] == 1


def test_same_answers_are_no_verdict_to_compare(mine: Path, here: Path) -> None:
    """Of p4 both answers are the same, so that is decided, whatever the judge."""
    rows = [
        {"id": f"p{n}", "order": order, "completion": "hm"}
        for n in range(4)
        for order in ("AB", "BA")
    ]
    recording = write_jsonl(here / "replies.jsonl", rows)
    [found] = bench([mine], f"pairwise@replay/{recording}", reask=0)["sets"]
    pairwise = found["judges"][0]
    assert (pairwise["right"], pairwise["undecided"], pairwise["without_verdict"]) == (1, 4, True)
    assert found["tests"] == []
    alike = write_jsonl(here / "alike.jsonl", [pair("p0", "tie", a="same", b="same")])
    [found] = bench([alike], f"pairwise@replay/{recording}", reask=0)["sets"]
    assert not found["judges"][0]["without_verdict"]


def test_a_run_that_was_stopped_says_so(mine: Path, here: Path) -> None:
    rows = [
        {"id": f"p{n}", "order": order, "completion": "[[A]]"}
        for n in range(4)
        for order in ("AB", "BA")
    ]
    recording = write_jsonl(here / "replies.jsonl", rows)
    [found] = bench([mine], f"pairwise@replay/{recording}", max_calls=4)["sets"]
    pairwise = found["judges"][0]
    assert pairwise["stopped"]
    assert (pairwise["cases"], found["cases"]) == (2, 5)


# Recordings of real judges, against figures computed from them by other code


@pytest.fixture
def data(shared: Path) -> Path:
    return shared / "data"


@pytest.fixture
def expected(data: Path) -> dict[str, Any]:
    found = json.loads((data / "expected.json").read_text(encoding="utf-8"))["pairwise"]
    assert isinstance(found, dict)
    return found


def figures(judge: dict[str, Any]) -> tuple[float, ...]:
    """In percent: right in either order, right in both, consistent."""
    rates = [judge[name] for name in ("accuracy_ab", "accuracy_ba", "accuracy")]
    return tuple(100 * rate["value"] for rate in [*rates, judge["position"]["consistent"]])


def known(entry: dict[str, Any]) -> tuple[float, ...]:
    return (
        entry["AB"]["accuracy"],
        entry["BA"]["accuracy"],
        entry["merged_strict"]["accuracy"],
        100 * entry["consistent"] / entry["n_both_orders"],
    )


LLMBAR = [
    ("llmbar_GPT-4", "recorded", "GPT-4/Vanilla"),
    ("llmbar_GPT-4", "recorded", "GPT-4/Metrics_Reference"),
    ("llmbar_GPT-4", "concluded", "GPT-4/CoT"),
    ("llmbar_LLaMA2", "recorded", "LLaMA2/Vanilla_NoRules"),
]


def test_recorded_judges_are_as_accurate_as_published(
    here: Path, data: Path, expected: dict[str, Any]
) -> None:
    (here / "reading.py").write_text(RECORDED)
    folder = data / "judgements"
    seats = [f"{judge}@replay/{folder}/{file}.jsonl.gz#{name}" for file, judge, name in LLMBAR]
    word = f"llmbar={data / 'pairs/llmbar.jsonl'}"
    [found] = bench([word], ",".join(seats), plugins=(here / "reading.py",))["sets"]
    judges = by_judge(found)
    for seat, (file, _, name) in zip(seats, LLMBAR, strict=True):
        entry = expected[f"{file}|{name}"]
        assert figures(judges[seat]) == pytest.approx(known(entry)), seat
        assert judges[seat]["statuses"]["unparsed"] == entry["parse_errors"]
        for category, part in entry["by_category"].items():
            ours = judges[seat]["by_category"][category]
            assert 100 * ours["accuracy"]["value"] == pytest.approx(
                part["merged_strict"]["accuracy"]
            )


def test_judgebench_by_a_prompt_file(here: Path, data: Path, expected: dict[str, Any]) -> None:
    (here / "arena.md").write_text(RUBRIC)
    recording = data / "judgements/judgebench_gpt4o_o1-mini.jsonl.gz"
    word = f"judgebench={data / 'pairs/judgebench_gpt4o.jsonl'}"
    [found] = bench([word], f"./arena.md@replay/{recording}")["sets"]
    entry = expected["judgebench_gpt4o_o1-mini|arena_hard/o1-mini-2024-09-12"]
    assert figures(found["judges"][0])[:3] == pytest.approx(known(entry)[:3])


def longest(row: dict[str, Any]) -> str:
    a, b = (
        texts if isinstance(texts, str) else texts[-1]
        for texts in (row["response_a"], row["response_b"])
    )
    return "tie" if len(a) == len(b) else "A" if len(a) > len(b) else "B"


def always(side: str) -> Callable[[dict[str, Any]], str]:
    def say(row: dict[str, Any]) -> str:
        return "tie" if row["response_a"] == row["response_b"] else side

    return say


@pytest.mark.parametrize(
    "file", ["autoj_pairwise", "hhh", "judgebench_gpt4o", "llmbar", "mtbench200", "pandalm"]
)
def test_what_is_trivial_on_real_pairs(here: Path, data: Path, file: str) -> None:
    path = data / f"pairs/{file}.jsonl"
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]

    def share(say: Callable[[dict[str, Any]], str]) -> float:
        return sum(say(row) == row["label"] for row in rows) / len(rows)

    [found] = bench([path])["sets"]
    judges = by_judge(found)
    assert found["cases"] == len(rows)
    assert judges["longer"]["accuracy"]["value"] == pytest.approx(share(longest))
    assert judges["first"]["accuracy_ab"]["value"] == pytest.approx(share(always("A")))
    assert judges["first"]["accuracy_ba"]["value"] == pytest.approx(share(always("B")))
    chance = judges["chance"]["accuracy"]
    decided = sum(row["label"] != "tie" for row in rows) / len(rows)
    assert chance["low"] <= decided / 2 + 0.02
    assert chance["high"] >= decided / 2 - 0.02


def test_length_misleads_on_llmbars_adversarial_pairs(here: Path, data: Path) -> None:
    words = [
        f"{n}={data}/pairs/{f}.jsonl"
        for n, f in (("llmbar", "llmbar"), ("autoj", "autoj_pairwise"))
    ]
    llmbar, autoj = bench(words)["sets"]
    parts = by_judge(llmbar)["longer"]["by_category"]
    adversarial = [part for name, part in parts.items() if name != "natural"]
    right, of = (sum(part[name] for part in adversarial) for name in ("right", "questions"))
    assert (right, of) == (57, 319)
    without_ties = by_judge(autoj)["longer"]["agreement"]["without_ties"]["value"]
    assert without_ties == pytest.approx(0.718, abs=0.001)


def test_turns_of_mt_bench(here: Path, data: Path) -> None:
    [found] = bench([f"mtbench-human={data / 'pairs/mtbench_human.jsonl.gz'}"])["sets"]
    assert found["cases"] == 925
    assert set(by_judge(found)["longer"]["by_category"]) >= {"writing", "math"}
