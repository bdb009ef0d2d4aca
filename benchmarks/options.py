"""The options that every benchmark takes: `--quick` and `--json`."""

from __future__ import annotations

import argparse

__all__ = ["option_parser"]


def option_parser(doc: str | None, quick: str) -> argparse.ArgumentParser:
    """A parser with both options, to which a script adds its own.

    Args:
        doc: The script's docstring; its first line describes the script in `--help`.
        quick: What `--quick` leaves out.
    """
    parser = argparse.ArgumentParser(description=(doc or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", action="store_true", help="print one JSON object as last line")
    return parser
