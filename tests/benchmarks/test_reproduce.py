"""benchmarks/reproduce.py on real recordings, and on folders it has never seen."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import pytest
from places import BENCHMARKS

SCRIPT = BENCHMARKS / "reproduce.py"
VERDICTS = {"A": "first", "B": "second", "C": "tie"}
SIDES = {"AB": ("A", "B"), "BA": ("B", "A")}
# pair, label, what the judge says in order AB and in order BA (None: nothing)
JUDGED = [
    ("p1", "A", "A", "B"),  # consistent, right
    ("p2", "B", "A", "A"),  # the first twice
    ("p3", "tie", "C", "C"),  # consistent, right
    ("p4", "A", "B", "B"),  # the second twice
    ("p5", "A", "A", None),  # one order without a verdict
    ("p6", "B", "B", "A"),  # consistent, right
    ("p7", "A", "C", "A"),  # half a tie, and wrong in BA
]
EXPECTED = {
    "n_pairs": 7,
    "AB": {"n": 7, "first": 3, "second": 2, "tie": 2, "null": 0, "accuracy": 400 / 7},
    "BA": {"n": 7, "first": 3, "second": 2, "tie": 1, "null": 1, "accuracy": 500 / 7},
    "parse_errors": 1,
    "ties": 3,
    "first_share": 60.0,
    "n_both_orders": 7,
    "any_null": 1,
    "consistent": 3,
    "biased_first": 1,
    "biased_second": 1,
    "tie_vs_decisive": 1,
    "accuracy_both": 300 / 7,
    "merged_strict": {"accuracy": 300 / 7, "decided": 2, "accuracy_when_decided": 100.0},
    "merged_vote": {"correct": 3, "incorrect": 1, "undecided": 3, "accuracy": 300 / 7},
}
TOKENS = [("q1", 1.9, "model"), ("q2", 1.2, "baseline"), ("q3", 1.5, None), ("q4", None, None)]


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return self.out.splitlines()[-1]

    def wrong(self) -> list[str]:
        return [line for line in self.out.splitlines() if line.startswith("wrong: ")]


def reproduce(*folders: Path, only: str = "", more: tuple[str, ...] = ()) -> Said:
    words = [word for folder in folders for word in ("--data", str(folder))]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words, "--only", only, *more],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
    else:
        path.write_text(text, encoding="utf-8")


def judgements() -> list[dict[str, Any]]:
    rows = []
    for pair, _, *says in JUDGED:
        for order, label in zip(("AB", "BA"), says, strict=True):
            first, second = SIDES[order]
            parsed = None if label is None else VERDICTS[label]
            verdict = {"first": first, "second": second, "tie": "tie", None: None}[parsed]
            text = "They differ." if label is None else f"They differ.\n\nVerdict: [[{label}]]"
            rows.append(
                {
                    "pair_id": pair,
                    "judge": "some/judge",
                    "order": order,
                    "completion": text,
                    "parsed": parsed,
                    "verdict": verdict,
                }
            )
    return rows


def preference(name: str, value: float | None, shown: str | None) -> dict[str, Any]:
    reply = None
    if shown is not None and value is not None:
        chance = {"m": value - 1 if shown == "model" else 2 - value}
        chance["M"] = 1 - chance["m"]
        top = [{"token": token, "logprob": log(p)} for token, p in chance.items()]
        text = max(chance, key=lambda token: chance[token])
        reply = {"text": text, "finish_reason": "length", "top_logprobs": top}
    return {
        "id": name,
        "model": "new-model",
        "preference": value,
        "shown_first": shown,
        "raw_completion": reply,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder in the layout, with a set, judges and models of its own."""
    data = tmp_path / "data"
    write(
        data / "pairs/novel.jsonl",
        [
            {"id": pair, "response_a": "x", "response_b": "y", "label": label, "category": "c"}
            for pair, label, *_ in JUDGED
        ],
    )
    write(data / "judgements/novel_new.jsonl.gz", judgements())
    write(data / "judgements/prefs/new-model.jsonl", [preference(*row) for row in TOKENS])
    write(
        data / "single/ratings.jsonl",
        [
            {"id": str(n), "judge": "j", "completion": f"Rating: [[{n}]]", "score": n}
            for n in (2, 4, 9)
        ],
    )
    values = [0.9, 0.2, 0.5]
    mean = sum(values) / 3
    spread = (sum((v - mean) ** 2 for v in values) / 2 / 3) ** 0.5
    expect(
        data,
        {
            "pairwise": {"novel_new|some/judge": {"pairs": "novel", **EXPECTED}},
            "alpaca": {
                "new-model": {
                    "computed": {
                        "n_rows": 4,
                        "n_total": 3,
                        "win_rate": 100 * mean,
                        "standard_error": 100 * spread,
                        "n_wins": 1,
                        "n_wins_base": 1,
                        "n_draws": 1,
                        "pct_first_shown_wins": 100.0,
                    },
                    "published": {"length_controlled_winrate": 50.0},
                }
            },
            "single": {"single/ratings.jsonl": {"by_judge": {"j": {"rows": 3, "mean": 5.0}}}},
        },
    )
    return data


def expect(data: Path, expected: dict[str, Any]) -> None:
    (data / "expected.json").write_text(json.dumps(expected), encoding="utf-8")


def change(data: Path, turn: Callable[[dict[str, Any]], object]) -> None:
    expected = json.loads((data / "expected.json").read_text(encoding="utf-8"))
    turn(expected)
    expect(data, expected)


def rewrite(path: Path, turn: Callable[[dict[str, Any]], object]) -> None:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        turn(row)
    write(path, rows)


def leaves(tree: Any) -> int:
    return sum(map(leaves, tree.values())) if isinstance(tree, dict) else 1


def test_a_folder_never_seen(folder: Path) -> None:
    said = reproduce(folder)
    assert (said.code, said.err) == (0, "")
    count = leaves(json.loads((folder / "expected.json").read_text(encoding="utf-8")))
    assert said.last == (
        f"figures: {count - 1} equal, 1 named, 0 wrong; completions: 19 equal, 0 named, 0 wrong"
    )
    assert "novel_new|some/judge: label (A, B, C); 14 equal" in said.out


def test_pairs_of_another_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    shutil.move(folder / "pairs", tmp_path / "more")
    assert reproduce(folder, tmp_path / "more").code == 0
    alone = reproduce(folder)
    assert alone.code == 0
    assert "labels and categories, are in none of the folders" in alone.out


def test_renamed_files_are_found_by_their_judge(folder: Path) -> None:
    (folder / "judgements/novel_new.jsonl.gz").rename(folder / "judgements/other.jsonl.gz")
    (folder / "pairs/novel.jsonl").rename(folder / "pairs/another.jsonl")
    assert reproduce(folder).code == 0


def test_sections_may_be_missing(folder: Path) -> None:
    change(folder, lambda expected: [expected.pop(key) for key in ("pairwise", "alpaca")])
    said = reproduce(folder)
    assert said.code == 0
    assert said.last.startswith("figures: 2 equal, 0 named, 0 wrong; completions: 19 equal")


@pytest.mark.parametrize(
    ("turn", "named"),
    [
        (
            lambda e: e["pairwise"]["novel_new|some/judge"]["BA"].update(accuracy=71.4),
            "pairwise/novel_new|some/judge/BA/accuracy: expected 71.4, found 71.428571",
        ),
        (
            lambda e: e["alpaca"]["new-model"]["computed"].update(win_rate=53.3334),
            "alpaca/new-model/computed/win_rate: expected 53.3334, found 53.333333",
        ),
        (
            lambda e: e["single"].update({"single/gone.jsonl": {"rows": 1}}),
            "single/single/gone.jsonl/rows: expected 1, found null (nothing here computes it)",
        ),
    ],
)
def test_a_wrong_figure_is_named(
    folder: Path, turn: Callable[[dict[str, Any]], object], named: str
) -> None:
    change(folder, turn)
    said = reproduce(folder)
    assert said.code == 1
    [line] = said.wrong()
    assert named in line


def test_a_corrupted_parse_is_wrong_and_the_figures_are_not(folder: Path) -> None:
    def turn(row: dict[str, Any]) -> None:
        if (row["pair_id"], row["order"]) == ("p6", "AB"):
            row["parsed"] = "first"

    rewrite(folder / "judgements/novel_new.jsonl.gz", turn)
    said = reproduce(folder)
    assert said.code == 1
    [line] = said.wrong()
    assert "p6 AB: read as 'second', recorded as 'first'" in line
    assert "completions: 18 equal, 0 named, 1 wrong" in said.last


@pytest.mark.parametrize(
    ("recorded", "counted"),
    [("first", "13 equal, 1 named, 0 wrong"), ("tie", "13 equal, 0 named, 1 wrong")],
)
def test_a_difference_is_named_only_where_the_sources_rule_explains_it(
    folder: Path, recorded: str, counted: str
) -> None:
    def turn(row: dict[str, Any]) -> None:
        if (row["pair_id"], row["order"]) == ("p6", "AB"):
            text = "At first [[A]] seemed right.\n\nVerdict: [[B]]"
            row.update(completion=text, parsed=recorded)
            del row["verdict"]

    rewrite(folder / "judgements/novel_new.jsonl.gz", turn)
    assert reproduce(folder, only="pairwise").last.endswith(f"completions: {counted}")


def test_a_source_that_swaps_back_wrongly_is_wrong(folder: Path) -> None:
    def turn(row: dict[str, Any]) -> None:
        if (row["pair_id"], row["order"]) == ("p6", "BA"):
            row["verdict"] = "A"

    rewrite(folder / "judgements/novel_new.jsonl.gz", turn)
    said = reproduce(folder)
    assert said.code == 1
    assert "p6 BA un-swapped" in said.wrong()[0]


def test_an_unknown_format_is_wrong_and_its_figures_are_not_read(folder: Path) -> None:
    rewrite(
        folder / "judgements/novel_new.jsonl.gz",
        lambda row: row.update(completion=f"I pick the {row['parsed']} of them"),
    )
    said = reproduce(folder, only="pairwise")
    assert said.code == 1
    entry = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["pairwise"]
    assert said.last == (
        f"figures: 1 equal, 0 named, 0 wrong, {leaves(entry) - 1} not read; "
        "completions: 0 equal, 0 named, 14 wrong"
    )
    [line] = said.wrong()
    assert "novel_new|some/judge: 14 readings, as p1 AB: no known format reads" in line
    assert "'I pick the first of them', recorded as 'first'" in line
    whole = json.loads(reproduce(folder, more=("--json",)).out)
    assert whole["totals"]["figures"]["not read"] == leaves(entry) - 1


def test_scores_in_an_unknown_format_are_wrong(folder: Path) -> None:
    rewrite(
        folder / "single/ratings.jsonl", lambda row: row.update(completion=f"<<{row['score']}>>")
    )
    said = reproduce(folder, only="single")
    assert said.code == 1
    assert said.last == (
        "figures: 0 equal, 0 named, 0 wrong, 2 not read; completions: 0 equal, 0 named, 3 wrong"
    )


def test_texts_that_say_the_opposite_are_wrong_and_so_are_their_figures(folder: Path) -> None:
    def turn(row: dict[str, Any]) -> None:
        turned = row["completion"].translate(str.maketrans("AB", "BA"))
        row.update(completion=turned)

    rewrite(folder / "judgements/novel_new.jsonl.gz", turn)
    said = reproduce(folder, only="pairwise")
    assert said.code == 1
    assert "AB/first: expected 3, found 2" in said.out
    assert "not read" not in said.last
    assert said.last.endswith("completions: 4 equal, 0 named, 10 wrong")
    assert "p1 AB: read as 'second', recorded as 'first', in 'They differ." in said.out


def test_no_rule_explains_a_source_that_it_mostly_does_not_fit(folder: Path) -> None:
    def turn(row: dict[str, Any]) -> None:
        says = {"first": "b", "second": "a"}.get(row["parsed"], "?")
        began = "Output (a) is short.\n" if row["parsed"] == "first" else ""
        row.update(completion=f"{began}Therefore, Output ({says}) is better.")

    rewrite(folder / "judgements/novel_new.jsonl.gz", turn)
    said = reproduce(folder, only="pairwise")
    assert said.code == 1
    assert "0 named" in said.last.partition("completions: ")[2]


@pytest.mark.parametrize("text", [None, ""])
def test_where_no_text_is_kept_there_is_nothing_to_read(folder: Path, text: str | None) -> None:
    rewrite(folder / "judgements/novel_new.jsonl.gz", lambda row: row.update(completion=text))
    said = reproduce(folder, only="pairwise")
    assert said.code == 0
    assert said.last.endswith("0 named, 0 wrong; completions: 0 equal, 0 named, 0 wrong")
    assert "no reply is kept, only its verdict" in said.out


def test_a_few_texts_that_are_not_kept_are_named(folder: Path) -> None:
    def turn(row: dict[str, Any]) -> None:
        if row["pair_id"] == "p1":
            row["completion"] = None

    rewrite(folder / "judgements/novel_new.jsonl.gz", turn)
    said = reproduce(folder, only="pairwise")
    assert said.last.endswith("completions: 12 equal, 2 named, 0 wrong")


def test_a_judge_that_said_nothing_reads_equal(folder: Path) -> None:
    rewrite(
        folder / "judgements/novel_new.jsonl.gz",
        lambda row: row.update(completion="no idea", parsed=None, verdict=None),
    )
    said = reproduce(folder, only="pairwise")
    assert said.last.endswith("completions: 14 equal, 0 named, 0 wrong")


@pytest.mark.parametrize(
    ("feedback", "code", "counted"),
    [
        ("It is thorough and clear.", 0, "0 equal, 6 named, 0 wrong"),
        ("It is clear. [RESULT] {}", 0, "6 equal, 0 named, 0 wrong"),
        ("I would give it {} of the stars.", 1, "0 equal, 0 named, 6 wrong"),
    ],
)
def test_only_feedbacks_without_a_verdict_are_known_to_keep_it_apart(
    folder: Path, feedback: str, code: int, counted: str
) -> None:
    scores = (3, 4, 4)
    write(
        folder / "single/repeats.jsonl",
        [
            {"id": name, "scores": scores, "feedbacks": [feedback.format(n) for n in scores]}
            for name in ("r1", "r2")
        ],
    )
    expect(folder, {"single": {"single/repeats.jsonl": {"rows": 2, "mean": 11 / 3}}})
    said = reproduce(folder, only="repeats")
    assert said.code == code
    assert said.last.endswith(f"completions: {counted}")


@pytest.mark.parametrize(("kept", "code"), [("m", 0), ("neither", 1)])
def test_a_preference_whose_order_was_not_kept_is_still_read(
    folder: Path, kept: str, code: int
) -> None:
    write(
        folder / "judgements/prefs/new-model.jsonl",
        [
            {"id": n, "model": "new-model", "preference": p, "raw_completion": {"text": kept}}
            for n, p in (("q1", 1), ("q2", 2))
        ],
    )
    expect(folder, {"alpaca": {"new-model": {"computed": {"n_total": 2, "win_rate": 50.0}}}})
    said = reproduce(folder, only="alpaca")
    assert said.code == code
    assert said.last.startswith("figures: 2 equal, 0 named, 0 wrong; completions: 0 equal, ")


def test_a_preference_kept_as_a_text_is_read(folder: Path) -> None:
    rewrite(
        folder / "judgements/prefs/new-model.jsonl",
        lambda row: row.update(raw_completion="undecided", shown_first="model"),
    )
    assert reproduce(folder, only="alpaca").last.endswith("0 named, 3 wrong")


@pytest.mark.parametrize("judge", ["Qwen3-bf16", "some/f1/kappa", "accuracy/kappa_ci_low"])
def test_the_name_of_a_judge_excuses_nothing(folder: Path, judge: str) -> None:
    rewrite(folder / "judgements/novel_new.jsonl.gz", lambda row: row.update(judge=judge))
    wrong = {"n_pairs": 999, "first_share": 1, "consistent": 4, "f1": 0.9, "kappa": 0.4}
    expect(folder, {"pairwise": {f"novel_new|{judge}": EXPECTED | wrong}})
    said = reproduce(folder, only="pairwise")
    assert said.code == 1
    assert f"0 named, {len(wrong)} wrong;" in said.last


def test_pandalms_claim_is_named_where_it_is_pandalms(folder: Path) -> None:
    (folder / "judgements/novel_new.jsonl.gz").rename(folder / "judgements/pandalm_x.jsonl.gz")
    change(folder, lambda e: e.update(pairwise={"pandalm_x|some/judge": {"macro_f1": 0.9}}))
    assert reproduce(folder, only="pandalm").last.startswith("figures: 0 equal, 1 named, 0 wrong")


@pytest.mark.parametrize(
    ("pairs_gone", "own", "state"),
    [
        (False, {"kappa_between_orders": 0.4, "accuracy_both": 1.0}, "0 named, 2 wrong"),
        (True, {"accuracy_both": 1.0, "consistent": 9}, "1 named, 1 wrong"),
        (True, {"by_category": {"accuracy": {"n_pairs": 3}}, "AB": {"n": 9}}, "1 named, 1 wrong"),
        (False, {"judge": "another", "n_pairs": "8"}, "0 named, 2 wrong"),
        (False, {"pairs": "renamed", "mode": "verified", "share": "66.0"}, "2 named, 1 wrong"),
    ],
)
def test_a_reason_holds_for_what_it_is_about_only(
    folder: Path, pairs_gone: bool, own: dict[str, Any], state: str
) -> None:
    if pairs_gone:
        shutil.rmtree(folder / "pairs")
    change(folder, lambda e: e.update(pairwise={"novel_new|some/judge": own}))
    assert f"0 equal, {state};" in reproduce(folder, only="pairwise").last


def test_kappa_that_nothing_computes_is_wrong(folder: Path) -> None:
    change(folder, lambda e: e.update(pairwise={"gone|judge": {"kappa_between_orders": 0.4}}))
    assert "0 named, 1 wrong;" in reproduce(folder, only="gone").last


def test_kappa_of_a_judge_with_one_label_is_not_defined(folder: Path) -> None:
    rewrite(
        folder / "judgements/novel_new.jsonl.gz",
        lambda row: row.update(completion="[[C]]", parsed="tie", verdict="tie"),
    )
    for expected, state in ((1.0, "1 named, 0 wrong"), (0.4, "0 named, 1 wrong")):
        kappa = {"kappa_between_orders": expected}
        expect(folder, {"pairwise": {"novel_new|some/judge": kappa}})
        assert f"0 equal, {state};" in reproduce(folder, only="pairwise").last


@pytest.mark.parametrize(
    ("only", "expected", "message"),
    [
        ("no-such-entry", None, "has 'no-such-entry' in its name; check --only"),
        ("", {}, "holds no figures"),
        ("", {"pairwise": {}, "single": {}}, "holds no figures"),
        ("", [], "not an object of sections"),
    ],
)
def test_nothing_to_compare_with_is_bad_input(
    folder: Path, only: str, expected: Any, message: str
) -> None:
    if expected is not None:
        expect(folder, expected)
    said = reproduce(folder, only=only)
    assert (said.code, said.out) == (2, "")
    [line] = said.err.splitlines()
    assert message in line
    assert "expected.json" in line


@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("{0}\n\n### Reason: it is.", "line (1, 2, Tie)"),
        ("So, the final decision is {1}.", "announced (1, 2, Tie)"),
        ('{{"winner": "{2}"}}', "json (A, B, C)"),
        ("My final verdict is: [[{3}]]", "arena (A, B, C)"),
        ("{4}\nThe first one is shorter.", "scores"),
    ],
)
def test_the_format_is_found_out(folder: Path, form: str, how: str) -> None:
    written = {
        "first": ("1", "Response 1", "A", "A>B", "8 7"),
        "second": ("2", "Response 2", "B", "B>>A", "6 9"),
        "tie": ("Tie", "Tie", "C", "A=B", "5 5"),
        None: ("?", "?", "?", "?", "?"),
    }
    rewrite(
        folder / "judgements/novel_new.jsonl.gz",
        lambda row: row.update(completion=form.format(*written[row["parsed"]])),
    )
    said = reproduce(folder, only="pairwise")
    assert said.code == 0
    assert f"{how}; 14 equal" in said.out


def test_json_holds_every_figure(folder: Path) -> None:
    said = reproduce(folder, more=("--json",))
    found = json.loads(said.out)
    assert found["totals"]["figures"]["wrong"] == 0
    assert {"name", "expected", "found", "state", "reason"} == set(found["figures"][0])
    assert len(found["figures"]) == sum(found["totals"]["figures"].values())


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: (data / "expected.json").unlink(), "no expected.json"),
        (
            lambda data: (data / "single/ratings.jsonl").write_text(
                '{"id": 1, "completion": "", "score": 1}\n{'
            ),
            ":2: not JSON",
        ),
        (lambda data: shutil.rmtree(data), "no folder at"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    folder: Path, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(folder)
    said = reproduce(folder)
    assert said.code == 2
    [line] = said.err.splitlines()
    assert message in line


@pytest.mark.parametrize(
    ("only", "equal", "named"),
    [
        ("mt_bench_agreement", 95, 10),
        ("mtbench_phi3", 276, 0),
        ("pairwise/judgebench_gpt4o_rm-skywork", 193, 0),
        ("alpaca/claude-2", 34, 3),
        ("alpaca/cot:", 22, 1),
        ("single/", 100, 0),
    ],
)
def test_real_recordings(shared: Path, only: str, equal: int, named: int) -> None:
    said = reproduce(shared / "data", only=only)
    assert (said.code, said.err) == (0, "")
    assert said.last.startswith(f"figures: {equal} equal, {named} named, 0 wrong"), said.last


def test_only_a_near_interval_is_another_rules(shared: Path, tmp_path: Path) -> None:
    shutil.copytree(shared / "data/mt_bench", tmp_path / "mt_bench")
    whole = json.loads((shared / "data/expected.json").read_text(encoding="utf-8"))
    report = whole["mt_bench_agreement"]["published_by_judgelab_report"]["with_ties"]
    report |= {"kappa_ci_low": 0.2, "n": 1, "raw_agreement": 0.7}
    expect(
        tmp_path, {"mt_bench_agreement": {"published_by_judgelab_report": {"with_ties": report}}}
    )
    said = reproduce(tmp_path)
    assert said.code == 1
    assert said.last.startswith(f"figures: {leaves(report) - 4} equal, 1 named, 3 wrong")


@pytest.mark.slow
def test_every_real_recording(shared: Path) -> None:
    said = reproduce(shared / "data")
    assert (said.code, said.err) == (0, "")
    expected = json.loads((shared / "data/expected.json").read_text(encoding="utf-8"))
    assert said.last == (
        "figures: 9,102 equal, 39 named, 0 wrong; completions: 46,114 equal, 2,153 named, 0 wrong"
    )
    assert leaves(expected) == 9102 + 39
