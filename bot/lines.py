"""Lines of standard input or a file, as they come; each is checked to be text, and one bad line harms no other."""

import asyncio
import contextlib
import os
import re
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from bot.errors import UsageError

_CHUNK = 1 << 16
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_LONGEST = 1 << 20  # bytes: no line of a person or of a batch is that long


@dataclass(frozen=True, slots=True)
class InputLine:
    """A line by its number, counted from 1: its text, or the problem it has."""

    number: int
    text: str = ""
    problem: str = ""


async def read_lines(descriptor: int) -> AsyncGenerator[InputLine, None]:
    """The lines of an open file descriptor, which may be a pipe that someone still writes to; raises UsageError."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes | OSError] = asyncio.Queue()

    def send(chunk: bytes | OSError) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(chunks.put_nowait, chunk)

    # The thread may outlive the descriptor, whose number another file could have by then: it reads from its own.
    try:
        own = os.dup(descriptor)
    except OSError as error:
        raise UsageError(f"The input cannot be read: {error.strerror}.") from error

    def read() -> None:
        try:
            while chunk := os.read(own, _CHUNK):
                send(chunk)
            send(b"")
        except OSError as error:
            send(error)
        finally:
            os.close(own)

    # A thread of its own, since it may wait for ever; as a daemon it keeps no process from ending.
    threading.Thread(target=read, name="herald-lines", daemon=True).start()
    number, rest = 0, bytearray()
    while chunk := await chunks.get():
        if isinstance(chunk, OSError):
            raise UsageError(f"The input cannot be read: {chunk.strerror}.")
        rest += chunk
        *complete, last = rest.split(b"\n")
        for line in complete:
            number += 1
            yield checked(number, bytes(line))
        # What is too long is reported when it ends; only so much of it need be kept for that.
        rest = last[: _LONGEST + 1]
    if rest:
        yield checked(number + 1, bytes(rest))


def checked(number: int, line: bytes) -> InputLine:
    """A line as text: too long, not UTF-8 or with control characters, it has a problem instead."""
    line = line.removesuffix(b"\r")
    if number == 1:
        line = line.removeprefix(b"\xef\xbb\xbf")
    if len(line) > _LONGEST:
        return InputLine(number, problem="is too long")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return InputLine(number, problem=f"is not UTF-8 (byte {error.start + 1})")
    if _CONTROL.search(text):
        return InputLine(number, problem="has control characters")
    return InputLine(number, text)
