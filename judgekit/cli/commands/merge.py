"""`judgekit merge`: an adapter put into its model, as one folder of plain weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["merge"]


def merge(
    tuned: Annotated[Path, typer.Argument(help="The adapter's folder, from judgekit train.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")] = Path("merged"),
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"],
        typer.Option(help="What to write the weights in; auto: as the base model's folder."),
    ] = "auto",
    device: Annotated[
        str, typer.Option(help="Where to merge: cpu, cuda. The whole model has to fit.")
    ] = "auto",
    force: Annotated[
        bool, typer.Option("--force", help="Replace a model that is in the folder.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Merge an adapter into its model: a folder that anything loads.

    What was trained over 4-bit weights is merged into those weights as the adapter saw them.
    """
    from judgekit.train.merge import merge as merge_into
    from judgekit.train.merge import read_adapter

    folder = merge_into(tuned, out, dtype=dtype, device=device, force=force)
    if as_json:
        from judgekit.cli.render.console import json_text

        found = read_adapter(tuned)
        row = {"out": str(folder), "adapter": str(tuned), "base": found.base, "quant": found.quant}
        print(json_text(row))
        return
    print(folder)
