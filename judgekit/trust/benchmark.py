"""Judges against labels: each set before each judge, as any other run.

>>> benchmark = prepare_bench(["llmbar"], parse_judge_specs("pairwise"), settings, registry)
>>> for entry in benchmark.entries:
...     run_job(entry.job)
>>> benchmark.finish().sets[0].judges[0].accuracy
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from judgekit.config.judge_spec import JudgeSpec
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.harness.limits import Budget
from judgekit.io.files import is_leftover, safe_name
from judgekit.io.labelled_pairs import keep_labelled
from judgekit.io.labelled_set import LabelledSet, SetSetup
from judgekit.io.needs import NOTHING, Needs
from judgekit.io.prompt_digest import LEARNED, check_unseen, prompt_digest
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.inputs import read_input
from judgekit.jobs.job import Job
from judgekit.jobs.judge_settings import juror_settings
from judgekit.jobs.learned_prompts import learned_prompts
from judgekit.jobs.needs import case_needs
from judgekit.jobs.prepare import job_for
from judgekit.runs.bench_report import FILE, BenchReport
from judgekit.runs.reader import StoredRun
from judgekit.runs.reports import check_report_folder, write_report
from judgekit.trust.grading import BenchRun, set_result
from judgekit.types import digest

__all__ = ["TRIVIAL", "BenchEntry", "Benchmark", "prepare_bench"]

TRIVIAL = ("longer", "first", "chance")
"""Judges that cost nothing: the baseline that every other judge has to beat."""

KEPT = Path(".judgekit/sets")


@dataclass(frozen=True)
class BenchEntry:
    """One set before one judge."""

    labelled: LabelledSet
    spec: JudgeSpec
    trivial: bool
    job: Job

    @property
    def folder(self) -> Path:
        """The folder of its run."""
        return self.job.folder("")

    def finished(self) -> BenchRun:
        """Its finished run. Raises `InputError` where it has not been run."""
        merge = self.job.judge.merge if self.job.plan.both_orders else None
        return BenchRun(str(self.spec), self.trivial, merge, StoredRun.open(self.folder))


@dataclass(frozen=True)
class Benchmark:
    """Prepared jobs for all sets and judges: set by set, the trivial judges last."""

    folder: Path
    entries: tuple[BenchEntry, ...]

    def finish(self) -> BenchReport:
        """Reads the finished runs of all entries, and writes ``bench.json``.

        Returns:
            What ``bench.json`` holds.

        Raises:
            InputError: An entry has not been run, or the file cannot be written.
        """
        of_set: dict[str, list[BenchEntry]] = {}
        for entry in self.entries:
            of_set.setdefault(entry.labelled.name, []).append(entry)
        report = BenchReport(
            tuple(
                set_result(
                    entries[0].labelled,
                    entries[0].job.inputs.paths[0],
                    [entry.finished() for entry in entries],
                )
                for entries in of_set.values()
            )
        )
        write_report(self.folder / FILE, report.to_dict())
        return report


def prepare_bench(
    sets: Sequence[str],
    specs: Sequence[JudgeSpec],
    settings: Settings,
    registry: Registry,
    *,
    limit: int | None = None,
) -> Benchmark:
    """Reads the sets, and prepares a job for each set with each judge; asks nothing.

    Args:
        sets: Names of sets, NAME=FILE, or files of labelled pairs.
        specs: The judges; the trivial ones come by themselves.
        settings: How to judge. `max_calls` and `max_cost` are for all jobs together.
        registry: The loaded plugins.
        limit: At most so many questions of each set. They are drawn by their ids, so that the same
            ones come every time, and every part of a set has its share.

    Returns:
        The prepared jobs, by set and judge.

    Raises:
        InputError: A set cannot be read, a judge does not fit, or the folder holds something else.
        PluginError: A plugin is broken.
    """
    check_orders(settings)
    base_settings = replace(settings, columns={}, limit=None, out=None)
    judges = [(spec, False, s) for spec, s in settings_of(specs, base_settings, registry)]
    judges += [(spec, True, s) for spec, s in trivial_settings(specs, settings)]
    factories = [JudgeFactory(registry, s) for *_, s in judges]
    needs = case_needs(factories, (), "compare")
    labelled = [read_set(word, settings.columns, registry, needs) for word in sets]
    names = distinct_names(labelled)
    labelled = [sample(one, limit) for one in unseen_sets(labelled, factories)]
    kept = [keep_labelled(one, KEPT) for one in labelled]
    inputs = [read_input([file], base_settings, "compare", needs) for file in kept]
    jobs = [[job_for(of_set, factory) for of_set in inputs] for factory in factories]
    folder = settings.out or usual_folder(names, [job for of_judge in jobs for job in of_judge])
    budget = Budget(settings.max_calls, settings.max_cost)
    payer = f"bench-{identity_of(jobs)}"
    jobs = [[job.with_budget(budget) for job in of_judge] for of_judge in jobs]
    entries = tuple(
        BenchEntry(one, spec, trivial, placed(of_judge[n], folder, payer, one.name))
        for n, one in enumerate(labelled)
        for (spec, trivial, _), of_judge in zip(judges, jobs, strict=True)
    )
    check_folder(folder, entries)
    return Benchmark(folder, entries)


def check_orders(settings: Settings) -> None:
    """Refuses (`InputError`) to show pairs in one order alone."""
    if settings.orders != "both":
        raise InputError(
            f"a benchmark shows all pairs in both orders, not {settings.orders!r}; leave orders out"
        )


def distinct_names(labelled: Sequence[LabelledSet]) -> list[str]:
    """The sets' names. Raises `InputError` where two have one."""
    names = [one.name for one in labelled]
    if len(set(names)) < len(names):
        raise InputError(f"two sets have one name: {', '.join(names)}; write NAME=FILE for one")
    return names


def settings_of(
    specs: Sequence[JudgeSpec], settings: Settings, registry: Registry
) -> list[tuple[JudgeSpec, Settings]]:
    """The settings of each judge."""
    alone = len(specs) == 1
    return [(spec, juror_settings(spec, settings, registry, alone=alone)) for spec in specs]


def trivial_settings(
    specs: Sequence[JudgeSpec], settings: Settings
) -> list[tuple[JudgeSpec, Settings]]:
    """The settings of the trivial judges that are not named themselves."""
    free = Settings(store=settings.store, plugins=settings.plugins)
    trivial = [spec for spec in map(JudgeSpec, TRIVIAL) if spec not in specs]
    return [(spec, replace(free, judge=spec.judge)) for spec in trivial]


def identity_of(jobs: Sequence[Sequence[Job]]) -> str:
    """Names the benchmark by all that decides its runs, but for the servers that are asked."""
    return digest(*(job.identity("") for of_judge in jobs for job in of_judge), size=8)


def usual_folder(names: Sequence[str], jobs: Sequence[Job]) -> Path:
    """A folder named by the sets and by all that decides the runs."""
    identities = [job.identity("") for job in jobs]
    name = safe_name(f"bench-{'+'.join(names)}"[:80])
    return Path("runs") / f"{name}-{digest(*identities, size=4)}"


def placed(job: Job, folder: Path, payer: str, set_name: str) -> Job:
    """The job with its run's folder below the benchmark's, in that of its set.

    `payer`: the benchmark's name in the reply store.
    """
    name = f"{safe_name(job.judge_name)}-{job.identity('')[:8]}"
    out = folder / safe_name(set_name) / name
    settings = replace(job.settings, out=out)
    return replace(job, settings=settings, part_of=f"{payer}/{set_name}")


def check_folder(folder: Path, entries: Sequence[BenchEntry]) -> None:
    """Refuses (`InputError`) a folder that holds something else than a part of this benchmark."""
    check_report_folder(folder, FILE)
    if not folder.exists():
        return
    if (folder / FILE).exists():
        ours = {entry.folder.parts[-2:] for entry in entries}
        judges = [judge for one in BenchReport.read(folder).sets for judge in one.judges]
        if any(Path(judge.run).parts[-2:] not in ours for judge in judges):
            raise InputError(
                f"{str(folder)!r} holds the benchmark of another command; choose another --out, "
                f"or remove it"
            )
        return
    sets = {entry.folder.parent.name for entry in entries}
    if any(e.name not in sets and not is_leftover(e.name) for e in folder.iterdir()):
        raise InputError(
            f"{str(folder)!r} holds something that is no benchmark; choose another --out"
        )


def read_set(
    word: str, columns: Mapping[str, str], registry: Registry, needs: Needs = NOTHING
) -> LabelledSet:
    """The set that an argument of the command line names."""
    name, equals, location = word.partition("=")
    if equals and name and location and not Path(word).exists():
        set_names = {set_name for plugin in registry.listing() for set_name in plugin.sets}
        factory = registry.labelled_set(name if name in set_names else "pairs")
        return factory(SetSetup(name, location, columns, needs))
    if "/" in word or "." in word or Path(word).is_file():
        stem = Path(word).name.removesuffix(".gz")
        return registry.labelled_set("pairs")(
            SetSetup(Path(stem).stem or stem, word, columns, needs)
        )
    return registry.labelled_set(word)(SetSetup(word, needs=needs))


def unseen_sets(
    sets: Sequence[LabelledSet], factories: Sequence[JudgeFactory]
) -> list[LabelledSet]:
    """The sets without the questions from which any of the judges has learned."""
    learned = learned_prompts(*(f.judge(f.settings.judge or "", 2) for f in factories))
    return [without_learned(labelled, learned) for labelled in sets]


def without_learned(labelled: LabelledSet, learned: frozenset[str]) -> LabelledSet:
    """The set without the questions from which a judge has learned, which are counted.

    The same questions are left out for all judges, so that they are compared on the same ones.

    Raises:
        InputError: Too few remain.
    """
    groups = {labelled.group(case) for case in labelled.cases if prompt_digest(case) in learned}
    if not groups:
        return labelled
    check_unseen(f"the set {labelled.name!r}", labelled.cases, learned)
    cases = tuple(case for case in labelled.cases if labelled.group(case) not in groups)
    left_out = {**labelled.left_out, LEARNED: len(labelled.cases) - len(cases)}
    return replace(labelled, cases=cases, left_out=left_out)


def sample(labelled: LabelledSet, limit: int | None) -> LabelledSet:
    """At most `limit` questions of a set, in their order; a larger sample includes a smaller."""
    groups = dict.fromkeys(labelled.group(case) for case in labelled.cases)
    if limit is None or len(groups) <= limit:
        return labelled
    selection = set(sorted(groups, key=lambda group: digest(labelled.name, group))[:limit])
    cases = tuple(case for case in labelled.cases if labelled.group(case) in selection)
    left_out = {**labelled.left_out, "not drawn (--limit)": len(labelled.cases) - len(cases)}
    return replace(labelled, cases=cases, left_out=left_out)
