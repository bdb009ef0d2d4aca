"""Verdict parsers on awkward and on recorded real completions, beside what their source read."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgekit.judging.parsing import read
from judgekit.judging.templates import Head
from judgekit.types import Choice, Reply, Status, Verdict

LABEL = Head("pair", "label")
AWKWARD = {
    "arena_hard": (Head("pair", "arena"), ("A", "B")),
    "mtbench_pair": (LABEL, ("A", "B")),
    "mtbench_single": (Head("single", "rating", (1, 10)), ()),
    "prometheus": (Head("single", "result", (1, 5)), ()),
    "llmbar_cot": (Head("pair", "statement"), ("a", "b")),
    "json": (Head("pair", "json"), ("A", "B")),
}


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open() as lines:
        yield from map(json.loads, lines)


def reading(verdict: Verdict) -> str | float | None:
    return verdict.score if verdict.choice is None else verdict.choice.value


def test_every_awkward_completion_reads_acceptably(shared: Path) -> None:
    wrong = []
    count = 0
    for row in rows(shared / "data" / "nasty_completions.jsonl"):
        head, names = AWKWARD[row["format"]]
        found = reading(read(Reply(row["completion"]), head, names))
        count += 1
        if found not in row["acceptable"]:
            wrong.append((row["id"], found))
    assert (count, wrong) == (54, [])


def test_what_no_source_could_parse_is_never_valid(shared: Path) -> None:
    formats = {
        "llmbar": (Head("pair", "statement"), ("a", "b")),
        "pandalm": (Head("pair", "statement"), ("1", "2")),
        "mtbench": (LABEL, ("A", "B")),
        "judgebench": (Head("pair", "arena"), ("A", "B")),
    }
    statuses = Counter(
        read(Reply(row["completion"] or ""), *formats[Path(row["file"]).name.split("_")[0]]).status
        for row in rows(shared / "data" / "unparseable_real.jsonl")
    )
    assert statuses.total() == 67
    assert statuses[Status.VALID] == 0


def agreement(path: Path, head: Head, names: tuple[str, ...], key: str) -> Counter[str]:
    """How often our reading is the source's, and every way in which it is not."""
    counts: Counter[str] = Counter()
    for row in rows(path):
        found = reading(read(Reply(row["completion"] or ""), head, names))
        counts["same" if found == row[key] else f"{row[key]} read as {found}"] += 1
    return counts


@pytest.mark.parametrize(
    ("file", "reads", "count"),
    [("mtbench_phi3_gpt-4", "label", 150), ("judgebench_gpt4o_o1-mini", "arena", 700)],
)
def test_recorded_labels_read_as_their_source_did(
    shared: Path, file: str, reads: str, count: int
) -> None:
    path = shared / "data" / "judgements" / f"{file}.jsonl.gz"
    assert agreement(path, Head("pair", reads), ("A", "B"), "parsed") == {"same": count}


@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("autoj_critique", 464),
        ("autoj_gpt4_single", 480),
        ("mtbench_gemini-1.5-flash", 160),
        ("mtbench_llama3-8b-griffin", 330),
        ("mtbench_phi-3-dpo", 160),
    ],
)
def test_recorded_ratings_read_as_their_source_did(shared: Path, file: str, count: int) -> None:
    path = shared / "data" / "single" / f"{file}.jsonl.gz"
    assert agreement(path, Head("single", "rating", (1, 10)), (), "score") == {"same": count}


@pytest.mark.parametrize(
    ("file", "same", "turned", "left"),
    [
        ("llmbar_GPT-4", 8559, 1, 0),
        ("llmbar_ChatGPT-0301", 9122, 1, 5),
        ("llmbar_LLaMA2", 8972, 77, 15),
        ("mtbench200_GPT-4", 800, 0, 0),
        ("mtbench200_LLaMA2", 800, 0, 0),
    ],
)
def test_recorded_statements(shared: Path, file: str, same: int, turned: int, left: int) -> None:
    """The source looks for "Output (a)" anywhere first, which is where we differ: all the turned
    ones open or close with `Output (b) is better`, and those left are a denial ("neither …", "I
    cannot claim that either …") or have no conclusion that stands."""
    path = shared / "data" / "judgements" / f"{file}.jsonl.gz"
    counts = agreement(path, Head("pair", "statement", tie=None), ("a", "b"), "parsed")
    assert counts["same"] == same
    assert counts["first read as second"] == turned
    assert counts["first read as None"] + counts["second read as None"] == left
    assert counts.total() == same + turned + left


def test_recorded_probabilities_are_those_of_the_source(shared: Path) -> None:
    """AlpacaEval's preference is 1 + P(model); the model was shown as m where it stood first."""
    counts: Counter[str] = Counter()
    head = Head("pair", "token", tie=None)
    for path in sorted((shared / "data" / "judgements" / "alpaca2").glob("*.jsonl.gz")):
        for row in rows(path):
            call = row["raw_completion"]
            if call is None:
                continue
            logprobs = {token["token"]: token["logprob"] for token in call["top_logprobs"]}
            reply = Reply(call["text"], call["finish_reason"], label_logprobs=logprobs)
            verdict = read(reply, head, ("m", "M"))
            if verdict.probability is None:
                counts[call["text"]] += 1
                continue
            model_first = row["shown_first"] == "model"
            expected = row["preference"] - 1 if model_first else 2 - row["preference"]
            assert verdict.probability == pytest.approx(expected, abs=1e-6)
            assert (verdict.choice is Choice.FIRST) == (verdict.probability > 0.5)
            counts["same"] += 1
    # The source reads a preference into the five that answered with another word; we do not.
    assert counts == {"same": 5615, "Neither": 3, "Both": 1, "Please": 1}
