"""`judgekit train merge`: merges an adapter into its model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["merge"]


def merge(
    adapter: Annotated[Path, typer.Argument(help="The adapter's folder, from judgekit train.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("merged"),
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"],
        typer.Option(help="Dtype of the written weights; auto: the base model's."),
    ] = "auto",
    device: Annotated[
        str, typer.Option(help="Device to merge on: cpu, cuda. The whole model has to fit.")
    ] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace a model in the folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Merge an adapter into its model: one folder that any library loads.

    An adapter trained over 4-bit weights is merged into those weights, dequantized.
    """
    from judgekit.train.merge import merge_adapter, read_adapter

    folder = merge_adapter(adapter, out, dtype=dtype, device=device, force=force)
    if as_json:
        from judgekit.cli.render.console import json_text

        trained = read_adapter(adapter)
        row = {"out": str(folder), "adapter": str(adapter)}
        print(json_text(row | {"base": trained.base, "quant": trained.quant}))
        return
    print(folder)
