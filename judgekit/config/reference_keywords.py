"""The text of judgekit/config/keywords.py: the settings of each function as its keywords.

`.ci/reference.py` writes it; type checkers and editors read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from judgekit.config.fields import hints, keywords_of
from judgekit.config.settings import GenerateSettings, Settings

__all__ = ["PLACE", "keywords_text"]

PLACE = Path(__file__).resolve().parent / "keywords.py"
HEAD = '''"""The settings of each function as its keywords, for type checkers and editors.

Written by .ci/reference.py out of `judgekit.config.settings`; `make reference` renews it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

__all__ = ["CompareKeywords", "GenerateKeywords", "RankKeywords", "ScoreKeywords"]

AnyPath: TypeAlias = str | os.PathLike[str]'''
JUDGING = ("compare", "score", "rank")


def keywords_text() -> str:
    """The module: what all that judge take, then what each of them adds."""
    taken = {name: set(keywords_of(Settings, name)) for name in JUDGING}
    common = set.intersection(*taken.values())
    parts = [HEAD, *typed_dict("JudgingKeywords", "TypedDict", Settings, common)]
    for name in JUDGING:
        names = taken[name] - common
        parts += typed_dict(f"{name.capitalize()}Keywords", "JudgingKeywords", Settings, names)
    every = set(keywords_of(GenerateSettings, "generate"))
    parts += typed_dict("GenerateKeywords", "TypedDict", GenerateSettings, every)
    return "\n".join(parts) + "\n"


def typed_dict(name: str, base: str, kind: type, taken: set[str]) -> Iterator[str]:
    """A class with a key for each setting that is taken."""
    types: Mapping[str, Any] = hints(kind)
    of = "all functions that judge" if name.startswith("Judging") else f"`{name[:-8].lower()}`"
    yield f"\n\nclass {name}({base}, total=False):"
    yield f'    """Keywords of {of}."""\n'
    yield from (f"    {key}: {spelled(types[key])}" for key in types if key in taken)


def spelled(hint: Any) -> str:
    """A setting's type as a keyword takes it: a path as a text, one where there may be several."""
    arms = get_args(hint)
    if get_origin(hint) is Literal:
        values = ", ".join(json.dumps(value) for value in arms)
        return f"Literal[{values}]"
    if hint is type(None):
        return "None"
    if get_origin(hint) is tuple:
        one = spelled(arms[0])
        return f"{one} | Sequence[{one}]"
    if get_origin(hint) is not None and issubclass_of_mapping(hint):
        return f"Mapping[{', '.join(map(spelled, arms))}]"
    if arms:  # a union
        return " | ".join(map(spelled, arms))
    return {Path: "AnyPath", Any: "Any"}.get(hint) or str(hint.__name__)


def issubclass_of_mapping(hint: Any) -> bool:
    """Whether a generic type is a mapping; a union is none."""
    origin = get_origin(hint)
    return origin is not Union and isinstance(origin, type) and issubclass(origin, Mapping)
