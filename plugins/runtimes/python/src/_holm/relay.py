"""Streams that lead from one place to another while the program waits for something.

A child may be given a file, or another child's output, as its own standard stream. The host knows pipes only,
and there are no threads: whenever this process waits for anything, all relays move on meanwhile.
"""

import os
import time

from .streams import PIECE, Incoming, Outgoing, ready

_relays: list["Relay"] = []


class File:
    """An open file. It is held here, since WASI has no second number for it: who drops it does not close it."""

    def __init__(self, file) -> None:
        self.file = file
        self.number = file if isinstance(file, int) else file.fileno()

    def close(self) -> None:
        """It is its opener's."""


class Relay:
    """Bytes on their way from a child's stream or a file to the other."""

    def __init__(self, source: Incoming | File, sink: Outgoing | File) -> None:
        self.source, self.sink = source, sink
        self.held = b""
        self.at_end = False
        self.over = False
        _relays.append(self)

    def waits_for(self) -> list:
        """What has to be ready before it can move."""
        if self.held or isinstance(self.source, File):
            return [self.sink.sink.subscribe] if isinstance(self.sink, Outgoing) else []
        return [source.subscribe for source in self.source.sources]

    def move(self) -> None:
        """Moves what can be moved without waiting."""
        try:
            if not self.held:
                self.held = self._read()
                if not self.held and self._ended():
                    return self.end()
            if isinstance(self.sink, File):
                while self.held:
                    self.held = self.held[os.write(self.sink.number, self.held) :]
            elif self.held:
                self.held = self.held[self.sink.at_once(self.held) :]
        except BrokenPipeError:
            self.end()  # Who reads it has gone; so it ends, as a pipe does.

    def _read(self) -> bytes:
        if isinstance(self.source, File):
            self.at_end = not (piece := os.read(self.source.number, PIECE))
            return piece
        return self.source.at_once(list(self.source.sources))

    def _ended(self) -> bool:
        return self.at_end if isinstance(self.source, File) else not self.source.sources

    def end(self) -> None:
        """Closes the ends that are streams."""
        if not self.over:
            self.over = True
            _relays.remove(self)
            self.source.close()
            self.sink.close()


def wait(subscriptions: list, timeout: float | None) -> list[int]:
    """Which of these became ready, by index; relays move on meanwhile. None where the time was over first.

    Takes functions that give a pollable, since one must not outlive what it belongs to.
    """
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        moving = [(relay, subscribe) for relay in _relays for subscribe in relay.waits_for()]
        idle = [relay for relay in _relays if not relay.waits_for()]
        pollables = [subscribe() for subscribe in subscriptions]
        pollables += [subscribe() for _, subscribe in moving]
        left = None if end is None else max(0.0, end - time.monotonic())
        found = ready(pollables, 0 if idle else left)
        own = [index for index in found if index < len(subscriptions)]
        for relay in {id(relay): relay for relay in idle}.values():
            relay.move()
        for index in found:
            if index >= len(subscriptions) and not (relay := moving[index - len(subscriptions)][0]).over:
                relay.move()
        if own or (not found and not idle and end is not None and time.monotonic() >= end):
            return own


def step() -> None:
    """Moves what can be moved now."""
    for relay in list(_relays):
        if not relay.over:
            relay.move()


def finish(relays: list[Relay]) -> None:
    """Waits until these have delivered everything."""
    while relays := [relay for relay in relays if not relay.over]:
        subscriptions = [subscribe for relay in relays for subscribe in relay.waits_for()]
        if subscriptions:
            ready([subscribe() for subscribe in subscriptions], None)
        for relay in relays:
            if not relay.over:
                relay.move()
