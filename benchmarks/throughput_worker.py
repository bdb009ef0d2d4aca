"""Times one run in this process: judgekit, or a bare aiohttp loop on the same requests.

`judge_throughput.py` starts it. The times leave out start-up (imports, reading the files, a first
case) and include the reply store, the fold and writing the run folder.
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
        raise TypeError("only prompt judges can be measured")
    for case in job.plan.cases:
        for trial in job.plan.trials(case):
            messages = [
                {"role": m.role, "content": m.content} for m in job.judge.call(trial).messages
            ]
            yield orjson.dumps(
                {"model": "mock", "messages": messages, "temperature": 0, "max_tokens": 2048}
            )


async def ask_bare(job: Job, url: str, in_flight: int) -> None:
    """The least work possible: ask, read, parse the JSON."""
    queue = bodies(job)
    connector = aiohttp.TCPConnector(limit=in_flight)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def work() -> None:
            for body in queue:
                async with session.post(f"{url}/chat/completions", data=body) as response:
                    orjson.loads(await response.read())

        await asyncio.gather(*(work() for _ in range(in_flight)))


def run_once(who: str, job: Job, url: str, in_flight: int) -> None:
    """One run by judgekit or by the bare loop."""
    if who == "bare":
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(ask_bare(job, url, in_flight))
    else:
        run_job(job)


def warm_up_settings(settings: Settings) -> Settings:
    """Settings of a first run, which pays for imports and for compiling prompts."""
    return replace(
        settings,
        store=settings.store.with_suffix(".warm.db"),
        out=settings.store.with_suffix(".warm"),
    )


def main() -> None:
    who, engine, a, b, url, in_flight, store = sys.argv[1:]
    settings = Settings(
        judge="pairwise",
        model=f"{engine}/mock",
        base_url=url,
        concurrency=int(in_flight),
        store=Path(store),
        out=Path(store).with_suffix(".run"),
    )
    job = prepare([Path(a), Path(b)], settings)
    one = replace(
        job, plan=replace(job.plan, cases=job.plan.cases[:1]), settings=warm_up_settings(settings)
    )
    run_once(who, one, url, int(in_flight))
    wall, cpu = time.perf_counter(), time.process_time()
    run_once(who, job, url, int(in_flight))
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
