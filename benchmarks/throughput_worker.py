"""One measured run in a process of its own: judgekit, or a bare aiohttp loop on the same work.

Start-up (imports, reading the files, a first case) is left out of the times; the reply store, the
fold and the run's files are in them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import orjson
import uvloop

from judgekit.api import run_job
from judgekit.config.settings import Settings
from judgekit.jobs.job import Job
from judgekit.jobs.prepare import prepare
from judgekit.judging import PromptJudge


def bodies(job: Job) -> Iterator[bytes]:
    """The requests that judgekit would send."""
    if not isinstance(job.judge, PromptJudge):
        raise TypeError("a prompt judge is measured")
    for case in job.plan.cases:
        for trial in job.plan.trials(case):
            messages = [
                {"role": m.role, "content": m.content} for m in job.judge.call(trial).messages
            ]
            yield orjson.dumps(
                {"model": "mock", "messages": messages, "temperature": 0, "max_tokens": 2048}
            )


async def bare(job: Job, url: str, in_flight: int) -> None:
    """As little as can be done: ask, read, parse the JSON."""
    queue = bodies(job)
    connector = aiohttp.TCPConnector(limit=in_flight)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def work() -> None:
            for body in queue:
                async with session.post(f"{url}/chat/completions", data=body) as response:
                    orjson.loads(await response.read())

        await asyncio.gather(*(work() for _ in range(in_flight)))


def perform(who: str, job: Job, url: str, in_flight: int) -> None:
    if who == "bare":
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(bare(job, url, in_flight))
    else:
        run_job(job)


def warm(settings: Settings) -> Settings:
    """The same for a run of one case, which pays for imports and compiled prompts."""
    return replace(
        settings,
        store=settings.store.with_suffix(".warm.db"),
        out=settings.store.with_suffix(".warm"),
    )


def main() -> None:
    who, a, b, url, in_flight, store = sys.argv[1:]
    settings = Settings(
        judge="pairwise",
        model="openai/mock",
        base_url=url,
        concurrency=int(in_flight),
        store=Path(store),
        out=Path(store).with_suffix(".run"),
    )
    job = prepare([Path(a), Path(b)], settings)
    one = replace(job, plan=replace(job.plan, cases=job.plan.cases[:1]), settings=warm(settings))
    perform(who, one, url, int(in_flight))
    wall, cpu = time.perf_counter(), time.process_time()
    perform(who, job, url, int(in_flight))
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
