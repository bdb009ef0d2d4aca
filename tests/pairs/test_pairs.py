"""Outcomes → preference pairs: what is taken, what is left out, and the files TRL reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_folders import comparison, metadata

from judgekit import runs
from judgekit.errors import InputError
from judgekit.pairs import (
    JudgedPair,
    PreferencePair,
    Reason,
    pairs_of_run,
    preference_pairs,
    read_pairs,
    split,
    write_pairs,
    write_parts,
)
from judgekit.runs import StoredRun
from judgekit.types import (
    Case,
    Choice,
    Judgement,
    Message,
    Outcome,
    Position,
    Response,
    Trial,
    Verdict,
)

JUDGEMENTS = ("j1", "j2")


def case_of(a: str = "Paris.", b: str = "Rome.", **changes: Any) -> Case:
    case = Case(
        "c1",
        (Message("user", "The capital of France?"),),
        (Response(a, "north"), Response(b, "south")),
        category="facts",
        cluster="france",
    )
    return replace(case, **changes)


def outcome_of(**changes: Any) -> Outcome:
    outcome = Outcome(
        case="c1",
        cluster="france",
        winner=0,
        decided=True,
        position=Position.CONSISTENT,
        mean=1.0,
        margin=1.0,
        scores=(),
        statuses={"valid": 2},
    )
    return replace(outcome, **changes)


def pair_of(**changes: Any) -> PreferencePair:
    pair = PreferencePair(
        prompt=(Message("user", "The capital of France?"),),
        chosen="Paris.",
        rejected="Rome.",
        chosen_model="north",
        rejected_model="south",
        margin=1.0,
        case="c1",
        cluster="france",
        category="facts",
        judgements=JUDGEMENTS,
        judge="pairwise",
        model="openai/m",
        run="identity",
    )
    return replace(pair, **changes)


def made(case: Case, outcome: Outcome, **settings: Any) -> PreferencePair | Reason:
    """What one case becomes."""
    found = preference_pairs([JudgedPair(case, outcome, JUDGEMENTS)], **settings)
    assert list(found.left_out) == list(Reason)
    assert len(found.pairs) + sum(found.left_out.values()) == 1
    return found.pairs[0] if found.pairs else next(r for r, n in found.left_out.items() if n)


@pytest.mark.parametrize(
    ("winner", "chosen", "rejected"), [(0, "Paris.", "Rome."), (1, "Rome.", "Paris.")]
)
def test_a_consistent_winner_is_chosen(winner: int, chosen: str, rejected: str) -> None:
    pair = made(case_of(), outcome_of(winner=winner, margin=0.5), judge="pairwise", model="m")
    assert isinstance(pair, PreferencePair)
    assert (pair.chosen, pair.rejected) == (chosen, rejected)
    models = ("north", "south") if winner == 0 else ("south", "north")
    assert (pair.chosen_model, pair.rejected_model) == models
    assert (pair.case, pair.cluster, pair.category) == ("c1", "france", "facts")
    assert (pair.margin, pair.judgements) == (0.5, JUDGEMENTS)
    assert (pair.judge, pair.model) == ("pairwise", "m")


HISTORY = (Message("user", "Hello"), Message("user", "And now?"))

LEFT_OUT: list[tuple[str, Case, Outcome, Reason]] = [
    ("tie", case_of(), outcome_of(winner="tie"), Reason.TIE),
    (
        "inconsistent",
        case_of(),
        outcome_of(winner=None, position=Position.FIRST),
        Reason.INCONSISTENT,
    ),
    (
        "a mean over orders that disagree",
        case_of(),
        outcome_of(position=Position.SECOND, margin=0.1),
        Reason.INCONSISTENT,
    ),
    (
        "undecided",
        case_of(),
        outcome_of(winner=None, decided=False, position=Position.ERROR, margin=None),
        Reason.NO_VERDICT,
    ),
    ("one order", case_of(), outcome_of(position=None), Reason.ONE_ORDER),
    (
        "identical",
        case_of("x", "x"),
        outcome_of(winner="tie", identical=True, position=None),
        Reason.IDENTICAL,
    ),
    ("equal but for white space", case_of("x\n", " x"), outcome_of(), Reason.IDENTICAL),
    ("both empty", case_of("", " "), outcome_of(), Reason.IDENTICAL),
    ("empty chosen", case_of("", "Rome."), outcome_of(), Reason.EMPTY),
    ("empty rejected", case_of("Paris.", ""), outcome_of(), Reason.EMPTY),
    ("white space chosen", case_of(" \n\t\u00a0\u3000 ", "Rome."), outcome_of(), Reason.EMPTY),
    (
        "different histories",
        case_of(
            prompt=HISTORY,
            responses=(Response("x", "north", ("hi",)), Response("y", "south", ("hey",))),
        ),
        outcome_of(),
        Reason.DIFFERENT_HISTORIES,
    ),
    ("below the margin", case_of(), outcome_of(margin=0.2), Reason.BELOW_MARGIN),
    ("a margin unknown", case_of(), outcome_of(margin=None), Reason.BELOW_MARGIN),
]


@pytest.mark.parametrize(
    ("case", "outcome", "reason"), [row[1:] for row in LEFT_OUT], ids=[row[0] for row in LEFT_OUT]
)
def test_left_out_with_its_reason(case: Case, outcome: Outcome, reason: Reason) -> None:
    assert made(case, outcome, min_margin=0.3) is reason


@pytest.mark.parametrize(
    "outcome", [outcome_of(position=None), outcome_of(position=Position.FIRST)]
)
def test_all_winners_takes_those_that_no_second_order_confirms(outcome: Outcome) -> None:
    assert isinstance(made(case_of(), outcome, all_winners=True), PreferencePair)


def test_winners_by_score_need_no_orders() -> None:
    outcome = outcome_of(position=None, scores=(4.0, 2.5), margin=1.5)
    pair = made(case_of(), outcome, min_margin=1.5)
    assert isinstance(pair, PreferencePair)
    assert pair.margin == 1.5


def test_the_prompt_is_the_whole_conversation_both_answers_saw() -> None:
    earlier = ("Good day.",)
    case = case_of(
        prompt=(Message("system", "Be brief."), *HISTORY),
        responses=(Response("x", "north", earlier), Response("y", "south", earlier)),
    )
    pair = made(case, outcome_of())
    assert isinstance(pair, PreferencePair)
    assert [(m.role, m.content) for m in pair.prompt] == [
        ("system", "Be brief."),
        ("user", "Hello"),
        ("assistant", "Good day."),
        ("user", "And now?"),
    ]


@pytest.mark.parametrize("margin", [-0.1, float("nan"), float("inf")])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(InputError, match="least margin"):
        preference_pairs([], min_margin=margin)


def test_single_answers_make_no_pairs() -> None:
    case = case_of(responses=(Response("x", "north"),))
    with pytest.raises(InputError, match="'c1' has 1; compare"):
        preference_pairs([JudgedPair(case, outcome_of(winner=None))])


def test_outcomes_of_other_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="meets the outcome of 'c2'"):
        preference_pairs([JudgedPair(case_of(), outcome_of(case="c2"))])


texts = st.sampled_from(["", " ", "x", "x ", "y", "z"])
outcomes = st.builds(
    outcome_of,
    winner=st.sampled_from([0, 1, "tie", None]),
    decided=st.booleans(),
    position=st.sampled_from([*Position, None]),
    margin=st.none() | st.floats(0, 5),
    scores=st.sampled_from([(), (1.0, 2.0)]),
    identical=st.booleans(),
)
cases = st.builds(
    lambda a, b, shared: case_of(
        responses=(Response(a, "north", ("h",)), Response(b, "south", ("h",) if shared else ("g",)))
    ),
    texts,
    texts,
    st.booleans(),
)


@given(st.lists(st.tuples(cases, outcomes)), st.floats(0, 5), st.booleans())
def test_every_case_is_a_pair_or_counted_once(
    rows: Sequence[tuple[Case, Outcome]], min_margin: float, all_winners: bool
) -> None:
    found = preference_pairs(
        [JudgedPair(case, outcome) for case, outcome in rows],
        min_margin=min_margin,
        all_winners=all_winners,
    )
    assert len(found.pairs) + sum(found.left_out.values()) == len(rows)
    for pair in found.pairs:
        assert pair.chosen.strip()
        assert pair.rejected.strip()
        assert pair.chosen.strip() != pair.rejected.strip()
        assert pair.margin >= min_margin


clustered = st.lists(
    st.builds(lambda c, n: pair_of(cluster=f"k{c}", case=f"{c}.{n}"), st.integers(0, 40), st.text())
)


@given(clustered, clustered, st.floats(0, 1), st.randoms())
def test_a_split_keeps_clusters_whole_whatever_their_order_and_company(
    pairs: list[PreferencePair], more: list[PreferencePair], share: float, random: Any
) -> None:
    train, test = split(pairs, share)
    assert not {p.cluster for p in train} & {p.cluster for p in test}
    assert [p for p in pairs if p in test] == test
    assert [p for p in pairs if p not in test] == train
    mixed = pairs + more
    random.shuffle(mixed)
    later_train, later_test = split(mixed, share)
    assert {p.cluster for p in test} <= {p.cluster for p in later_test}
    assert {p.cluster for p in train} <= {p.cluster for p in later_train}


def test_a_split_is_about_as_large_as_asked() -> None:
    pairs = [pair_of(cluster=f"k{i}") for i in range(4000)]
    assert 330 < len(split(pairs, 0.1)[1]) < 470  # five standard deviations
    assert split(pairs, 0)[1] == []
    assert split(pairs, 1)[0] == []


def test_pairs_without_clusters_go_by_their_prompt() -> None:
    pairs = [
        pair_of(cluster="", prompt=(Message("user", str(i % 50)),), case=str(i)) for i in range(200)
    ]
    train, test = split(pairs, 0.5)
    assert train
    assert test
    assert not {p.prompt for p in train} & {p.prompt for p in test}


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="test share"):
        split([], share)


COLUMNS = {
    "margin": 1.0,
    "judge": "pairwise",
    "model": "openai/m",
    "chosen_model": "north",
    "rejected_model": "south",
    "case": "c1",
    "category": "facts",
    "judgements": ["j1", "j2"],
    "cluster": "france",
    "run": "identity",
}


def test_the_formats(tmp_path: Path) -> None:
    write_pairs([pair_of()], tmp_path / "c.jsonl")
    assert json.loads((tmp_path / "c.jsonl").read_text("utf-8")) == {
        "prompt": [{"role": "user", "content": "The capital of France?"}],
        "chosen": [{"role": "assistant", "content": "Paris."}],
        "rejected": [{"role": "assistant", "content": "Rome."}],
        **COLUMNS,
    }
    write_pairs([pair_of()], tmp_path / "s.jsonl", "standard")
    assert json.loads((tmp_path / "s.jsonl").read_text("utf-8")) == {
        "prompt": "The capital of France?",
        "chosen": "Paris.",
        "rejected": "Rome.",
        **COLUMNS,
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c.jsonl", "s.jsonl"]


@pytest.mark.parametrize(
    "prompt",
    [
        (Message("system", "Be brief."), Message("user", "Hello")),
        (Message("user", "Hello"), Message("assistant", "Hi"), Message("user", "Now?")),
    ],
)
def test_the_standard_format_refuses_what_it_cannot_hold(
    tmp_path: Path, prompt: tuple[Message, ...]
) -> None:
    with pytest.raises(InputError, match="'c9' is not one user message"):
        write_pairs(
            [pair_of(), pair_of(prompt=prompt, case="c9")], tmp_path / "p.jsonl", "standard"
        )
    assert not list(tmp_path.iterdir())


def test_a_file_that_exists_is_replaced_by_force_only(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists; --force"):
        write_pairs([pair_of()], path)
    assert path.read_text() == "mine"
    write_pairs([pair_of()], path, force=True)
    assert "Paris." in path.read_text("utf-8")


def test_several_files_are_written_or_none(tmp_path: Path) -> None:
    bad = pair_of(prompt=(Message("system", "s"), Message("user", "u")))
    parts = {tmp_path / "a.jsonl": [pair_of()], tmp_path / "b.jsonl": [bad]}
    with pytest.raises(InputError):
        write_parts(parts, "standard")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "pairs", "message"),
    [
        ("p.jsonl", [], "no pairs to write"),
        ("p.json", [pair_of()], r"NAME\.jsonl"),
        ("p.jsonl.gz", [pair_of()], r"NAME\.jsonl"),
        ("absent/p.jsonl", [pair_of()], r"cannot write .*No such file"),
    ],
)
def test_paths_that_cannot_be(
    tmp_path: Path, name: str, pairs: list[PreferencePair], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        write_pairs(pairs, tmp_path / name)
    assert not list(tmp_path.iterdir())


def written_run(folder: Path, *, model: str | None = "openai/m") -> Path:
    """A run of three cases: a winner, a tie, an empty answer."""
    with runs.RunWriter(folder, "identity") as writer:
        for i, winner in enumerate((1, "tie", 0)):
            case = case_of("" if i == 2 else "Paris.", id=f"c{i}")
            judgements = [
                Judgement(Trial(case, order, ("A", "B")), Verdict.chose(Choice.FIRST))
                for order in ((0, 1), (1, 0))
            ]
            writer.add(case, judgements, outcome_of(case=case.id, winner=winner))
        return writer.finish(comparison(), metadata(model=model))


def test_the_pairs_of_a_run(tmp_path: Path) -> None:
    folder = written_run(tmp_path / "run")
    found = pairs_of_run(StoredRun(folder))
    ids = [row["id"] for row in runs.read_rows(folder / "judgements.jsonl")]
    assert found.pairs == (
        pair_of(
            chosen="Rome.",
            rejected="Paris.",
            chosen_model="south",
            rejected_model="north",
            case="c0",
            judgements=tuple(ids[:2]),
        ),
    )
    assert {reason: n for reason, n in found.left_out.items() if n} == {
        Reason.TIE: 1,
        Reason.EMPTY: 1,
    }
    found.write(tmp_path / "p.jsonl", "standard")
    assert json.loads((tmp_path / "p.jsonl").read_text("utf-8"))["chosen"] == "Rome."


def test_a_damaged_run_is_one_line(tmp_path: Path) -> None:
    folder = written_run(tmp_path / "run")
    path = folder / "outcomes.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(InputError, match=r"damaged .*judge again"):
        pairs_of_run(StoredRun(folder))


TOOLS = json.dumps([{"type": "function", "function": {"name": "find", "arguments": "{}"}}])
CHAT = (Message("user", "Hi"), Message("assistant", "", TOOLS), Message("user", "And?"))


@pytest.mark.parametrize("form", ["conversational", "standard"])
def test_what_was_written_is_read_again(tmp_path: Path, form: Any) -> None:
    pairs = [pair_of(case=f"c{i}", chosen=f"\u2028{i}", margin=i / 7) for i in range(5)]
    pairs[1] = replace(pairs[1], category=None, model=None, judgements=())
    write_pairs(pairs, tmp_path / "p.jsonl", form)
    assert read_pairs(tmp_path / "p.jsonl") == pairs


def test_conversations_with_tool_calls_are_read_again(tmp_path: Path) -> None:
    write_pairs([pair_of(prompt=CHAT)], tmp_path / "p.jsonl")
    [pair] = read_pairs(tmp_path / "p.jsonl")
    assert [m.role for m in pair.prompt] == ["user", "assistant", "user"]
    assert json.loads(pair.prompt[1].tool_calls) == json.loads(TOOLS)
    write_pairs([pair], tmp_path / "q.jsonl")
    assert (tmp_path / "q.jsonl").read_bytes() == (tmp_path / "p.jsonl").read_bytes()


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "?", "chosen": "a"},
        {"prompt": [], "chosen": "a", "rejected": "b"},
        {"prompt": ["?"], "chosen": "a", "rejected": "b"},
        {"prompt": 1, "chosen": "a", "rejected": "b"},
        {"prompt": "?", "chosen": [], "rejected": "b"},
        {"prompt": "?", "chosen": ["a"], "rejected": "b"},
        {"prompt": "?", "chosen": "a", "rejected": None},
        {"prompt": [{"role": "user"}], "chosen": "a", "rejected": "b"},
        {"prompt": "?", "chosen": "a", "rejected": "b", "margin": "much"},
    ],
    ids=json.dumps,
)
def test_a_row_that_is_no_pair_is_named(tmp_path: Path, row: dict[str, Any]) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"prompt": "?", "chosen": "a", "rejected": "b"}\n' + json.dumps(row))
    with pytest.raises(InputError, match=r"p\.jsonl, line 2: no preference pair"):
        read_pairs(path)
    path.write_text('{"prompt": "?", "chosen": "a", "rejected": "b"}\n')
    assert [(p.chosen, p.margin, p.run) for p in read_pairs(path)] == [("a", 0.0, "")]
