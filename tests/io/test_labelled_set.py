"""What a labelled set may be."""

from __future__ import annotations

from typing import Any

import pytest

from judgekit.errors import PluginError
from judgekit.io.labelled_set import LabelledSet
from judgekit.types import Case, Message, Response


def case(name: str, responses: int = 2) -> Case:
    texts = tuple(Response(f"answer {n}", f"m{n}") for n in range(responses))
    return Case(name, (Message("user", "Q?"),), texts)


def test_a_case_is_a_group_by_itself_unless_it_has_one() -> None:
    one = LabelledSet(
        "s", (case("x"), case("y")), {"x": 0, "y": "tie"}, "here", "MIT", groups={"y": "g"}
    )
    assert [one.group(c) for c in one.cases] == ["x", "g"]


@pytest.mark.parametrize(
    ("cases", "labels", "said"),
    [
        ((case("x"), case("x")), {"x": 0}, "two cases of the set 's' have one id"),
        ((case("x", 3),), {"x": 0}, "'x' of the set 's' has 3 responses"),
        ((case("x"),), {}, "the label None"),
        ((case("x"),), {"x": 2}, "the label 2"),
    ],
)
def test_a_set_that_is_none_is_its_authors_error(
    cases: tuple[Case, ...], labels: dict[str, Any], said: str
) -> None:
    with pytest.raises(PluginError, match=said):
        LabelledSet("s", cases, labels, "here", "MIT")
