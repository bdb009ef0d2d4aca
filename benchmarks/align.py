"""Whether `judgekit align` puts a faulty judge right, and how often it claims a gain without one.

A planted judge prefers polite answers to ones with a source in a share of the cases, until its
prompt holds an example; beside that it errs at random, and anew with every change of its prompt. It
counts as put right (`fixed`) if the gain is shown and the written judge errs on no more of the test
part than chance explains. Each run is a whole alignment: labels, parts, search, test, file.

Under the null no candidate has an effect: each has the judge's accuracy and errors of its own. The
labels' parts, the picking and the test are judgekit's own; the candidates' verdicts are drawn, as
correlated with the judge's as given. `false_improved` is the share of runs that claim a gain; the
test's level is 2.5 %.

    python benchmarks/align.py [--quick] [--json] [--labels N]
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path

from align_planted import RIGHT_ONCE, labelled_rows
from options import option_parser

from judgekit.io.prompt_digest import prompt_digest
from judgekit.stats.balanced_accuracy import PairedCase, balanced_accuracy, gain_test
from judgekit.trust import AlignReport, align
from judgekit.trust.alignment.search import best_of
from judgekit.trust.alignment.splitting import split
from judgekit.types import Case, Message, Response

PLUGIN = Path(__file__).with_name("align_planted.py")
RUNS, QUICK_RUNS = 50, 4
NULL_RUNS, QUICK_NULL_RUNS = 400, 100
LABELS, FAULTY = 160, 0.4
ERRORS = 2.0  # standard errors by which chance may lower the accuracy of a judge that is right
CANDIDATES = 6


@dataclass(frozen=True)
class Fixed:
    """One alignment of the faulty judge: its test, and whether it was put right."""

    seed: int
    before: float | None
    after: float | None
    shown: bool
    right: bool
    picked: str | None


def fix(seed: int, labels: int) -> Fixed:
    """Aligns the faulty judge with labels drawn by a seed, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        file = Path("labelled.jsonl")
        file.write_text(
            "".join(json.dumps(row) + "\n" for row in labelled_rows(seed, labels, FAULTY))
        )
        report = align(file, judge="pairwise", model=f"planted/{seed}", plugins=(PLUGIN,))
        os.chdir("/")
    before = report.before.accuracy.value if report.before else None
    after = report.after.accuracy.value if report.after else None
    right = report.shown and bool(report.written) and (after or 0.0) >= least(report)
    return Fixed(seed, before, after, report.shown, right, report.picked)


def least(report: AlignReport) -> float:
    """The accuracy in both orders of a judge with the planted noise, and bad luck, alone."""
    tested = report.after.cases if report.after else 1
    accuracy = RIGHT_ONCE**2
    return float(accuracy - ERRORS * sqrt(accuracy * (1 - accuracy) / tested))


@dataclass(frozen=True)
class Null:
    """One run without effect: the gain on the test part, and whether it was claimed."""

    seed: int
    gain: float
    claimed: bool


def claim(seed: int, labels: int) -> Null:
    """Picks among candidates without effect, and tests the one that was picked."""
    draw = random.Random(f"null {seed}")
    accuracy, alike, ties = draw.uniform(0.5, 0.9), draw.choice((0.0, 0.5, 0.9)), draw.random() / 4
    cases = made_cases(draw, labels)
    label = {case.id: "tie" if draw.random() < ties else draw.choice("AB") for case in cases}
    parts = split(cases)
    judge = {case.id: draw.random() < accuracy for case in cases}
    candidates = [
        {
            name: right if draw.random() < alike else draw.random() < accuracy
            for name, right in judge.items()
        }
        for _ in range(CANDIDATES)
    ]

    def share(rights: dict[str, bool]) -> float | None:
        picked_by = parts.cases("pick", cases)
        return balanced_accuracy(
            (prompt_digest(case), label[case.id], rights[case.id]) for case in picked_by
        ).value

    picked = best_of([share(rights) for rights in candidates], share(judge))
    if picked is None:
        return Null(seed, 0.0, claimed=False)
    test = gain_test(
        [
            PairedCase(
                prompt_digest(case), label[case.id], judge[case.id], candidates[picked][case.id]
            )
            for case in parts.cases("test", cases)
        ]
    )
    return Null(seed, test.gain.value or 0.0, test.significant)


def made_cases(draw: random.Random, labels: int) -> list[Case]:
    """Cases of which every fifth has the prompt of another one."""
    answers = (Response("x", "a"), Response("y", "b"))
    return [
        Case(f"q{n}", (Message("user", f"Prompt {n - n % 5 * (n % 5 == 1)}, {seed}"),), answers)
        for seed in [draw.random()]
        for n in range(labels)
    ]


def main() -> None:
    parser = option_parser(__doc__, f"{QUICK_RUNS} and {QUICK_NULL_RUNS} runs")
    parser.add_argument("--labels", type=int, default=LABELS, help="labels of each run")
    args = parser.parse_args()
    runs, null_runs = (QUICK_RUNS, QUICK_NULL_RUNS) if args.quick else (RUNS, NULL_RUNS)
    started = time.monotonic()
    with ProcessPoolExecutor() as pool:
        null = list(pool.map(claim, range(null_runs), [args.labels] * null_runs, chunksize=25))
        fixed = list(pool.map(fix, range(runs), [args.labels] * runs))
    result = {
        "fixed": sum(run.right for run in fixed) / runs,
        "false_improved": sum(run.claimed for run in null) / null_runs,
        "shown": sum(run.shown for run in fixed) / runs,
        "labels": args.labels,
        "runs": runs,
        "null_runs": null_runs,
        "seconds": round(time.monotonic() - started, 1),
    }
    if args.json:
        print(json.dumps(result | {"of_run": [asdict(run) for run in fixed]}))
        return
    for run in fixed:
        before, after = (f"{100 * (share or 0):5.1f} %" for share in (run.before, run.after))
        mark = " " if run.right else "*"
        print(f"seed {run.seed:3}  before {before}  after {after} {mark} {run.picked}")
    print(f"put right in {100 * result['fixed']:.0f} % of {runs} runs of {args.labels} labels")
    print(f"a gain without effect claimed in {100 * result['false_improved']:.2f} % of {null_runs}")


if __name__ == "__main__":
    main()
