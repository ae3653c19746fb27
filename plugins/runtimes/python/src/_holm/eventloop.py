"""asyncio over the host's pollables: timers, children and responses, all waited for at once."""

import asyncio
import asyncio.base_events
import asyncio.base_subprocess
import asyncio.transports
import asyncio.unix_events
import time

from . import relay, threads
from .process import Popen
from .streams import Incoming, Outgoing

LIMIT = "sockets are not there in Holm: HTTP goes through urllib, http.client, requests or httpx, and nothing listens"


class Selector:
    """What the loop waits with."""

    def __init__(self) -> None:
        # token → how to subscribe, and what to call once it is ready
        self.waits: dict[object, tuple] = {}

    def select(self, timeout):
        """The callbacks of what became ready."""
        # Work for threads is done where the loop would wait.
        if timeout is None or timeout > 0:
            if threads.run_next():
                timeout = 0
        waits = list(self.waits.items())
        if waits:
            found = relay.wait([subscribe for _, (subscribe, _) in waits], timeout)
            return [waits[index] for index in found]
        if timeout is None:
            raise RuntimeError(threads.LIMIT)
        if timeout > 0:
            time.sleep(timeout)
        return []

    def close(self) -> None:
        self.waits.clear()


class Loop(asyncio.base_events.BaseEventLoop):
    """The event loop."""

    def __init__(self, selector=None) -> None:
        super().__init__()
        self._selector = Selector()

    def _process_events(self, found) -> None:
        for token, (_, callback) in found:
            self._selector.waits.pop(token, None)
            self._add_callback(asyncio.Handle(callback, (), self))

    def _write_to_self(self) -> None:
        """Nobody else could have something to say."""

    def close(self) -> None:
        super().close()
        self._selector.close()

    def once_ready(self, token, subscribe, callback) -> None:
        """Calls back once a pollable is ready."""
        self._selector.waits[token] = (subscribe, callback)

    def forget(self, token) -> None:
        self._selector.waits.pop(token, None)

    def add_signal_handler(self, sig, callback, *args) -> None:
        """No signal ever comes."""

    def remove_signal_handler(self, sig) -> bool:
        return False

    async def _make_subprocess_transport(self, protocol, args, shell, stdin, stdout, stderr, bufsize, extra=None, **kwargs):
        ready = self.create_future()
        transport = Subprocess(self, protocol, args, shell, stdin, stdout, stderr, bufsize, ready, extra, **kwargs)
        self.once_ready(transport, transport.child.subscribe, transport.ended)
        try:
            await ready
        except BaseException:
            transport.close()
            await transport._wait()
            raise
        return transport

    def _make_read_pipe_transport(self, pipe, protocol, waiter=None, extra=None):
        return Reading(self, pipe, protocol, waiter)

    def _make_write_pipe_transport(self, pipe, protocol, waiter=None, extra=None):
        return Writing(self, pipe, protocol, waiter)


def _refused(name: str):
    async def refuse(self, *_, **__):
        raise PermissionError(1, f"Operation not permitted: {LIMIT}")

    refuse.__name__ = name
    return refuse


for _name in (
    "create_connection", "create_server", "create_datagram_endpoint", "create_unix_connection", "create_unix_server",
    "getaddrinfo", "getnameinfo", "sock_connect", "sock_recv", "sock_sendall", "sock_accept", "connect_accepted_socket",
):  # fmt: skip
    setattr(Loop, _name, _refused(_name))


async def until(subscribe) -> None:
    """Waits for a pollable, while others go on."""
    loop = asyncio.get_running_loop()
    future, token = loop.create_future(), object()
    loop.once_ready(token, subscribe, lambda: future.done() or future.set_result(None))
    try:
        await future
    finally:
        loop.forget(token)


class Subprocess(asyncio.base_subprocess.BaseSubprocessTransport):
    """A child of `asyncio.create_subprocess_exec` or `_shell`."""

    def _start(self, args, shell, stdin, stdout, stderr, bufsize, **kwargs) -> None:
        self._proc = Popen(args, shell=shell, stdin=stdin, stdout=stdout, stderr=stderr, bufsize=0, **kwargs)

    @property
    def child(self):
        return self._proc._child

    def ended(self) -> None:
        """The child has come to its end."""
        self._process_exited(self._proc.wait())


class Reading(asyncio.transports.ReadTransport):
    """What a child writes, given on as it comes."""

    def __init__(self, loop: Loop, stream: Incoming, protocol, waiter) -> None:
        super().__init__()
        self._loop, self._stream, self._protocol, self._over, self._paused = loop, stream, protocol, False, False
        loop.call_soon(protocol.connection_made, self)
        loop.call_soon(self._wait)
        if waiter is not None:
            loop.call_soon(asyncio.futures._set_result_unless_cancelled, waiter, None)

    def _wait(self) -> None:
        if self._over or self._paused:
            return
        if not self._stream.sources:
            return self._end()
        for source in self._stream.sources:
            self._loop.once_ready((self, source), source.subscribe, self._read)

    def _read(self) -> None:
        for source in list(self._stream.sources):
            self._loop.forget((self, source))
        if self._over:
            return
        if piece := self._stream.at_once(list(self._stream.sources)):
            self._protocol.data_received(piece)
        self._wait()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._loop.call_soon(self._protocol.eof_received)
            self._loop.call_soon(self._lost)

    def _lost(self) -> None:
        self._stream.close()
        self._protocol.connection_lost(None)

    def is_reading(self) -> bool:
        return not (self._paused or self._over)

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        self._loop.call_soon(self._wait)

    def is_closing(self) -> bool:
        return self._over

    def close(self) -> None:
        for source in list(self._stream.sources):
            self._loop.forget((self, source))
        if not self._over:
            self._over = True
            self._loop.call_soon(self._lost)


class Writing(asyncio.transports.WriteTransport):
    """What a child reads, written as there is room."""

    def __init__(self, loop: Loop, stream: Outgoing, protocol, waiter) -> None:
        super().__init__()
        self._loop, self._stream, self._protocol = loop, stream, protocol
        self._held, self._closing, self._over = bytearray(), False, False
        loop.call_soon(protocol.connection_made, self)
        if waiter is not None:
            loop.call_soon(asyncio.futures._set_result_unless_cancelled, waiter, None)

    def write(self, data) -> None:
        if self._over or self._closing:
            return
        self._held += data
        self._protocol.pause_writing()
        self._loop.call_soon(self._move)

    def _move(self) -> None:
        if self._over:
            return
        try:
            while self._held and (count := self._stream.at_once(memoryview(bytes(self._held)))):
                del self._held[:count]
        except OSError as error:
            return self._end(error)
        if self._held:
            self._loop.once_ready(self, self._stream.sink.subscribe, self._move)
        else:
            self._protocol.resume_writing()
            if self._closing:
                self._end(None)

    def _end(self, error) -> None:
        if not self._over:
            self._over = True
            self._held.clear()
            self._loop.forget(self)
            self._stream.close()
            self._loop.call_soon(self._protocol.connection_lost, error)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._closing or self._over

    def get_write_buffer_size(self) -> int:
        return len(self._held)

    def close(self) -> None:
        self._closing = True
        if not self._held:
            self._end(None)

    def abort(self) -> None:
        self._end(None)


def lay() -> None:
    """Makes this the loop of `asyncio`."""
    asyncio.unix_events._UnixDefaultEventLoopPolicy._loop_factory = Loop
    asyncio.SelectorEventLoop = asyncio.EventLoop = asyncio.unix_events.SelectorEventLoop = Loop


def lay_anyio() -> None:
    """Has `anyio` do the work of threads at once."""
    from anyio._backends._asyncio import AsyncIOBackend

    async def run(cls, func, args, abandon_on_cancel=False, limiter=None):
        await asyncio.sleep(0)
        return func(*args)

    AsyncIOBackend.run_sync_in_worker_thread = classmethod(run)
