"""Which judges a run names, and which of its settings hold for each of them."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from judgekit.config.judge_spec import JudgeSpec, parse_judge_specs
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry

__all__ = ["judge_specs", "juror_settings"]


def judge_specs(settings: Settings) -> tuple[JudgeSpec, ...]:
    """The judges that ``judge`` names; empty where it names none. Raises `InputError`."""
    name = settings.judge
    if name is None:
        return ()
    if not {",", "@"} & set(name) or Path(name).is_file():  # a prompt file may have any name
        return (JudgeSpec(name),)
    return parse_judge_specs(name)


def juror_settings(
    juror: JudgeSpec, settings: Settings, registry: Registry, *, alone: bool = False
) -> Settings:
    """The settings of one of a run's judges: its name and model, and what applies to it.

    Args:
        juror: The judge and, where it has one of its own, its model.
        settings: The settings of the whole run.
        registry: Tells what the judge asks.
        alone: Whether it is the only judge. Otherwise settings of an engine (``model`` among them)
            hold only for judges that ask one.

    Raises:
        InputError: The judge needs weights, and none are named.
        PluginError: The judge's plugin cannot be loaded.
    """
    of_juror = replace(settings, judge=juror.judge, model=juror.model or settings.model)
    kind = registry.judge(juror.judge)
    if alone or kind.model == "engine":
        return of_juror
    if kind.model == "weights" and juror.model is None:
        raise InputError(
            f"the judge {juror.judge!r} needs its weights: write {juror.judge}@FOLDER or "
            f"{juror.judge}@HUB-ID"
        )
    defaults = Settings()
    of_engines = [f.name for f in fields(Settings) if f.metadata["asks"]]
    neutral = {name: getattr(defaults, name) for name in of_engines}
    return replace(of_juror, **neutral | {"model": juror.model})
