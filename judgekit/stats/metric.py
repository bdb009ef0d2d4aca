"""What a metric means: its definition, unit, denominator and formula stand on its field.

`judgekit explain`, the reference page and the keys of ``summary.json`` are derived from it.
"""

from __future__ import annotations

from dataclasses import Field, dataclass
from typing import Any

__all__ = ["Metric", "metric", "metric_of"]


@dataclass(frozen=True, slots=True)
class Metric:
    """What one field of a summary means: the text of `judgekit explain` and of the reference.

    `formerly`: the key that an older release gave it. `optional`: left out of JSON where None.
    """

    definition: str
    unit: str = ""
    denominator: str = ""
    formula: str = ""
    formerly: str = ""
    optional: bool = False


def metric(
    definition: str,
    *,
    unit: str = "",
    denominator: str = "",
    formula: str = "",
    formerly: str = "",
    optional: bool = False,
) -> dict[str, Metric]:
    """The metadata of a dataclass field, for ``field(metadata=metric(...))``."""
    return {"metric": Metric(definition, unit, denominator, formula, formerly, optional)}


def metric_of(field: Field[Any]) -> Metric | None:
    """What a field means, where that is declared."""
    declaration = field.metadata.get("metric")
    return declaration if isinstance(declaration, Metric) else None
