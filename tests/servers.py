"""Servers on loopback that the tests use as judges: a small one, and the mock API."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dialects import as_chat, as_provider, key_of

__all__ = ["JudgeServer", "MockApi", "judge_server", "mock_api", "opinion"]

Body = dict[str, Any]
THOUGHTS = "One says more of what was asked."


def opinion(body: Body) -> str:
    """What the judge says, by capital words in the answers that it is shown.

    GOOD beats everything and POOR loses to everything; two alike are a tie. BIASED makes it
    choose whatever is first, MUTE makes it say nothing that can be read, unless it is reminded.
    """
    asked = body["messages"][-1]["content"]
    if len(body["messages"]) > 2:  # the harness's reminder of the format
        return "[[B]]"
    if "MUTE" in asked:
        return "I would rather not say."
    rank = worth(asked)
    if "=> VERDICT" in asked or '"verdict"' in asked:
        return criteria_opinion(asked, rank)
    if "[[A]]" in asked:
        first, _, second = asked.partition("<answer-B ")
        difference = worth(first) - worth(second)
        label = "A" if "BIASED" in asked else "C" if not difference else "BA"[difference > 0]
        return f"{THOUGHTS}\n[[{label}]]"
    if "Score: <total>" in asked:
        return f"{THOUGHTS}\nScore: {2 + 2 * rank}"
    if "Class: <name>" in asked:
        names = asked.rpartition("nothing after it: ")[2].partition("\n")[0].split(", ")
        return f"{THOUGHTS}\nClass: {names[(1 - rank) * (len(names) - 1) // 2]}"
    if "[[" in asked:
        return f"{THOUGHTS}\nRating: [[{5 + 4 * rank}]]"
    return "An answer of the judge's own."


def criteria_opinion(asked: str, rank: int) -> str:
    """A verdict on each criterion of the list: the best, the worst or the middle one."""
    shown = re.findall(
        r"^([^\n:(]+) \(([^)\n]+)\): ", asked.partition("<criteria")[2], re.MULTILINE
    )
    said = {}
    for name, scale in shown:
        numbers = re.fullmatch(r"a whole number from (-?\d+) to (-?\d+)", scale)
        if numbers:
            low, high = map(int, numbers.groups())
            said[name] = str(low + (high - low) * (1 + rank) // 2)
        else:
            words = re.split(r", | or ", scale)
            words = words[::-1] if words == ["yes", "no"] else words
            said[name] = words[(len(words) - 1) * (1 + rank) // 2]
    if '"verdict"' in asked:
        return json.dumps({name: {"reason": THOUGHTS, "verdict": v} for name, v in said.items()})
    return "\n".join(f"{name}: {THOUGHTS} => {verdict}" for name, verdict in said.items())


def worth(text: str) -> int:
    return ("GOOD" in text) - ("POOR" in text)


class JudgeServer:
    """An API whose every answer is a function of the request, in each provider's dialect.

    `requests` are the bodies received, as a chat completion would have them, `headers` the
    authorization of each. `instead` gives status
    and body of an answer that is to be another server's.
    """

    def __init__(self, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.base_url = f"{self.root}/v1"
        self._lock = threading.Lock()
        self._open = threading.Event()
        self.reset()

    def reset(self) -> None:
        """Restores the initial state, with counters at zero."""
        self.requests: list[Body] = []
        self.headers: list[str] = []
        self.connects = 0  # requests to pass something on, as to a proxy
        self.says: Callable[[Body], str] = opinion
        self.finish: Callable[[Body], str] = lambda _: "stop"
        self.instead: Callable[[Body], tuple[int, Any] | None] = lambda _: None
        self.cached = self.written = 0  # tokens of each prompt that a cache has to do with
        self.key: str | None = None
        self.models: tuple[str, ...] | None = None
        self.delay = 0.0
        self.go_on()
        self.at_once = self.most_at_once = 0

    def hold_after(self, requests: int) -> None:
        """Answers this many requests, and holds later ones until `go_on`."""
        self._open.clear()
        self._answers = requests

    def go_on(self) -> None:
        """Answers the requests on hold, and all later ones."""
        self._answers: int | None = None
        self._open.set()

    def asked(self) -> Counter[str]:
        """How often each question was asked."""
        with self._lock:
            return Counter(json.dumps(body, sort_keys=True) for body in self.requests)

    def wait_for(self, requests: int, seconds: float = 30.0) -> None:
        """Returns once this many requests have arrived."""
        until = time.monotonic() + seconds
        while len(self.requests) < requests:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self.requests)} of {requests} requests came in")
            time.sleep(0.005)

    def answer(self, body: Body, authorization: str) -> tuple[int, Any]:
        with self._lock:
            self.requests.append(body)
            self.headers.append(authorization)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            held = self._answers is not None and len(self.requests) > self._answers
        time.sleep(self.delay)
        if held:
            self._open.wait(60)
        with self._lock:
            self.at_once -= 1
        if self.key is not None and authorization != f"Bearer {self.key}":
            return 401, error(f"Incorrect API key provided: {authorization}", "invalid_api_key")
        if self.models is not None and body["model"] not in self.models:
            return 404, error(f"The model `{body['model']}` does not exist", "model_not_found")
        if (other := self.instead(body)) is not None:
            return other
        message = {"role": "assistant", "content": self.says(body)}
        choice = {"index": 0, "message": message, "finish_reason": self.finish(body)}
        usage: Body = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        if self.cached or self.written:
            details = {"cached_tokens": self.cached, "cache_write_tokens": self.written}
            usage |= {"prompt_tokens_details": details}
        return 200, {"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage}


def error(message: str, code: str) -> Body:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


@contextmanager
def judge_server() -> Iterator[JudgeServer]:
    """Serves on a free port of loopback, with one thread per connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            body = as_chat(self.path, json.loads(self.rfile.read(size)))
            status, answer = state.answer(body, key_of(self.headers))
            data = json.dumps(as_provider(self.path, status, answer)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_CONNECT(self) -> None:
            state.connects += 1
            self.send_error(502)

        def log_message(self, format: str, *values: object) -> None:  # noqa: A002 (its own name)
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed has left its connection: that is no error here."""

    with Server(("127.0.0.1", 0), Handler) as server:
        state = JudgeServer(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


class MockApi:
    """The mock API beside the checkout; it knows its verdicts and counts its calls."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._root = base_url.removesuffix("/v1")
        self._usual = self.get("/config")

    def get(self, path: str) -> Body:
        with urllib.request.urlopen(self._root + path, timeout=30) as reply:
            return dict(json.load(reply))

    def post(self, path: str, body: Body) -> Body:
        data = json.dumps(body).encode()
        with urllib.request.urlopen(self._root + path, data, timeout=30) as reply:
            return dict(json.load(reply))

    def reset(self) -> None:
        """The settings it started with, and counters at zero."""
        self.post("/config", self._usual)
        self.post("/reset", {})


@contextmanager
def mock_api(script: Path) -> Iterator[MockApi]:
    """Starts the mock API as a process on a free port of loopback."""
    command = [sys.executable, str(script), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield MockApi(process.stdout.readline().split()[-1])
        finally:
            process.terminate()
