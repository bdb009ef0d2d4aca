"""`judgekit train`: a command for each training objective, and `merge`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from judgekit.cli.commands.merge import merge
from judgekit.cli.flags import with_flags
from judgekit.errors import InputError
from judgekit.train.interfaces.torchrun import first_process, process_count
from judgekit.train.objectives.registry import OBJECTIVES, ObjectiveEntry
from judgekit.train.recipes.recipe import Recipe

if TYPE_CHECKING:
    from judgekit.train import TrainedModel
    from judgekit.train.interfaces.task import Start

__all__ = ["app"]

OUT = Path("trained")

app = typer.Typer()


@app.callback(invoke_without_command=True)
def check_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        names = ", ".join(entry.name for entry in OBJECTIVES)
        raise InputError(
            f"train what? choose one of {names}, as in `judgekit train dpo pairs.jsonl --model M "
            f"--out {OUT}`, or `merge` an adapter into its model"
        )


def train_command(entry: ObjectiveEntry) -> Callable[..., None]:
    """The command of an objective, with the flags that its recipe has."""

    def command(
        data: Annotated[
            str, typer.Argument(help="A file, or a data set of the hub: OWNER/NAME[:SPLIT].")
        ],
        settings: Mapping[str, Any],
        out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = OUT,
        preset: str = "default",
        label_smoothing_from: Annotated[
            Path | None,
            typer.Option(help="Estimate --label-smoothing from a run in both orders."),
        ] = None,
        resume: Annotated[
            bool, typer.Option("--resume", help="Continue from the folder's newest checkpoint.")
        ] = False,
        force: Annotated[
            bool, typer.Option("--force", help="Replace the training in the folder.")
        ] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Check the data; print rows, memory and time.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    ) -> None:
        given = with_smoothing(settings, label_smoothing_from)
        if resume and force:
            raise InputError("--resume continues a training and --force replaces it; choose one")
        recipe = entry.recipe.of(given, preset)
        if dry_run:
            show_plan(data, recipe, as_json=as_json)
        else:
            start: Start = "resume" if resume else "restart" if force else "new"
            train_and_show(data, recipe, out, start, as_json=as_json)

    command.__signature__ = signature_of(command, entry)  # type: ignore[attr-defined]
    command.__name__, command.__doc__ = entry.name, entry.help
    return with_flags(command, entry.recipe)


def signature_of(command: Callable[..., None], entry: ObjectiveEntry) -> inspect.Signature:
    """The parameters of a training command that its objective has a use for."""
    signature = inspect.signature(command, eval_str=True)
    parameters = dict(signature.parameters)
    presets = tuple(entry.recipe.presets)
    option = typer.Option(help="Values that the other flags override, see docs/guides/train.md.")
    parameters["preset"] = parameters["preset"].replace(
        annotation=Annotated[Literal[presets], option]
    )
    if len(presets) == 1:
        del parameters["preset"]
    if all(field.name != "label_smoothing" for field in fields(entry.recipe)):
        del parameters["label_smoothing_from"]
    return signature.replace(parameters=list(parameters.values()))


def with_smoothing(settings: Mapping[str, Any], run: Path | None) -> dict[str, Any]:
    """The settings, with the label smoothing that a run's inconsistency suggests."""
    if run is None:
        return dict(settings)
    if "label_smoothing" in settings:
        raise InputError("give --label-smoothing or --label-smoothing-from, not both")
    return {**settings, "label_smoothing": estimated_smoothing(run)}


for _entry in OBJECTIVES:
    app.command(_entry.name)(train_command(_entry))
app.command("merge")(merge)


def show_plan(data: str, recipe: Recipe, *, as_json: bool) -> None:
    """`--dry-run`: checks everything, reads no weight, prints what the training would be."""
    from judgekit.cli.render.console import json_text, stdout_console
    from judgekit.cli.render.train_progress import print_dry_run
    from judgekit.models.library_warnings import hide_kernel_warning

    hide_kernel_warning()  # before anything imports bitsandbytes
    from judgekit.train import plan_training

    plan = plan_training(data, recipe)
    if not first_process():
        return
    if as_json:
        facts = {"estimate": plan.estimate, "counts": plan.counts, "steps": plan.steps}
        print(json_text(facts))
    else:
        print_dry_run(stdout_console(), plan.estimate, plan.counts, plan.steps)


def train_and_show(data: str, recipe: Recipe, out: Path, start: Start, *, as_json: bool) -> None:
    """Trains under a progress display, and prints what came of it."""
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.trained_model import print_trained, report
    from judgekit.models.library_warnings import hide_kernel_warning

    hide_kernel_warning()  # before anything imports bitsandbytes
    trained = train_with_progress(data, recipe, out, start)
    if not first_process():
        return
    if as_json:
        print(json_text(report(trained)))
    else:
        print_trained(trained)


def train_with_progress(data: str, recipe: Recipe, out: Path, start: Start) -> TrainedModel:
    """Trains; Ctrl-C ends it with a message that says how to continue."""
    from judgekit.cli.render.train_progress import (
        TrainingState,
        interruption_message,
        training_display,
    )
    from judgekit.cli.run_jobs import announce
    from judgekit.train import train

    state = TrainingState()
    step_rows = recipe.batch_size * recipe.accumulate * process_count()
    try:
        with training_display(state, step_rows) as on_event:
            return train(data, recipe, out=out, start=start, on_event=on_event)
    except KeyboardInterrupt:
        if state.step is not None:
            announce(interruption_message(state))
        raise typer.Exit(130) from None


def estimated_smoothing(run: Path) -> float:
    """The share of wrong pairs among those on which both orders of a run agree."""
    from judgekit.cli.run_jobs import announce
    from judgekit.pairs.label_noise import label_noise_of_run

    noise = label_noise_of_run(run)
    if first_process():
        announce(
            f"two orders name different winners in {100 * noise.inconsistency:.1f} % of "
            f"{noise.cases} cases, so at least {100 * noise.trial:.1f} % of single trials are "
            f"wrong, and {100 * noise.agreed:.2f} % of pairs on which both agree: that is the "
            f"label smoothing"
        )
    return noise.agreed
