"""Reads the body of a response within a limit: of what is received, and of what it unpacks to.

aiohttp would unpack what arrives all at once, and a megabyte of gzip may hold a gigabyte. So the
session leaves bodies packed, and they are unpacked here in small pieces, up to the limit.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import aiohttp

from judgekit.errors import CallFailure

__all__ = ["ACCEPTED", "Unpacker", "read_body"]

ACCEPTED = "gzip, deflate"
ERROR_BYTES = 1 << 18  # of the body of an error; what comes after is not read
PIECE = 1 << 16  # bytes that are unpacked at once
FORMATS = {
    "gzip": zlib.MAX_WBITS | 16,
    "x-gzip": zlib.MAX_WBITS | 16,
    "deflate": zlib.MAX_WBITS,
}


async def read_body(response: aiohttp.ClientResponse, name: str, megabytes: float) -> bytes:
    """Reads a body, unpacked.

    Args:
        response: The response, whose body aiohttp leaves packed.
        name: The server's name, for messages.
        megabytes: The limit, in 10^6 bytes. An error's body is cut instead, after 256 KiB.

    Raises:
        CallFailure: A success has more bytes, packed or unpacked; or the body cannot be unpacked.
    """
    success = 200 <= response.status < 300
    limit = int(megabytes * 1e6) if success else ERROR_BYTES
    unpacker = Unpacker(response.headers.get("Content-Encoding", ""), name)
    received, parts, size = 0, [], 0
    async for data in response.content.iter_any():
        received += len(data)
        for part in unpacker.unpack(data):
            parts.append(part)
            size += len(part)
            if max(size, received) > limit:
                break
        if max(size, received) <= limit:
            continue
        response.close()  # the connection as well, since its rest is never read
        if success:
            raise CallFailure(
                "reply too large",
                f"{name} answered with more than {megabytes:g} MB; if that is meant, raise "
                f"--max-reply-mb",
            )
        break
    return b"".join(parts)[:limit]


class Unpacker:
    """Unpacks a body of one content coding, piece by piece.

    Args:
        coding: The header Content-Encoding.
        name: The server's name, for messages.

    Raises:
        CallFailure: The coding is unknown.
    """

    def __init__(self, coding: str, name: str) -> None:
        self.coding = coding.strip().lower()
        self.name = name
        self._begun = False
        self._zlib: Any = None
        if self.coding in ("", "identity"):
            self.coding = ""
        elif self.coding not in FORMATS:
            raise CallFailure(
                "unknown coding",
                f"{name} answered in the coding {coding[:40]!r}, though it was asked for "
                f"{ACCEPTED} or none; turn that off at the server",
            )

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """The unpacked bytes of the next ones received, in pieces of at most 64 KiB.

        Raises:
            CallFailure: They cannot be unpacked.
        """
        if not self.coding:
            yield data
            return
        while data:
            unpacker = self._zlib = self._zlib or zlib.decompressobj(FORMATS[self.coding])
            try:
                part = unpacker.decompress(data, PIECE)
            except zlib.error as error:
                if self.coding != "deflate" or self._begun:
                    raise self._bad_coding() from error
                self._begun = True  # servers send deflate without the frame of zlib, too
                self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
                continue
            self._begun = True
            if part:
                yield part
            data = unpacker.unconsumed_tail
            if unpacker.eof:  # gzip may have several members, one after the other
                data, self._zlib = unpacker.unused_data, None

    def _bad_coding(self) -> CallFailure:
        message = f"{self.name} answered with a body that is no {self.coding}"
        return CallFailure("bad coding", message, retryable=True)
