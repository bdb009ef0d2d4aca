"""The flags of several judges in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer

__all__ = ["JuryRule", "Routes", "said_too"]

JuryRule = Annotated[
    Literal["vote", "mean"] | None,
    typer.Option(
        "--jury",
        help="How several judges decide a case: by vote, or by the mean of their values. "
        "Default: vote; of scores the mean.",
        rich_help_panel="Judge",
    ),
]
Routes = Annotated[
    list[str] | None,
    typer.Option(
        "--route",
        help="Another judge for some categories: 'category=math,coding: reference'. Repeatable.",
        rich_help_panel="Judge",
    ),
]


def said_too(
    settings: Mapping[str, Any], jury: str | None, routes: Sequence[str] | None = None
) -> dict[str, Any]:
    """The settings with what these flags say."""
    own: dict[str, Any] = {"jury": jury} if jury else {}
    return dict(settings) | own | ({"route": tuple(routes)} if routes else {})
