"""Whether a model improves by training on a faulty judge's verdicts of its own answers.

    python benchmarks/closed_loop.py            # three seeds
    python benchmarks/closed_loop.py --quick    # one
    python benchmarks/closed_loop.py --quick --json

A tiny Llama learns to sort letters from answers half of which are wrong (SFT) and answers each
prompt twice. A judge that makes errors and favours the first position compares the two answers. The
pairs of its consistent verdicts train an adapter of the model in 4 bits (DPO). An exact judge then
compares the new answers to held-out prompts with the old ones. Every step is judgekit's own. The
same is done with each pair of answers shown in one order only, and every verdict believed: the
difference is what showing both orders is worth. `win_rate` is over all seeds, with its 95 %
interval clustered by prompt; `length_change` is how much longer the new answers are, as a share.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from options import option_parser

import judgekit
from judgekit.pairs import PreferencePair, pairs_of_run
from judgekit.runs import StoredRun
from judgekit.stats import Rate
from judgekit.train import train_dpo, train_sft
from judgekit.train.recipes.language_model import DPO, SFT

sys.path.append(str(Path(__file__).resolve().parents[1] / "examples"))
from sorting import answers_to_imitate, prompts, write_model, write_rows

JUDGES = Path(__file__).resolve().with_name("closed_loop_judges.py")
ERROR, LEAN = 0.15, 0.5  # of the judge: share of cases it gets wrong, of trials it says first
IMITATED, JUDGED, HELD_OUT = 32_000, 1600, 500  # prompts
NEW = 8  # tokens of an answer: five letters, the end token, two spare
Orders = Literal["both", "one"]


def main() -> None:
    options = parse()
    # The working directory, too: reference log-probabilities are kept there.
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        began = time.perf_counter()
        loops = [Loop(Path(folder), seed) for seed in range(1 if options.quick else 3)]
        seeds = [loop.run() for loop in loops]
        results = {
            "win_rate": pooled_win_rate(loops, "both").value,
            "ci": interval(pooled_win_rate(loops, "both")),
            "win_rate_without_swap": pooled_win_rate(loops, "one").value,
            "ci_without_swap": interval(pooled_win_rate(loops, "one")),
            "length_change": statistics.mean(seed["both"]["length_change"] for seed in seeds),
            "seeds": seeds,
            "seconds": round(time.perf_counter() - began),
        }
    show(results)
    if options.json:
        print(json.dumps(results))


def parse() -> argparse.Namespace:
    parser = option_parser(__doc__, "one seed instead of three")
    return parser.parse_args()


def sft(model: Path, seed: int) -> SFT:
    """Full fine-tuning in fp32, one epoch."""
    return SFT(
        model=str(model),
        quant="none",
        lora=False,
        path="padded",
        learning_rate=3e-3,
        optimizer="adamw",
        batch_size=64,
        accumulate=1,
        eval_share=0.0,
        samples=0,
        seed=seed,
    )


def dpo(model: Path, seed: int) -> DPO:
    """An adapter of the model in 4 bits, with the same number of steps for any number of pairs."""
    return DPO(
        model=str(model),
        beta=0.5,
        learning_rate=3e-4,
        optimizer="adamw",
        batch_size=16,
        accumulate=1,
        steps=100,
        eval_share=0.0,
        samples=0,
        seed=seed,
    )


@dataclass
class Loop:
    """The loop for one seed, from random weights to compared answers; its files are in a folder."""

    parent: Path
    seed: int

    def __post_init__(self) -> None:
        self.folder = self.parent / str(self.seed)
        self.folder.mkdir()

    def run(self) -> dict[str, Any]:
        draw = random.Random(self.seed)
        base = self.train_base(answers_to_imitate(IMITATED, draw))
        prompts_file = write_rows(self.folder / "prompts.jsonl", prompts(JUDGED, draw))
        # The same for every seed, so that pooled intervals count each prompt once.
        held_out = list(prompts(HELD_OUT, random.Random(-1)))
        test = write_rows(self.folder / "held_out.jsonl", held_out)
        some, others = (self.answer(prompts_file, base, f"candidates-{k}", seed=k) for k in (1, 2))
        self.answer(test, base, "old")
        return {"seed": self.seed} | {
            orders: self.train_on_verdicts(base, some, others, test, orders)
            for orders in ("both", "one")
        }

    def train_base(self, answers: Iterable[dict[str, str]]) -> Path:
        """Trains a model of random weights on these answers (SFT); returns its folder."""
        start = write_model(self.folder / "random", self.seed)
        rows = write_rows(self.folder / "imitate.jsonl", answers)
        return train_sft(rows, sft(start, self.seed), out=self.folder / "sft").folder

    def answer(
        self,
        prompts_file: Path,
        base: Path,
        name: str,
        *,
        seed: int = 0,
        adapter: Path | None = None,
    ) -> Path:
        """A file of a 4-bit model's sampled answers."""
        return generate(
            prompts_file, base, self.folder / f"{name}.jsonl", seed=seed, adapter=adapter
        )

    def train_on_verdicts(
        self, base: Path, some: Path, others: Path, test: Path, orders: Orders
    ) -> dict[str, Any]:
        """Judges in both orders or one, trains on the verdicts, compares new with old answers."""
        run = judgekit.compare(
            some,
            others,
            judge="planted",
            options={"error": ERROR, "lean": LEAN, "seed": self.seed},
            orders=orders,
            **self.run_options(f"judged-{orders}"),
        )
        pairs = pairs_of_run(StoredRun(run.folder), all_winners=orders == "one")
        file = self.folder / f"pairs-{orders}.jsonl"
        pairs.write(file)
        tuned = train_dpo(file, dpo(base, self.seed), out=self.folder / f"dpo-{orders}")
        old = self.folder / "old.jsonl"
        new = self.answer(test, base, f"new-{orders}", adapter=tuned.folder)
        rate = self.win_rate(new, old, f"exact-{orders}")
        return {
            "win_rate": rate.value,
            "ci": interval(rate),
            "right_old": share_right(old),
            "right_new": share_right(new),
            "length_change": length(new) / length(old) - 1,
            "shown": sum(run.summary.statuses.values()),
            "pairs": len(pairs.pairs),
            **pair_quality(pairs.pairs),
        }

    def win_rate(self, new: Path, old: Path, name: str) -> Rate:
        """The win rate of the new answers by the exact judge, with its interval."""
        run = judgekit.compare(new, old, judge="exact", **self.run_options(name))
        return run.summary.win_rate_a

    def run_options(self, name: str) -> dict[str, Any]:
        """Plugin, folder and reply store of one run."""
        return {
            "plugins": (JUDGES,),
            "out": self.folder / name,
            "store": self.folder / "replies.db",
        }


def generate(
    prompts_file: Path, base: Path, out: Path, *, seed: int = 0, adapter: Path | None = None
) -> Path:
    """A file of a 4-bit model's answers, sampled at temperature 1."""
    judgekit.generate(
        prompts_file,
        model=f"transformers/{base}",
        out=out,
        adapter=None if adapter is None else str(adapter),
        quant="4bit",
        temperature=1.0,
        max_tokens=NEW,
        seed=seed,
        store=out.parent / "replies.db",
    )
    return out


def pooled_win_rate(loops: Sequence[Loop], orders: Orders) -> Rate:
    """The win rate over all seeds, computed as one run that is clustered by prompt."""
    first = loops[0]
    sides = []
    for name in (f"new-{orders}", "old"):
        rows = [
            {**row, "id": f"{loop.seed} {row['id']}", "model": name}
            for loop in loops
            for row in read_rows(loop.folder / f"{name}.jsonl")
        ]
        sides.append(write_rows(first.parent / f"{name}-{orders}.jsonl", rows))
    return first.win_rate(sides[0], sides[1], f"pooled-{orders}")


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def share_right(answers: Path) -> float:
    rows = read_rows(answers)
    right: int = sum(row["response"] == row["reference"] for row in rows)
    return right / len(rows)


def length(answers: Path) -> float:
    """Mean number of letters in an answer."""
    return statistics.mean(len(row["response"].split()) for row in read_rows(answers))


def pair_quality(pairs: Sequence[PreferencePair]) -> dict[str, float]:
    """Shares of pairs with the right answer chosen, and with the right answer rejected."""
    right = wrong = 0
    for pair in pairs:
        reference = " ".join(sorted(pair.prompt[-1].content.split()[1:]))
        right += pair.chosen == reference
        wrong += pair.rejected == reference != pair.chosen
    both = sum(pair.chosen == pair.rejected for pair in pairs)
    return {"pairs_right": (right - both) / len(pairs), "pairs_wrong": wrong / len(pairs)}


def interval(rate: Rate) -> list[float | None]:
    return [rate.low, rate.high]


def show(results: Mapping[str, Any]) -> None:
    print(f"{'seed':<6}{'orders':<8}{'showings':>9}{'pairs':>7}{'right':>7}{'wrong':>7}", end="")
    print(f"{'right before':>14}{'after':>7}{'win rate':>10}  95 % interval   length")
    for seed in results["seeds"]:
        for orders in ("both", "one"):
            row = seed[orders]
            print(
                f"{seed['seed']:<6}{orders:<8}{row['shown']:>9}{row['pairs']:>7}"
                f"{row['pairs_right']:>7.2f}{row['pairs_wrong']:>7.2f}"
                f"{row['right_old']:>14.3f}{row['right_new']:>7.3f}{row['win_rate']:>10.3f}"
                f"  {row['ci'][0]:.3f} to {row['ci'][1]:.3f} {100 * row['length_change']:>+7.1f} %"
            )
    for name, orders in (("", "both orders"), ("_without_swap", "one order")):
        low, high = results[f"ci{name}"]
        print(f"all seeds, {orders}: {results[f'win_rate{name}']:.3f} ({low:.3f} to {high:.3f})")
    print(f"{results['seconds']} s")


if __name__ == "__main__":
    main()
