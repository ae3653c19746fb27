"""The host's streams as Python's raw files, and waiting for several of them at once."""

import errno
import io
import os

from componentize_py_types import Err
from wit_world.imports import monotonic_clock, poll, streams

# What is read or written at once. A host's call copies it, and is bounded.
PIECE = 64 * 1024


def ready(pollables: list, timeout: float | None) -> list[int]:
    """Which of these are ready, waiting for the first one, or until the time is over (then none). Lets go of them."""
    count = len(pollables)
    if timeout is not None:
        pollables = [*pollables, monotonic_clock.subscribe_duration(max(0, int(timeout * 1e9)))]
    try:
        return [index for index in poll.poll(pollables) if index < count]
    finally:
        # A pollable must not outlive what it belongs to.
        for pollable in pollables:
            pollable.__exit__(None, None, None)


def release(resource) -> None:
    """Lets go of a resource of the host, unless that was done or it was given away."""
    if getattr(resource, "handle", None) is not None:
        resource.__exit__(None, None, None)


class Incoming(io.RawIOBase):
    """What a child writes, or a response's body: one stream, or two in the order in which they come."""

    def __init__(self, *sources) -> None:
        self.sources = list(sources)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        raise io.UnsupportedOperation("a child's stream has no number in Holm")

    def readinto(self, buffer) -> int:
        self._checkClosed()
        piece = self.take(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def take(self, most: int = PIECE) -> bytes:
        """The next bytes, waiting for them; none at the end."""
        from . import relay

        while self.sources:
            with_ready = relay.wait([source.subscribe for source in self.sources], None)
            if piece := self.at_once([self.sources[index] for index in with_ready], most):
                return piece
        return b""

    def at_once(self, sources: list, most: int = PIECE) -> bytes:
        """What can be read without waiting. What has ended is let go of."""
        for source in sources:
            try:
                if piece := source.read(min(most, PIECE)):
                    return piece
            except Err:
                self.let_go(source)
        return b""

    def let_go(self, source) -> None:
        self.sources.remove(source)
        release(source)

    def given(self) -> list:
        """Its sources, for whoever reads them from now on."""
        given, self.sources = self.sources, []
        return given

    def close(self) -> None:
        if not self.closed:
            for source in list(self.sources):
                self.let_go(source)
        super().close()


class Outgoing(io.RawIOBase):
    """What a child reads, or a request's body."""

    def __init__(self, sink) -> None:
        self.sink = sink

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        raise io.UnsupportedOperation("a child's stream has no number in Holm")

    def write(self, content) -> int:
        self._checkClosed()
        rest = memoryview(content).cast("B")
        total = len(rest)
        while rest:
            rest = rest[self.put(rest) :]
        return total

    def put(self, content) -> int:
        """Writes what there is room for, waiting for some room."""
        from . import relay

        while not (written := self.at_once(content)):
            relay.wait([self.sink.subscribe], None)
        return written

    def at_once(self, content) -> int:
        """Writes what there is room for now, if any; how much it was."""
        try:
            room = min(self.sink.check_write(), len(content), PIECE)
            if room:
                self.sink.write(bytes(content[:room]))
                self.sink.flush()
            return room
        except Err as error:
            if isinstance(error.value, streams.StreamError_Closed):
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from None
            raise OSError(errno.EIO, os.strerror(errno.EIO)) from None

    def close(self) -> None:
        if not self.closed and self.sink is not None:
            sink, self.sink = self.sink, None
            release(sink)
        super().close()
