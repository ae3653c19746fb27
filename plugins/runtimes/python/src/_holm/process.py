"""`subprocess`, `os.system` and their like: commands that the host starts, each a process of its own."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time

from componentize_py_types import Err
from wit_world.imports import exec as commands
from wit_world.imports import holm_sys_types as types
from wit_world.imports import spawn

from . import denial, relay
from .streams import Incoming, Outgoing, release

PIPE, STDOUT, DEVNULL = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
# Where a command's name may be preceded by one of these, the name alone is meant.
PLACES = ("/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/sbin", "/usr/sbin")
# How much of a script is looked at for its first line.
FIRST_LINE = 256

_Native = subprocess.Popen
# The folder that this program was started in may not be read: it is its children's all the same.
start_is_unread = False
# Children that have not ended, as far as is known: one goes on where nobody holds its Popen any more.
_alive: set = set()


def _directory(cwd) -> str | None:
    """Where a child is started; none where that is this program's own, whatever it is called."""
    if cwd is not None:
        return os.path.abspath(os.fsdecode(cwd))
    here = os.getcwd()
    return None if start_is_unread and here == "/" else here


def refused(error: Err, name: str) -> OSError:
    """What Python would say of a command that could not be started."""
    reason = error.value
    inner = reason.value if isinstance(reason, spawn.Error_Sys) else None
    if isinstance(inner, types.Errno_NotFound):
        why = ": no installed runtime is a shell" if name == "sh" else ""
        return FileNotFoundError(2, f"No such file or directory{why}", name)
    if isinstance(inner, types.Errno_Denied):
        return PermissionError(13, f"Permission denied: {denial.describe(inner.value)}", name)
    if isinstance(inner, types.Errno_Quota):
        limit = f"{inner.value.limit} = {inner.value.maximum}"
        return BlockingIOError(11, f"Resource temporarily unavailable: Holm's limit {limit} is reached", name)
    if isinstance(reason, spawn.Error_Invalid):
        return OSError(22, f"Invalid argument: {reason.value}", name)
    return OSError(5, f"Input/output error: {getattr(inner, 'value', None) or type(inner).__name__}", name)


def resolve(arguments: list[str]) -> tuple[str, list[str]]:
    """The command that is meant, and its arguments: a script is run by what its first line names."""
    name, rest = arguments[0], arguments[1:]
    folder, _, last = name.rpartition("/")
    if not folder or folder in PLACES or name == sys.executable:
        return last, rest
    with open(name, "rb") as file:
        first = file.readline(FIRST_LINE)
    if not first.startswith(b"#!"):
        raise OSError(8, "Exec format error", name)
    parts = first[2:].decode("utf-8", "replace").split(None, 1)
    words = [parts[0], *parts[1:]] if parts else [""]
    if words[0].endswith("/env") and len(words) > 1:
        words = words[1].removeprefix("-S").split()
    return words[0].rpartition("/")[2], [*(word.strip() for word in words[1:]), name, *rest]


class Popen(_Native):
    """A command at work."""

    def __init__(
        self, args, bufsize=-1, executable=None, stdin=None, stdout=None, stderr=None, preexec_fn=None,
        close_fds=True, shell=False, cwd=None, env=None, universal_newlines=None, startupinfo=None,
        creationflags=0, restore_signals=True, start_new_session=False, pass_fds=(), *, user=None, group=None,
        extra_groups=None, encoding=None, errors=None, text=None, umask=-1, pipesize=-1, process_group=None,
    ):  # fmt: skip
        self._child = None
        self._relays = []
        self._signal = None
        if not isinstance(bufsize, int):
            raise TypeError("bufsize must be an integer")
        if text is not None and universal_newlines is not None and bool(universal_newlines) != bool(text):
            raise subprocess.SubprocessError(
                "Cannot disambiguate when both text and universal_newlines are supplied but different. Pass one or the other."
            )
        if stdout is STDOUT:
            raise ValueError("STDOUT can only be used for stderr")
        if preexec_fn is not None:
            raise NotImplementedError("preexec_fn: no code of this process runs in another, in Holm")
        self.args, self.pid, self.returncode, self.pipesize = args, None, None, pipesize
        self.encoding, self.errors = encoding, errors
        self.text_mode = bool(text or encoding or errors or universal_newlines)
        self.stdin = self.stdout = self.stderr = None
        self._communication_started = False
        self._input = None
        if isinstance(args, (str, bytes, os.PathLike)):
            arguments = [os.fsdecode(os.fspath(args))]
        else:
            arguments = [os.fsdecode(os.fspath(argument)) for argument in args]
        if shell:
            arguments = ["sh", "-c", *arguments]
            if executable:
                arguments[0] = os.fsdecode(executable)
        elif executable:
            arguments[0] = os.fsdecode(executable)
        for argument in arguments:
            if "\0" in argument:
                raise ValueError("embedded null byte")
        if cwd is not None and not os.path.isdir(cwd):
            os.stat(cwd)
            raise NotADirectoryError(20, "Not a directory", os.fspath(cwd))
        self._start(arguments, stdin, stdout, stderr, cwd, env)
        self._open(bufsize)

    def _start(self, arguments, stdin, stdout, stderr, cwd, env) -> None:
        command, rest = resolve(arguments)
        environment = os.environ if env is None else env
        joined = stderr == STDOUT
        ways = [_way(stdin, 0), _way(stdout, 1), _way(stderr, 2)]
        if joined:
            # One stream of both is made here, so both are needed.
            both = spawn.Stdio.NULL if ways[1] == spawn.Stdio.NULL else spawn.Stdio.PIPED
            ways[1:] = [both, both]
        options = spawn.Options(
            plugin=None,
            arguments=rest,
            environment=[(os.fsdecode(name), os.fsdecode(value)) for name, value in environment.items()],
            directory=_directory(cwd),
            stdin=ways[0],
            stdout=ways[1],
            stderr=ways[2],
            grants=None,
            fuel=None,
            memory=None,
            tokens=None,
            money=None,
            nice=0,
        )  # fmt: skip
        try:
            self._child = commands.start(command, options)
        except Err as error:
            raise refused(error, arguments[0]) from None
        _alive.add(self._child)
        self.pid = self._child.pid() & 0x7FFFFFFF
        self._connect(stdin, stdout, stderr, ways)

    def _connect(self, stdin, stdout, stderr, ways) -> None:
        self._ends = [None, None, None]
        piped = spawn.Stdio.PIPED
        if ways[0] == piped:
            sink = Outgoing(self._child.stdin())
            if stdin == PIPE:
                self._ends[0] = sink
            else:
                relay.Relay(_source(stdin), sink)
        out = self._child.stdout() if ways[1] == piped else None
        err = self._child.stderr() if ways[2] == piped else None
        if stderr == STDOUT:
            streams = [(stdout, Incoming(out, err), 1)] if out else []
        else:
            streams = [(stdout, out and Incoming(out), 1), (stderr, err and Incoming(err), 2)]
        for target, source, number in streams:
            if source is None:
                continue
            if target == PIPE:
                self._ends[number] = source
            else:
                self._relays.append(relay.Relay(source, relay.File(number if target is None else target)))

    def _open(self, bufsize: int) -> None:
        size = io.DEFAULT_BUFFER_SIZE if bufsize < 0 or (bufsize == 1 and self.text_mode) else bufsize
        text = {"encoding": self.encoding, "errors": self.errors}
        if (sink := self._ends[0]) is not None:
            self.stdin = io.BufferedWriter(sink, size) if size else sink
            if self.text_mode:
                at_once = bufsize == 1
                self.stdin = io.TextIOWrapper(self.stdin, write_through=True, line_buffering=at_once, **text)
        for name, source in (("stdout", self._ends[1]), ("stderr", self._ends[2])):
            if source is not None:
                stream = io.BufferedReader(source, size) if size else source
                setattr(self, name, io.TextIOWrapper(stream, **text) if self.text_mode else stream)

    def poll(self):
        """The exit code if it has ended."""
        if self.returncode is None:
            relay.step()
            self._ended(self._child.status())
        return self.returncode

    def _internal_poll(self, *_):
        return self.poll()

    def wait(self, timeout=None):
        """Waits for its end."""
        if self.returncode is None:
            if not relay.wait([self._child.subscribe], timeout):
                raise subprocess.TimeoutExpired(self.args, timeout)
            self._ended(self._child.status())
        return self.returncode

    def _ended(self, exit) -> None:
        if exit is None:
            return
        relay.finish(self._relays)
        _alive.discard(self._child)
        release(self._child)
        if isinstance(exit, spawn.Exit_Code):
            self.returncode = exit.value
        else:
            self.returncode = -(self._signal or signal.SIGKILL)
            if isinstance(exit, spawn.Exit_Fault):
                sys.stderr.write(f"{subprocess.list2cmdline(_listed(self.args))}: Holm ended it: {exit.value}\n")

    def communicate(self, input=None, timeout=None):
        """Writes all of `input`, reads all there is, and waits for its end."""
        if self._communication_started and input:
            raise ValueError("Cannot send input after starting communication")
        end = None if timeout is None else time.monotonic() + timeout
        if not self._communication_started:
            self._communication_started = True
            self._output = {1: [], 2: []}
            self._input = self._encoded(input)
        if self.stdin and not self.stdin.closed and not self._input:
            self._close_stdin()
        while True:
            waits, steps = [], []
            if self._input:
                waits.append(self._ends[0].sink.subscribe)
                steps.append((0, None))
            for number in (1, 2):
                for source in self._ends[number].sources if self._ends[number] is not None else ():
                    waits.append(source.subscribe)
                    steps.append((number, source))
            if not waits:
                break
            left = None if end is None else end - time.monotonic()
            found = relay.wait(waits, left) if left is None or left > 0 else []
            if not found:
                raise subprocess.TimeoutExpired(self.args, timeout, output=b"".join(self._output[1]) or None)
            for index in found:
                self._exchange(*steps[index])
        self.wait(None if end is None else max(0.0, end - time.monotonic()))
        return self._decoded(1, self.stdout), self._decoded(2, self.stderr)

    def _exchange(self, number: int, source) -> None:
        if number:
            if piece := self._ends[number].at_once([source]):
                self._output[number].append(piece)
            return
        try:
            self._input = self._input[self._ends[0].at_once(self._input) :]
        except BrokenPipeError:
            self._input = b""
        if not self._input:
            self._close_stdin()

    def _close_stdin(self) -> None:
        try:
            self.stdin.close()
        except BrokenPipeError:
            pass

    def _encoded(self, input):
        if input is None:
            return b""
        if self.stdin is None:
            return b""
        if self.text_mode:
            if not isinstance(input, str):
                raise TypeError(f"memoryview: a bytes-like object is required, not '{type(input).__name__}'")
            return input.encode(self.stdin.encoding, self.stdin.errors)
        return bytes(memoryview(input))

    def _decoded(self, number: int, stream):
        if stream is None:
            return None
        content = b"".join(self._output[number])
        encoding = (stream.encoding, stream.errors) if self.text_mode else None
        stream.close()
        if encoding:
            return content.decode(*encoding).replace("\r\n", "\n").replace("\r", "\n")
        return content

    def send_signal(self, sig) -> None:
        """Ends it: there is no other signal."""
        if self.poll() is None and sig:
            self._signal = int(sig)
            try:
                self._child.kill()
            except Err as error:
                raise refused(error, "kill") from None

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __exit__(self, exc_type, value, traceback):
        for stream in (self.stdout, self.stderr, self.stdin):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        self.wait()

    def __del__(self, *_):
        """A child that nobody waits for ends with its parent."""


def _listed(args) -> list[str]:
    return [os.fsdecode(args)] if isinstance(args, (str, bytes, os.PathLike)) else [os.fsdecode(a) for a in args]


def _way(target, number: int):
    if target is None:
        return spawn.Stdio.INHERIT
    if target == DEVNULL:
        return spawn.Stdio.NULL
    if target in (PIPE, STDOUT) or _incoming(target) is not None:
        return spawn.Stdio.PIPED
    return spawn.Stdio.INHERIT if _number(target) == number else spawn.Stdio.PIPED


def _number(target) -> int:
    return target if isinstance(target, int) else target.fileno()


def _incoming(target) -> Incoming | None:
    raw = getattr(getattr(target, "buffer", target), "raw", target)
    return raw if isinstance(raw, Incoming) else None


def _source(target) -> Incoming | relay.File:
    stream = _incoming(target)
    return relay.File(target) if stream is None else Incoming(*stream.given())


def system(command) -> int:
    """`os.system`: the exit code as `wait` would give it."""
    code = Popen(command, shell=True).wait()
    return code << 8 if code >= 0 else -code


def popen(cmd, mode="r", buffering=-1):
    """`os.popen`."""
    if not isinstance(cmd, str):
        raise TypeError(f"invalid cmd type ({type(cmd)}, expected string)")
    if mode not in ("r", "w"):
        raise ValueError(f"invalid mode {mode!r}")
    if mode == "r":
        child = Popen(cmd, shell=True, text=True, stdout=PIPE, bufsize=buffering)
        return os._wrap_close(child.stdout, child)
    child = Popen(cmd, shell=True, text=True, stdin=PIPE, bufsize=buffering)
    return os._wrap_close(child.stdin, child)


class _Closing:
    """What `os.popen` gives: a stream that waits for its command where it is closed."""

    def __init__(self, stream, child) -> None:
        self._stream, self._child = stream, child

    def close(self):
        self._stream.close()
        code = self._child.wait()
        return None if code == 0 else code << 8 if code > 0 else code

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        self.close()

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def __iter__(self):
        return iter(self._stream)


def which(cmd, mode=os.F_OK | os.X_OK, path=None):
    """`shutil.which`: whether a command could be started."""
    cmd = os.fspath(cmd)
    if os.path.dirname(cmd):
        return cmd if os.path.isfile(cmd) and os.access(cmd, mode) else None
    for folder in (path or os.environ.get("PATH", "")).split(os.pathsep):
        # A folder that the program made itself and put on its path.
        if folder and folder not in PLACES and os.path.isfile(file := os.path.join(folder, cmd)):
            return file
    try:
        commands.find(cmd)
    except Err:
        return None
    return f"/usr/bin/{cmd}"


def execute(file, arguments, env=None):
    """`os.execvp` and its like: the command takes this process's place, as far as anyone can tell."""
    sys.stdout.flush()
    sys.stderr.flush()
    arguments = [os.fsdecode(argument) for argument in arguments]
    os._exit(Popen(arguments, executable=file, env=env).wait() & 0xFF)


def lay() -> None:
    """Puts these where Python's own were."""
    subprocess.Popen = Popen
    subprocess._can_fork_exec = True
    os.system = system
    os._wrap_close = _Closing
    os.popen = popen
    shutil.which = which
    os.execv = os.execvp = lambda file, arguments: execute(file, arguments)
    os.execve = os.execvpe = lambda file, arguments, env: execute(file, arguments, env)
    os.execl = os.execlp = lambda file, *arguments: execute(file, arguments)
    os.get_exec_path = lambda env=None: ["/usr/local/bin", "/usr/bin", "/bin"]
