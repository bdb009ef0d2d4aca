"""The published sets, by the names that `judgekit bench` takes."""

from __future__ import annotations

from collections.abc import Mapping

from .autoj import AUTOJ
from .hhh import HHH
from .judgebench import JUDGEBENCH, JUDGEBENCH_CLAUDE
from .llmbar import LLMBAR
from .mtbench import MTBENCH_HUMAN
from .pandalm import PANDALM
from .published import Published
from .rewardbench import REWARDBENCH, REWARDBENCH2

__all__ = ["CATALOGUE"]

CATALOGUE: Mapping[str, Published] = {
    "autoj": AUTOJ,
    "hhh": HHH,
    "judgebench": JUDGEBENCH,
    "judgebench-claude": JUDGEBENCH_CLAUDE,
    "llmbar": LLMBAR,
    "mtbench-human": MTBENCH_HUMAN,
    "pandalm": PANDALM,
    "rewardbench": REWARDBENCH,
    "rewardbench2": REWARDBENCH2,
}
