"""The functions that train and plan: from data and a recipe to a trained model."""

from __future__ import annotations

from pathlib import Path

from judgekit.train.interfaces.events import OnEvent
from judgekit.train.interfaces.task import Start
from judgekit.train.loop.run import DryRun, TrainedModel, dry_run, run
from judgekit.train.objectives.registry import task_of
from judgekit.train.recipes.language_model import DPO, SFT, Reward
from judgekit.train.recipes.ranker import Ranker
from judgekit.train.recipes.recipe import Recipe

__all__ = ["plan_training", "train", "train_dpo", "train_ranker", "train_reward", "train_sft"]


def train(
    data: str | Path,
    recipe: Recipe,
    *,
    out: Path,
    start: Start = "new",
    on_event: OnEvent | None = None,
) -> TrainedModel:
    """Trains the recipe's model on data, and saves it in a folder.

    Under torchrun every process calls this; the first one writes and reports.

    Args:
        data: A file of rows, or a data set of the hub as ``OWNER/NAME[/SUBSET][:SPLIT]``.
        recipe: The settings; its class decides the objective, see `OBJECTIVES`.
        out: The folder to write: the model, `train.json`, `metrics.jsonl`, `samples.jsonl`,
            `curve.svg`, and `checkpoints/`.
        start: ``new`` refuses a folder that holds a training; ``resume`` continues from its newest
            complete checkpoint (from the beginning where there is none); ``restart`` removes it
            and starts again.
        on_event: Called with each event while the training runs, in the first process.

    Returns:
        The trained model's folder with its metrics and facts.

    Raises:
        InputError: Data, recipe or folder cannot be used; found before any weight is read.
        EngineError: The weights cannot be read.
        TrainingError: The training cannot continue (memory, numbers that are not finite); its
            checkpoints stay.
    """
    return run(task_of(recipe), data, out=Path(out), start=start, on_event=on_event)


def plan_training(data: str | Path, recipe: Recipe) -> DryRun:
    """Checks data and recipe as `train` does, and estimates steps, memory and time.

    No weight is read.

    Args:
        data: As in `train`.
        recipe: As in `train`.

    Returns:
        Memory in bytes, time in seconds (a lower bound), rows and steps.

    Raises:
        InputError: Data or recipe cannot be used.
    """
    return dry_run(task_of(recipe), data)


def train_dpo(
    data: str | Path,
    recipe: DPO,
    *,
    out: Path,
    start: Start = "new",
    on_event: OnEvent | None = None,
) -> TrainedModel:
    """Trains a language model on preferences: `train` with a recipe of the class `DPO`.

    Args:
        data: Preferences (prompt, chosen, rejected) in judgekit's layout, TRL's, hh-rlhf's or
            UltraFeedback's.
        recipe: The settings; `DPO.loss` chooses DPO (Rafailov et al. 2023, eq. 7) or a variant.
        out: As in `train`.
        start: As in `train`.
        on_event: As in `train`.

    Returns:
        The trained adapter, or the whole model where the recipe says so.

    Raises:
        InputError: See `train`.
        EngineError: See `train`.
        TrainingError: See `train`.
    """
    return train(data, recipe, out=out, start=start, on_event=on_event)


def train_sft(
    data: str | Path,
    recipe: SFT,
    *,
    out: Path,
    start: Start = "new",
    on_event: OnEvent | None = None,
) -> TrainedModel:
    """Trains a language model to give the answers in the data: `train` with an `SFT` recipe.

    Args:
        data: Prompts with answers; of preferences the chosen answer is taken.
        recipe: The settings. The loss is the mean negative log-likelihood of answer tokens.
        out: As in `train`.
        start: As in `train`.
        on_event: As in `train`.

    Returns:
        The trained adapter, or the whole model where the recipe says so.

    Raises:
        InputError: See `train`.
        EngineError: See `train`.
        TrainingError: See `train`.
    """
    return train(data, recipe, out=out, start=start, on_event=on_event)


def train_reward(
    data: str | Path,
    recipe: Reward,
    *,
    out: Path,
    start: Start = "new",
    on_event: OnEvent | None = None,
) -> TrainedModel:
    """Trains a reward model (Bradley and Terry 1952): `train` with a `Reward` recipe.

    Args:
        data: Preferences as in `train_dpo`; with `Reward.use_margin` each row has a ``margin``,
            with `Reward.soft_labels` a ``probability``.
        recipe: The settings. The loss is ``-log σ(s_chosen - s_rejected)``.
        out: As in `train`.
        start: As in `train`.
        on_event: As in `train`.

    Returns:
        A whole model: a sequence classifier with one output, which transformers and the judge
        ``reward`` load. An adapter is merged into it.

    Raises:
        InputError: See `train`.
        EngineError: See `train`.
        TrainingError: See `train`.
    """
    return train(data, recipe, out=out, start=start, on_event=on_event)


def train_ranker(
    data: str | Path,
    recipe: Ranker,
    *,
    out: Path,
    start: Start = "new",
    on_event: OnEvent | None = None,
) -> TrainedModel:
    """Trains a PairRM (Jiang et al. 2023): `train` with a `Ranker` recipe.

    Args:
        data: Preferences as in `train_dpo`; with `Ranker.metrics` a file of several answers per
            prompt with references. Each pair is shown in both orders.
        recipe: The settings. The loss is PairRM's, ``-log σ((l - r) · sign(q_l - q_r))``.
        out: As in `train`.
        start: As in `train`.
        on_event: As in `train`.

    Returns:
        A whole model in the layout of `llm-blender/PairRM-hf`, which the judge ``pairrm`` loads.

    Raises:
        InputError: See `train`.
        EngineError: See `train`.
        TrainingError: See `train`.
    """
    return train(data, recipe, out=out, start=start, on_event=on_event)
