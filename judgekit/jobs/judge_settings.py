"""Seats and settings: which judges a run names, and what of the settings is each one's."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from judgekit.config.judge_spec import JudgeSpec, parse_judge_specs
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry

__all__ = ["judge_specs", "juror_settings"]


def judge_specs(settings: Settings) -> tuple[JudgeSpec, ...]:
    """The seats that ``judge`` names; none where it names no judge. Raises `InputError`."""
    name = settings.judge
    if name is None:
        return ()
    if not {",", "@"} & set(name) or Path(name).is_file():  # a prompt file may be called anything
        return (JudgeSpec(name),)
    return parse_judge_specs(name)


def juror_settings(
    seat: JudgeSpec, settings: Settings, registry: Registry, *, alone: bool = False
) -> Settings:
    """The settings of one seat: its own judge and model, and of what was said what concerns it.

    Unless it sits `alone`, what is said of an engine (``model`` among it) is said to those that ask
    one. Raises `InputError` where it lacks its weights.
    """
    own = replace(settings, judge=seat.judge, model=seat.model or settings.model)
    kind = registry.judge(seat.judge)
    if alone or kind.model == "engine":
        return own
    if kind.model == "weights" and seat.model is None:
        raise InputError(
            f"the judge {seat.judge!r} needs its weights: write {seat.judge}@FOLDER or "
            f"{seat.judge}@HUB-ID"
        )
    usual = Settings()
    of_engines = [f.name for f in fields(Settings) if f.metadata["asks"]]
    neutral = {name: getattr(usual, name) for name in of_engines}
    return replace(own, **neutral | {"model": seat.model})
