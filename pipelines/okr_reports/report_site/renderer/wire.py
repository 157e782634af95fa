"""Messages between two processes over a pipe: a line of JSON, and the bytes it announces.

JSON and bytes, never pickles: what a renderer sends is data, whatever became of the renderer.
"""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

Message = dict[str, Any]
LARGEST = 1 << 30


class Ended(Exception):
    """The other side closed the pipe."""


class Silent(Exception):
    """Nothing came until the deadline."""


def send(descriptor: int, message: Message, *blobs: bytes) -> None:
    """Write one message with its blobs."""
    line = json.dumps({**message, "blobs": [len(blob) for blob in blobs]}, separators=(",", ":")).encode()
    data = memoryview(b"".join([line, b"\n", *blobs]))
    while data:
        data = data[os.write(descriptor, data) :]


class Inbox:
    """Reads messages from a pipe."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._left = bytearray()

    def next(self, deadline: float | None = None) -> tuple[Message, list[bytes]]:
        """The next message and its blobs. Raises Ended, Silent at the `deadline` (time.monotonic()), ValueError."""
        while (end := self._left.find(b"\n")) < 0:
            self._more(deadline)
        message = json.loads(self._left[:end])
        sizes = [int(size) for size in message.pop("blobs")]
        if not isinstance(message, dict) or sum(sizes) > LARGEST or any(size < 0 for size in sizes):
            raise ValueError("a message of the renderer is too large")
        while len(self._left) < end + 1 + sum(sizes):
            self._more(deadline)
        blobs, at = [], end + 1
        for size in sizes:
            blobs.append(bytes(self._left[at : at + size]))
            at += size
        del self._left[:at]
        return message, blobs

    def _more(self, deadline: float | None) -> None:
        wait = None if deadline is None else max(deadline - time.monotonic(), 0)
        ready, _, _ = select.select([self.descriptor], [], [], wait)
        if not ready:
            raise Silent
        read = os.read(self.descriptor, 1 << 20)
        if not read:
            raise Ended
        if len(self._left) > LARGEST:
            raise ValueError("a message of the renderer is too large")
        self._left += read
