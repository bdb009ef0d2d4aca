"""Judges on labelled sets as tables for people; everything here goes to standard output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.figures import NONE, number

__all__ = ["print_bench", "print_estimates"]

Figures = Mapping[str, Any]
WIDE = 4  # judges whose figures fit side by side with all their intervals
SILENT = "no verdict"


def print_bench(found: Figures, by: str | None, folder: Path) -> None:
    """``bench.json`` as one table, the tests in words, where the sets are from, the folder."""
    console = stdout_console()
    console.print(Text("right in both orders, in % of the labels (95 % interval)", style="italic"))
    console.print(table(found["sets"], by))
    for labelled in found["sets"]:
        for line in (*without(labelled, by), *tests(labelled), *stops(labelled)):
            console.print(Text(safe(line)))
    for labelled in found["sets"]:
        console.print(Text(safe(origin(labelled)), style="dim"))
    console.print(Text(safe(spent(found["sets"])), style="dim"))
    console.print(Text(safe(str(folder))), soft_wrap=True)


def without(labelled: Figures, by: str | None) -> Iterator[str]:
    """Where a set has nothing of what its figures were asked by."""
    if by and not parts(labelled["judges"], by):
        yield f"{labelled['name']}: no pair has a {by}, so there is nothing to tell by it"


def table(sets: Sequence[Figures], by: str | None) -> Table:
    """A row for each set with its figures below it, a column for each judge."""
    drawn = Table(box=None, pad_edge=False, header_style="dim")
    drawn.add_column("", overflow="fold")
    names = short_names(sets[0])
    narrow = len(names) > WIDE
    for judge in sets[0]["judges"]:
        style = "dim" if judge["trivial"] else ""
        shown = Text(safe(names[judge["judge"]]), style=style)
        drawn.add_column(shown, justify="right", style=style, overflow="fold")
    for labelled in sets:
        judges = labelled["judges"]
        head = Text(f"{safe(labelled['name'])}, {size(labelled)}", style="bold")
        apart = "\n" if narrow else " "
        cells = [
            SILENT if judge["without_verdict"] else percent(judge["accuracy"], apart)
            for judge in judges
        ]
        drawn.add_row(head, *(Text(cell, style="bold") for cell in cells))
        for name, cells in rows(labelled, narrow=narrow):
            drawn.add_row(Text(f"  {name}", style="dim"), *cells)
        for part in parts(judges, by):
            own = [judge[f"by_{by}"].get(part) for judge in judges]
            most = max(figures["questions"] for figures in own if figures)
            cells = [
                NONE
                if figures is None or judge["without_verdict"]
                else percent(figures["accuracy"], apart)
                for judge, figures in zip(judges, own, strict=True)
            ]
            drawn.add_row(Text(safe(f"  {part}, {most}")), *cells)
    return drawn


def short_names(labelled: Figures) -> dict[str, str]:
    """What to call each judge in few characters: its own name over the end of its model's, where
    that tells them apart."""
    short = {}
    for judge in labelled["judges"]:
        name, _, model = judge["judge"].partition("@")
        short[judge["judge"]] = f"{name}\n{model.rpartition('/')[2]}" if model else name
    return short if len(set(short.values())) == len(short) else {name: name for name in short}


def size(labelled: Figures) -> str:
    """``419 pairs``, and of how many questions where pairs are right only together."""
    pairs = number(labelled["cases"], "pair")
    if labelled["questions"] == labelled["cases"]:
        return pairs
    return f"{pairs} of {number(labelled['questions'], 'question')}"


def rows(labelled: Figures, *, narrow: bool) -> Iterator[tuple[str, list[str]]]:
    """The figures below a set's accuracy; without their intervals where there is no room."""
    judges = labelled["judges"]
    apart = None if narrow else " "

    def shares(rates: Sequence[Mapping[str, float | None]]) -> list[str]:
        return [percent(rate, apart) for rate in rates]

    def told(rates: Sequence[Mapping[str, float | None]]) -> list[str]:
        silent = [j["without_verdict"] for j in judges]
        of_all = zip(shares(rates), silent, strict=True)
        return [NONE if nothing else share for share, nothing in of_all]

    yield "a shown first", told([j["accuracy_ab"] for j in judges])
    yield "b shown first", told([j["accuracy_ba"] for j in judges])
    yield "both orders agree", told([j["position"]["consistent"] for j in judges])
    yield "agreement", shares([j["agreement"]["equal"] for j in judges])
    yield "without ties", shares([j["agreement"]["without_ties"] for j in judges])
    yield "kappa", [kappa(j["agreement"]["kappa"], apart) for j in judges]
    if any(j["undecided"] for j in judges):
        yield "undecided", [str(j["undecided"]) for j in judges]
        yield "trials without a verdict", [reasons(j["statuses"]) for j in judges]
    if any(j["stopped"] for j in judges):
        yield "stopped after", [number(j["cases"], "pair") if j["stopped"] else "" for j in judges]
    if any(j["unfinished"] for j in judges):
        yield "left out: question cut off", [number(j["unfinished"], "pair") for j in judges]


def parts(judges: Sequence[Figures], by: str | None) -> list[str]:
    """The names of the parts that any judge has a figure of."""
    return sorted({part for judge in judges for part in judge[f"by_{by}"]}) if by else []


def percent(rate: Mapping[str, float | None], apart: str | None = " ") -> str:
    """A share and its interval, `apart` between them, in few characters; None: the share alone."""
    value, low, high = rate["value"], rate["low"], rate["high"]
    if value is None or low is None or high is None:
        return NONE
    shown = f"{100 * value:.1f}"
    return shown if apart is None else f"{shown}{apart}({100 * low:.0f} to {100 * high:.0f})"


def kappa(rate: Mapping[str, float | None], apart: str | None = " ") -> str:
    value, low, high = rate["value"], rate["low"], rate["high"]
    if value is None:
        return NONE
    unknown = apart is None or low is None or high is None
    return f"{value:.2f}" if unknown else f"{value:.2f}{apart}({low:.2f} to {high:.2f})"


def reasons(statuses: Mapping[str, int]) -> str:
    """``3 unparsed, 1 failed``."""
    wrong = [f"{n} {name}" for name, n in statuses.items() if n and name != "valid"]
    return ", ".join(wrong) or "0"


def tests(labelled: Figures) -> Iterator[str]:
    """Each judge against each other, and against the best of what is trivial, in words; last who
    was not compared."""
    trivial = {
        j["judge"]: j["accuracy"]["value"] or 0.0 for j in labelled["judges"] if j["trivial"]
    }
    names = short_names(labelled)
    best = max(trivial, key=lambda name: trivial[name], default=None)
    for test in labelled["tests"]:
        difference, p = test["difference"], test["p_value"]
        if (test["against"] in trivial and test["against"] != best) or difference["value"] is None:
            continue
        low, high = difference["low"], difference["high"]
        inside = "" if low is None else f" (95 % {100 * low:+.1f} to {100 * high:+.1f})"
        told = "they differ" if test["told_apart"] else "not told apart"
        one, other = (one_line(names, test[side]) for side in ("judge", "against"))
        yield (
            f"{labelled['name']}: {one} against {other} "
            f"{100 * difference['value']:+.1f} points{inside}, p = {p:.3g}: {told}"
        )
    for judge in labelled["judges"]:
        if judge["without_verdict"]:
            yield f"{labelled['name']}: {one_line(names, judge['judge'])}: no verdict, not compared"


def stops(labelled: Figures) -> Iterator[str]:
    """Whose run ended before all pairs of the set, after how many, and why."""
    names = short_names(labelled)
    for judge in labelled["judges"]:
        if judge["stopped"]:
            judged = judge["cases"] + judge["unfinished"]
            yield (
                f"{labelled['name']}: {one_line(names, judge['judge'])} stopped after {judged} of "
                f"{number(labelled['cases'], 'pair')}: {judge['stopped']}"
            )


def one_line(names: Mapping[str, str], judge: str) -> str:
    """A judge's short name, in one line."""
    return names[judge].replace("\n", " ")


def origin(labelled: Figures) -> str:
    """Where a set is from, its licence, what was left out and what to know of it."""
    said = [f"{labelled['name']}: {labelled['source']}"]
    said.append(f"licence {labelled['licence'] or 'not stated'}")
    said += [f"{n} left out: {reason}" for reason, n in labelled["left_out"].items()]
    if labelled["note"]:
        said.append(labelled["note"])
    return "; ".join(said)


def spent(sets: Sequence[Figures]) -> str:
    """What was asked and paid."""
    asking = [j for labelled in sets for j in labelled["judges"] if j["model"] is not None]
    calls, kept = (sum(j[name] for j in asking) for name in ("calls", "calls_from_store"))
    costs = [j["cost_usd"] for j in asking]
    cost = "price unknown" if None in costs else f"${sum(costs):.4f}"
    return f"{number(calls, 'call')}, {kept} from the reply store, {cost}"


def print_estimates(estimates: Sequence[Figures]) -> None:
    """What would be asked, a line for each set and judge, the sum last."""
    console = stdout_console()
    drawn = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("set", "judge", "pairs", "calls at most", "tokens in", "tokens out", "cost"):
        drawn.add_column(name, justify="left" if name in ("set", "judge") else "right")
    for e in estimates:
        tokens = (NONE if e[n] is None else f"~{e[n]}" for n in ("tokens_in", "tokens_out"))
        drawn.add_row(
            Text(safe(e["set"])),
            Text(safe(e["judge"])),
            NONE if e["cases"] is None else str(e["cases"]),
            NONE if e["calls"] is None else str(e["calls"]),
            *tokens,
            "unknown" if e["cost_usd"] is None else f"~${e['cost_usd']:.4f}",
        )
    console.print(drawn)
    console.print(Text("replies that the store holds are not asked again", style="dim"))
