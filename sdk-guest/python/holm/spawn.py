"""Child processes with narrower grants and limits, and their mailboxes.

    child = holm.spawn.start("researcher", "--fast", grants=["fs=./data:ro"], stdout="piped")
    child.stdout().read(), child.wait()
"""

import io

from ._errors import calls, interface

_sys = interface("spawn", 'spawn = ["self"]')


def start(plugin: str | None = None, *arguments: str, grants=None, environment=None, directory=None, stdin="null",
          stdout="inherit", stderr="inherit", fuel=None, memory=None, tokens=None, money=None, nice=0) -> "Child":
    """Starts a plugin, None for oneself. `grants` of None passes on all that the caller has."""
    return Child(_sys.Child.start, _options(plugin, arguments, grants, environment, directory, stdin, stdout, stderr,
                                            fuel, memory, tokens, money, nice))


def command(name: str, *arguments: str, grants=None, environment=None, directory=None, stdin="null",
            stdout="inherit", stderr="inherit", fuel=None, memory=None, tokens=None, money=None, nice=0) -> "Child":
    """Starts a command of a runtime as oneself: `holm.spawn.command("jq", ".name")`."""
    options = _options(None, arguments, grants, environment, directory, stdin, stdout, stderr, fuel, memory, tokens,
                       money, nice)
    exec = interface("exec", 'exec = ["jq"]')
    return Child(lambda options: exec.start(name, options), options)


def _options(plugin, arguments, grants, environment, directory, stdin, stdout, stderr, *limits):
    streams = [_sys.Stdio[stream.upper()] for stream in (stdin, stdout, stderr)]
    return _sys.Options(plugin, list(arguments), list((environment or {}).items()), directory, *streams, grants, *limits)


class Exit:
    """How a process ended: `code` where it returned, else None; `fault` where the kernel ended it."""

    def __init__(self, exit):
        self.code = exit.value if isinstance(exit, _sys.Exit_Code) else None
        self.fault = exit.value if isinstance(exit, _sys.Exit_Fault) else None

    def __bool__(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0

    def __str__(self) -> str:
        return f"exit code {self.code}" if self.code is not None else self.fault or "killed"


class _Mailbox:
    def send(self, message: bytes) -> None:
        """Puts a message into the other's mailbox."""
        with calls():
            self._end.send(message)

    def receive(self) -> bytes | None:
        """The next message, if there is one now."""
        with calls():
            return self._end.receive()


class Child(_Mailbox):
    """A process that was started."""

    def __init__(self, start, options):
        with calls():
            self._end = start(options)

    def pid(self) -> int:
        """Its process id."""
        with calls():
            return self._end.pid()

    def wait(self) -> Exit:
        """Waits for its end."""
        with calls():
            return Exit(self._end.wait())

    def status(self) -> Exit | None:
        """How it ended; None while it lives."""
        with calls():
            exit = self._end.status()
        return exit and Exit(exit)

    def kill(self) -> None:
        """Ends it and its children."""
        with calls():
            self._end.kill()

    def usage(self):
        """What it has used: `fuel`, `memory`, `syscalls`."""
        with calls():
            return self._end.usage()

    def stdin(self) -> io.BufferedWriter:
        """The end of its piped input; closing it is the input's end."""
        with calls():
            return io.BufferedWriter(_Writer(self._end.stdin()), 4096)

    def stdout(self) -> io.BufferedReader:
        """What it writes, where that is piped."""
        with calls():
            return io.BufferedReader(_Reader(self._end.stdout()))

    def stderr(self) -> io.BufferedReader:
        """As `stdout`."""
        with calls():
            return io.BufferedReader(_Reader(self._end.stderr()))


class Parent(_Mailbox):
    """The process that spawned this one."""

    def __init__(self):
        with calls():
            self._end = _sys.Parent.open()

    def wait(self) -> bytes:
        """Waits for the next message."""
        with calls():
            return self._end.wait()


def wait_any(children: list[Child]) -> int:
    """Waits until one of the children has ended; its index."""
    with calls():
        return _sys.wait_any([child._end for child in children])


class _Stream(io.RawIOBase):
    def __init__(self, stream):
        if stream is None:
            raise io.UnsupportedOperation("this stream is not piped, or was taken already")
        self._stream = stream

    def close(self):
        if not self.closed:
            super().close()
            self._stream.__exit__(None, None, None)


class _Reader(_Stream):
    def readable(self):
        return True

    def readinto(self, buffer):
        from componentize_py_types import Err

        try:
            bytes = self._stream.blocking_read(min(len(buffer), 65536))
        except Err as end:
            if type(end.value).__name__.endswith("Closed"):
                return 0
            raise OSError("the stream failed") from None
        buffer[:len(bytes)] = bytes
        return len(bytes)


class _Writer(_Stream):
    def writable(self):
        return True

    def write(self, buffer):
        from componentize_py_types import Err

        some = bytes(buffer[:4096])
        try:
            self._stream.blocking_write_and_flush(some)
        except Err:
            raise BrokenPipeError("nobody reads it any more") from None
        return len(some)
