"""Speed of PairRM here, compared with the package it comes from.

    python benchmarks/pairrm_speed.py            # five CPU-minutes
    python benchmarks/pairrm_speed.py --quick    # half of that
    python benchmarks/pairrm_speed.py --quick --json

All implementations score all ordered pairs of four answers to each prompt with the same random
weights: `llm_blender`'s `rank`; transformers' DebertaV2Model on the pairs sorted by length;
judgekit in fp32 and in bf16; and, as a lower bound, the matrix products alone. Times are CPU
seconds from texts to scores on one thread, taken in turn, medians of three rounds. `ratio` is
llm_blender divided by judgekit in fp32; `max_abs_diff` is between their scores, both truncated by
the batch rule.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import runpy
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import permutations
from pathlib import Path
from statistics import NormalDist
from typing import Any

import torch
from options import option_parser
from pairrm_peers import Products, StockDeberta

from judgekit.models.blender import Blender
from judgekit.models.pairrm import PairRM

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "answers" / "alpaca"
HIDDEN, LAYERS = 256, 4
ROUNDS, BATCH = 3, 8  # prompts in a batch: upstream's default
MODELS = ("claude-2", "gemma-2b-it", "gpt-3.5-turbo-1106", "vicuna-7b")
# The small vocabulary needs twice the tokens of the real one, so half a text has as many.
KEPT = 0.5
PROMPT, ANSWER = 5, 50  # nonsense words with about as many tokens as half a text


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    prompts, answers = read_texts(options.data, 4 if options.quick else 8)
    with tempfile.TemporaryDirectory() as folder:
        results = measure_all(Path(folder), prompts, answers)
    for name, value in results.items():
        print(f"{name:<32} {value}")
    if options.json:
        print(json.dumps(results))


def parse() -> argparse.Namespace:
    parser = option_parser(__doc__, "half of the prompts")
    default = DATA if DATA.is_dir() else None
    parser.add_argument(
        "--data", type=Path, default=default, help="folder of answers (JSONL); else nonsense texts"
    )
    return parser.parse_args()


def measure_all(folder: Path, prompts: list[str], answers: list[list[str]]) -> dict[str, Any]:
    """Times of all implementations on the same texts, and how far their scores differ."""
    write = runpy.run_path(str(ROOT / "tests" / "checkpoints.py"))["write_pairrm"]
    write(folder, hidden=HIDDEN, layers=LAYERS)
    pairs = [
        (prompt, first, second)
        for prompt, some in zip(prompts, answers, strict=True)
        for first, second in permutations(some, 2)
    ]
    upstream = Blender.load(str(folder), device="cpu")
    stock = StockDeberta(upstream.upstream.ranker, folder)
    native = PairRM.load(str(folder), dtype="float32", device="cpu")
    half = PairRM.load(str(folder), dtype="bfloat16", device="cpu")
    lengths = [len(ids) for ids in stock.sequences(pairs)]
    seconds, results = time_in_turn(
        {
            "upstream": partial(upstream.scores, prompts, answers, batch_size=BATCH),
            "stock": partial(stock.logits, pairs),
            "native fp32": partial(native.logits, pairs),
            "native bf16": partial(half.logits, pairs),
            "products alone": Products(lengths, HIDDEN, LAYERS).run,
        }
    )
    alike = PairRM.load(str(folder), dtype="float32", device="cpu", rule="batch")
    expected = [score for row in results["upstream"] for score in row]
    exact = scores(alike.logits(pairs, batch_size=BATCH))
    return {
        "ratio": round(seconds["upstream"] / seconds["native fp32"], 2),
        "ratio_stock": round(seconds["stock"] / seconds["native fp32"], 2),
        "ratio_bf16": round(seconds["upstream"] / seconds["native bf16"], 2),
        "products_share": round(seconds["products alone"] / seconds["native fp32"], 2),
        "max_abs_diff": largest_difference(expected, exact),
        "max_abs_diff_stock": largest_difference(results["stock"], results["native fp32"]),
        "max_abs_diff_bf16": largest_difference(results["native bf16"], results["native fp32"]),
        "cpu_seconds": {name: round(took, 2) for name, took in seconds.items()},
        "pairs": len(pairs),
        "tokens_mean": round(statistics.mean(lengths)),
    }


def time_in_turn(ways: dict[str, Callable[[], Any]]) -> tuple[dict[str, float], dict[str, Any]]:
    """Median CPU seconds of each function, called in turn, and each one's last result."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    results: dict[str, Any] = {}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began = time.process_time()
            results[name] = way()
            seconds[name].append(time.process_time() - began)
    return {name: statistics.median(took) for name, took in seconds.items()}, results


def scores(logits: Sequence[float]) -> list[float]:
    """Each answer's score from the logits of all ordered pairs: mean_j(C_ij - C_ji)."""
    n, means = len(MODELS), []
    orders = list(permutations(range(n), 2))
    for start in range(0, len(logits), len(orders)):
        of = dict(zip(orders, logits[start : start + len(orders)], strict=True))
        means += [sum(of[i, j] - of[j, i] for j in range(n) if j != i) / n for i in range(n)]
    return means


def largest_difference(some: Sequence[float], others: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(some, others, strict=True))


def read_texts(data: Path | None, count: int) -> tuple[list[str], list[list[str]]]:
    """`count` prompts, and four answers to each."""
    rows = read_answers(data) if data else list(nonsense_texts(count))
    step = len(rows) // count
    chosen = rows[: step * count : step]
    prompts, answers = zip(*chosen, strict=True)
    return list(prompts), list(answers)


def read_answers(data: Path) -> list[tuple[str, list[str]]]:
    """Prompts with the answers of `MODELS`, whose files are joined by id."""
    models = []
    for name in MODELS:
        with (data / f"{name}.jsonl").open(encoding="utf-8") as lines:
            models.append({row["id"]: row for row in map(json.loads, lines)})
    shared = [row for key, row in models[0].items() if all(key in other for other in models)]
    return [
        (shorten(row["instruction"]), [shorten(model[row["id"]]["output"]) for model in models])
        for row in shared
    ]


def shorten(text: str) -> str:
    return text[: int(len(text) * KEPT)]


def nonsense_texts(count: int) -> Iterator[tuple[str, list[str]]]:
    """Texts of nonsense words, about as long as AlpacaEval's; the same in every run."""
    draw = random.Random(0)
    words = ["".join(draw.choices("etaoinshrdlu", k=draw.randint(2, 9))) for _ in range(2000)]

    def some(number: int, middle: float) -> list[str]:
        # Quantiles of a distribution, not draws, so that a few texts include long ones as well.
        lengths = NormalDist(math.log(middle), 0.7)
        sizes = [math.exp(lengths.inv_cdf((k + 0.5) / number)) for k in range(number)]
        texts = [" ".join(draw.choices(words, k=math.ceil(size))) for size in sizes]
        return draw.sample(texts, number)

    answers = some(count * len(MODELS), ANSWER)
    for prompt in some(count, PROMPT):
        yield prompt, [answers.pop() for _ in MODELS]


if __name__ == "__main__":
    main()
