"""Verdicts read again from the reply store: by the judge and the prompts that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from judgekit.config.fields import taken_by
from judgekit.config.judge_spec import JudgeSpec, parse_judge_specs
from judgekit.config.settings import Settings
from judgekit.errors import CallFailure, InputError
from judgekit.extension.registry import Registry
from judgekit.harness.reply_store import ReplyStore, unpack_reply, unpack_verdict
from judgekit.harness.tally import Tally
from judgekit.harness.trial_ask import TrialAsk
from judgekit.harness.trials import batch_identity, judge_trial, verdict_key
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.event_loop import in_loop
from judgekit.jobs.judge_settings import juror_settings
from judgekit.judging import BatchJudge, Judge
from judgekit.report.content import RunContent
from judgekit.runs.reader import CaseResult, StoredJudgement
from judgekit.types import Call, Judgement, Reply, Status, digest

__all__ = ["Reread", "read_again"]


@dataclass(frozen=True)
class Reread:
    """A run's cases with the verdicts that its replies give now.

    `changed` names the judgements whose verdict is another than recorded, or whose reply the store
    does not hold, with what is the matter. `without_reply` counts those that never had one.
    """

    results: tuple[CaseResult, ...]
    changed: tuple[str, ...]
    read: int
    without_reply: int


class StoredReplies:
    """Answers the calls of one trial from the reply store alone, by the keys that they have now."""

    retry_truncated: int | None

    def __init__(self, store: ReplyStore, fingerprint: str, retry_truncated: int | None) -> None:
        self.tally = Tally()
        self.retry_truncated = retry_truncated
        self._store = store
        self._fingerprint = fingerprint

    def key(self, call: Call, repeat: int) -> bytes:
        """The key of a reply in the store."""
        return bytes.fromhex(digest(self._fingerprint, call.digest, str(repeat)))

    async def reply(self, key: bytes, call: Call, ask: TrialAsk) -> Reply:  # noqa: ARG002
        """The reply of the store; `CallFailure` where there is none."""
        data = self._store.get(key)
        if data is None:
            raise CallFailure("not stored", "the store holds no reply to this call")
        return self._store.unpacked(key, data, unpack_reply)


@dataclass(frozen=True)
class Rereader:
    """One judge of a run, and the replies that it reads again."""

    judge: Judge
    replies: StoredReplies
    store: ReplyStore

    async def verdict(self, judgement: Judgement) -> Judgement | None:
        """The judgement by its stored reply; None where the store does not hold it."""
        trial = judgement.trial
        if isinstance(self.judge, BatchJudge):
            key = verdict_key(batch_identity(self.judge), trial)
            data = self.store.get(key)
            if data is None or judgement.calls != (key.hex(),):
                return None
            return replace(judgement, verdict=self.store.unpacked(key, data, unpack_verdict))
        again = await judge_trial(self.judge, trial, TrialAsk(self.replies, trial, 0))
        return again if again.calls == judgement.calls else None


def read_again(content: RunContent, path: Path) -> Reread:
    """Reads every reply of a run again.

    Args:
        content: The run, with its texts.
        path: The reply store.

    Returns:
        The cases with the verdicts of today.

    Raises:
        InputError: There is no such store, or the run's judge cannot be made again.
        PluginError: Its plugin cannot be loaded.
        StoreError: The store cannot be read.
    """
    if not path.is_file():
        raise InputError(f"no reply store {str(path)!r}; --store names the one of the run")
    return in_loop(lambda: _read_again(content, path))


async def _read_again(content: RunContent, path: Path) -> Reread:
    results: list[CaseResult] = []
    changed: list[str] = []
    read = without = 0
    with ReplyStore(path) as store:
        readers = rereaders(content, store)
        for result in content.results():
            stored: list[StoredJudgement] = []
            for each in result.stored:
                judgement = each.judgement
                if judgement.verdict.status is Status.FAILED or not judgement.calls:
                    without += 1
                    stored.append(each)
                    continue
                again = await readers[each.judge].verdict(judgement)
                read += 1
                if again is None or again.verdict != judgement.verdict:
                    what = "its reply is not in the store" if again is None else "another verdict"
                    changed.append(f"{where(each)}: {what}")
                stored.append(each if again is None else replace(each, judgement=again))
            results.append(replace(result, stored=tuple(stored)))
    return Reread(tuple(results), tuple(changed), read, without)


def rereaders(content: RunContent, store: ReplyStore) -> Mapping[str, Rereader]:
    """The judges of a run, by their names in it; one alone has an empty name."""
    metadata = content.metadata
    settings = settings_of(content)
    registry = Registry.load(files=settings.plugins)
    if not metadata.parts:
        name = settings.judge if settings.judge is not None else metadata.judge
        specs = {"": (JudgeSpec(name), metadata.decides)}
    else:
        specs = {
            part.judge: (parse_judge_specs(part.judge)[0], part.decides) for part in metadata.parts
        }
    made: dict[str, Rereader] = {}
    responses = 2 if metadata.kind == "rank" else len(metadata.models)
    for name, (spec, decides) in specs.items():
        of_judge = juror_settings(spec, settings, registry, alone=not metadata.parts)
        judge = JudgeFactory(registry, of_judge).judge(spec.judge, responses)
        replies = StoredReplies(store, str(decides.get("engine", "")), of_judge.retry_truncated)
        made[name] = Rereader(judge, replies, store)
    return made


def settings_of(content: RunContent) -> Settings:
    """The settings of the run, as far as this version has them."""
    names = {f.name for f in fields(Settings) if taken_by(f, "drift")} - {"out"}
    held = content.metadata.settings
    return Settings.of({name: value for name, value in held.items() if name in names})


def where(stored: StoredJudgement) -> str:
    """Which judgement, by case, order and judge."""
    trial = stored.judgement.trial
    order = "".join("ab"[i] if i < 2 else str(i + 1) for i in trial.order)
    by = f" by {stored.judge}" if stored.judge else ""
    return f"case {trial.case.id!r} shown {order}{by}"
