"""A server of every provider's dialect, for benchmarks: one verdict after a fixed time.

    python benchmarks/dialect_server.py --port 0

`mockapi.Mock` controls it: `/config` takes the latency as ``{"latency": "fixed:0.2"}``. It checks
that each request is one of its dialect, and answers with the same text and counts in all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

import uvloop
from aiohttp import web

TEXT = "One says more of what was asked, and says it in fewer words.\n[[A]]"
PROMPT_TOKENS, REPLY_TOKENS = 700, 20

COMPLETION = {
    "id": "x",
    "object": "chat.completion",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": REPLY_TOKENS},
}
MESSAGE = {
    "id": "x",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": PROMPT_TOKENS, "output_tokens": REPLY_TOKENS},
}
CANDIDATES = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": TEXT}]},
            "finishReason": "STOP",
            "index": 0,
        }
    ],
    "usageMetadata": {
        "promptTokenCount": PROMPT_TOKENS,
        "candidatesTokenCount": REPLY_TOKENS,
    },
}


class Server:
    """The handlers, and the latency that they share."""

    def __init__(self) -> None:
        self.latency = 0.0

    async def configure(self, request: web.Request) -> web.Response:
        """Sets the latency."""
        kind, _, seconds = (await request.json())["latency"].partition(":")
        if kind != "fixed":
            raise web.HTTPBadRequest(text=f"latency is fixed:SECONDS, not {kind!r}")
        self.latency = float(seconds)
        return web.json_response({})

    async def reset(self, _: web.Request) -> web.Response:
        """Counts nothing, so there is nothing to zero."""
        return web.json_response({})

    def answering(self, field: str, answer: dict[str, Any]) -> Any:
        """A handler of one dialect, whose requests hold their conversation in `field`."""
        data = json.dumps(answer).encode()

        async def handler(request: web.Request) -> web.Response:
            if not (await request.json())[field]:
                raise web.HTTPBadRequest(text=f"no {field}")
            await asyncio.sleep(self.latency)
            return web.Response(body=data, content_type="application/json")

        return handler


async def serve(port: int) -> None:
    """Serves until the process is ended."""
    server, app = Server(), web.Application()
    app.router.add_post("/config", server.configure)
    app.router.add_post("/reset", server.reset)
    app.router.add_post("/v1/chat/completions", server.answering("messages", COMPLETION))
    app.router.add_post("/v1/messages", server.answering("messages", MESSAGE))
    app.router.add_post("/v1/models/{call}", server.answering("contents", CANDIDATES))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
