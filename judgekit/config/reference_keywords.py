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
    """The module: the keywords that all functions share, then what each of them adds."""
    taken = {name: set(keywords_of(Settings, name)) for name in JUDGING}
    judging = set.intersection(*taken.values())
    generate = set(keywords_of(GenerateSettings, "generate"))
    types, other_types = hints(Settings), hints(GenerateSettings)
    engine = {name for name in judging & generate if types[name] == other_types[name]}
    parts = [
        HEAD,
        *typed_dict("EngineKeywords", "TypedDict", types, engine),
        *typed_dict("JudgingKeywords", "EngineKeywords", types, judging - engine),
    ]
    for name in JUDGING:
        added = taken[name] - judging
        parts += typed_dict(f"{name.capitalize()}Keywords", "JudgingKeywords", types, added)
    parts += typed_dict("GenerateKeywords", "EngineKeywords", other_types, generate - engine)
    return "\n".join(parts) + "\n"


def typed_dict(name: str, base: str, types: Mapping[str, Any], taken: set[str]) -> Iterator[str]:
    """A class with a key for each setting that is taken."""
    prefix = name.removesuffix("Keywords").lower()
    of = {"engine": "all functions", "judging": "all functions that judge"}.get(
        prefix, f"`{prefix}`"
    )
    yield f"\n\nclass {name}({base}, total=False):"
    yield f'    """Keywords of {of}."""\n'
    yield from (f"    {key}: {keyword_type(types[key])}" for key in types if key in taken)


def keyword_type(hint: Any) -> str:
    """A setting's type as a keyword takes it: a path as a text, one where there may be several."""
    arms = get_args(hint)
    if get_origin(hint) is Literal:
        values = ", ".join(json.dumps(value) for value in arms)
        return f"Literal[{values}]"
    if hint is type(None):
        return "None"
    if get_origin(hint) is tuple:
        one = keyword_type(arms[0])
        return f"{one} | Sequence[{one}]"
    if get_origin(hint) is not None and issubclass_of_mapping(hint):
        return f"Mapping[{', '.join(map(keyword_type, arms))}]"
    if arms:  # a union
        return " | ".join(map(keyword_type, arms))
    return {Path: "AnyPath", Any: "Any"}.get(hint) or str(hint.__name__)


def issubclass_of_mapping(hint: Any) -> bool:
    """Whether a generic type is a mapping; a union is none."""
    origin = get_origin(hint)
    return origin is not Union and isinstance(origin, type) and issubclass(origin, Mapping)
