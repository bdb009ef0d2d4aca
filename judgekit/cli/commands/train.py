"""`judgekit train`: preferences or answers → a tuned model, a reward model or a ranker."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from judgekit.cli.commands.merge import merge
from judgekit.cli.flags import with_flags
from judgekit.errors import InputError
from judgekit.train.recipes.language_model import DPO, SFT, Reward
from judgekit.train.recipes.ranker import Ranker

if TYPE_CHECKING:
    from judgekit.cli.render.train_progress import Course
    from judgekit.train import Tuned

__all__ = ["app"]

AnyRecipe = DPO | SFT | Reward | Ranker

Data = Annotated[
    str, typer.Argument(help="A file, or a data set of the hub: OWNER/NAME, OWNER/NAME:SPLIT.")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from the folder's newest checkpoint.")
]
Force = Annotated[bool, typer.Option("--force", help="Start again in a folder with a training.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check data and recipe; print rows, memory, time.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

TUNED = Path("tuned")

app = typer.Typer(help="Train on preferences or answers: dpo, sft, reward, ranker.")


@app.callback(invoke_without_command=True)
def training(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        raise InputError(
            f"train what? one of {', '.join(COMMANDS)}, as in `judgekit train dpo pairs.jsonl "
            f"--model M --out tuned`"
        )


def dpo(
    data: Data,
    settings: Mapping[str, Any],
    out: Out = TUNED,
    preset: Annotated[
        Literal["default", "lecture"],
        typer.Option(help="The values that flags go over; docs/training.md has both."),
    ] = "default",
    label_smoothing_from: Annotated[
        Path | None,
        typer.Option(help="A run in both orders, whose inconsistency says how wrong pairs are."),
    ] = None,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make chosen answers likelier than rejected ones: DPO, IPO, SimPO and relatives."""
    given = dict(settings)
    if label_smoothing_from is not None:
        if "label_smoothing" in given:
            raise InputError("--label-smoothing and --label-smoothing-from say it twice; give one")
        given["label_smoothing"] = smoothing_from(label_smoothing_from)
    how = How(out, resume, force, dry_run, as_json)
    perform(data, DPO.of(given, preset), how)


def sft(
    data: Data,
    settings: Mapping[str, Any],
    out: Out = TUNED,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make answers likelier: supervised fine-tuning."""
    perform(data, SFT.of(settings), How(out, resume, force, dry_run, as_json))


def reward(
    data: Data,
    settings: Mapping[str, Any],
    out: Out = TUNED,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make a reward model of a language model: the judge `reward` loads it."""
    perform(data, Reward.of(settings), How(out, resume, force, dry_run, as_json))


def ranker(
    data: Data,
    settings: Mapping[str, Any],
    out: Out = TUNED,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Train a PairRM, of preferences or of measured candidates: the judge `pairrm` loads it."""
    perform(data, Ranker.of(settings), How(out, resume, force, dry_run, as_json))


COMMANDS: Mapping[str, tuple[Callable[..., None], type]] = {
    "dpo": (dpo, DPO),
    "sft": (sft, SFT),
    "reward": (reward, Reward),
    "ranker": (ranker, Ranker),
}
for _name, (_command, _kind) in COMMANDS.items():
    app.command(_name)(with_flags(_command, _kind))
app.command("merge")(merge)


@dataclass(frozen=True, slots=True)
class How:
    """What is said beside data and recipe."""

    out: Path
    resume: bool
    force: bool
    dry_run: bool
    as_json: bool


def perform(data: str, recipe: AnyRecipe, how: How) -> None:
    """Trains, or says what it would be; and prints it."""
    from judgekit.models.hushed import hush

    hush()  # before anything imports bitsandbytes
    if how.dry_run:
        estimate(data, recipe, as_json=how.as_json)
        return
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.train_progress import Course
    from judgekit.cli.render.trained_model import print_tuned, report

    course = Course()
    tuned = run_watched(data, recipe, how, course)
    if course.saved is None:  # another of several processes speaks
        return
    samples = samples_of(tuned)
    if how.as_json:
        print(json_text(report(tuned, samples)))
    else:
        print_tuned(tuned, samples)


def estimate(data: str, recipe: AnyRecipe, *, as_json: bool) -> None:
    """`--dry-run`: everything is checked, no weight is read."""
    from judgekit.cli.render.console import json_text, stdout_console
    from judgekit.cli.render.train_progress import print_plan
    from judgekit.train import plan_training

    found = plan_training(data, recipe)
    if not first_process():
        return
    if as_json:
        plan = {"estimate": found.estimate, "counts": found.counts, "steps": found.steps}
        print(json_text(plan))
    else:
        print_plan(stdout_console(), found.estimate, found.counts, found.steps)


def run_watched(data: str, recipe: AnyRecipe, how: How, course: Course) -> Tuned:
    """Trains under a progress display; Ctrl-C ends it with a word on how to go on."""
    from judgekit import train
    from judgekit.cli.render.train_progress import stopped, watched
    from judgekit.cli.run_jobs import announce

    trainings: Mapping[type, Callable[..., Tuned]] = {
        DPO: train.train_dpo,
        SFT: train.train_sft,
        Reward: train.train_reward,
        Ranker: train.train_ranker,
    }
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    try:
        with watched(course, recipe.batch_size * recipe.accumulate * processes) as on_event:
            return trainings[type(recipe)](
                data, recipe, out=how.out, resume=how.resume, force=how.force, on_event=on_event
            )
    except KeyboardInterrupt:
        if course.step is not None:
            announce(stopped(course))
        raise typer.Exit(130) from None


def samples_of(tuned: Tuned) -> list[dict[str, Any]]:
    """The rows of samples.jsonl, those of an earlier start too."""
    from judgekit.train.loop.log import read_rows

    return read_rows(tuned.folder / "samples.jsonl")


def smoothing_from(run: Path) -> float:
    """The share of wrong pairs among those on which both orders of a run agree."""
    from judgekit import runs
    from judgekit.cli.run_jobs import announce
    from judgekit.train.label_noise import label_noise
    from judgekit.types import Outcome, Position

    folder = runs.resolve(run)
    outcomes: list[Outcome] = []
    if runs.holds_rankings(folder):
        for ranking, _ in runs.read_rankings(folder):
            outcomes += ranking.comparisons.values()
    else:
        outcomes += (outcome for outcome, _ in runs.read_outcomes(folder))
    agreeing = sum(o.position is Position.CONSISTENT and o.winner != "tie" for o in outcomes)
    # Whatever was made of them: the mean of two orders that disagree may be a tie.
    turned = sum(o.position in (Position.FIRST, Position.SECOND) for o in outcomes)
    noise = label_noise(agreeing, turned)
    if first_process():
        announce(
            f"two orders name different winners in {100 * noise.inconsistency:.1f} % of "
            f"{noise.cases} cases, so at least {100 * noise.showing:.1f} % of single showings are "
            f"wrong, and {100 * noise.agreed:.2f} % of pairs on which both agree: that is the "
            f"label smoothing"
        )
    return noise.agreed


def first_process() -> bool:
    """Whether this one, of those that torchrun started, is the one that speaks."""
    return os.environ.get("RANK", "0") == "0"
