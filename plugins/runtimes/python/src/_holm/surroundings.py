"""What scripts expect of the system they run on, where WASI has nothing: one user, one machine, no signals.

What could be done and is not needed answers as if it had been; what cannot be done says why.
"""

import concurrent.futures
import multiprocessing.context
import multiprocessing.pool
import multiprocessing.process
import os
import platform
import resource
import signal
import socket
import stat
import sys
import time
import zoneinfo

from wit_world.imports import exit

from . import threads

USER, NAME = 1000, "holm"
NO_SOCKETS = "Holm has no sockets: HTTP goes through urllib, http.client, requests or httpx, and nothing listens"
NO_FORK = "Holm starts processes by subprocess: there is no fork"
NO_PIPE = "Holm has no pipes within a process: subprocess.PIPE makes those that lead to another"
NO_PROCESSES = "Holm has no multiprocessing: it needs fork and shared memory. subprocess starts a second python"

_stat, _lstat, _fstat = os.stat, os.lstat, os.fstat
# What `stat` tells beside its ten numbers.
_NAMED = [name for name in dir(os.stat_result) if name.endswith("_ns") or name in ("st_blksize", "st_blocks", "st_rdev")]
_NAMED += ["st_atime", "st_mtime", "st_ctime"]


def _moded(found: os.stat_result) -> os.stat_result:
    """WASI tells the kind of a file only: its permissions are what a plain one has."""
    mode = found.st_mode
    bits = 0o755 if stat.S_ISDIR(mode) else 0o777 if stat.S_ISLNK(mode) else 0o644
    named = {name: getattr(found, name) for name in _NAMED}
    plain = list(found[:10])
    plain[0], plain[4], plain[5] = mode | bits, USER, USER
    return os.stat_result(plain, named)


def _laid_stat(path, *, dir_fd=None, follow_symlinks=True):
    return _moded(_stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks))


def _laid_lstat(path, *, dir_fd=None):
    return _moded(_lstat(path, dir_fd=dir_fd))


def _laid_fstat(fd):
    return _moded(_fstat(fd))


def _there(path, *_, **__) -> None:
    """Changes nothing of a file that has to be there."""
    (os.fstat if isinstance(path, int) else os.stat)(path)


def _refuse(number: int, text: str, why: str):
    def refuse(*_, **__):
        raise OSError(number, f"{text}: {why}")

    return refuse


def lay() -> None:
    """Puts these where Python's own were, or were not."""
    _lay_files()
    _lay_processes()
    _lay_sockets()
    _lay_multiprocessing()
    signal.alarm = lambda seconds: 0
    signal.setitimer = lambda which, seconds, interval=0.0: (0.0, 0.0)
    signal.getitimer = lambda which: (0.0, 0.0)
    for number, name in enumerate(("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")):
        setattr(signal, name, number)
    time.tzset = getattr(time, "tzset", lambda: None)
    # There are no zones on this disk: the bundled tzdata has them.
    zoneinfo.reset_tzpath(to=[])
    uname = os.uname_result(("Linux", NAME, "6.0.0-holm", "#1 Holm", "wasm32"))
    os.uname = lambda: uname
    platform._uname_cache = None
    sys.platform = "linux"


def _lay_files() -> None:
    os.stat, os.lstat, os.fstat = _laid_stat, _laid_lstat, _laid_fstat
    os.supports_follow_symlinks.add(os.stat)
    os.supports_dir_fd.add(os.stat)
    os.supports_fd.add(os.stat)
    for name in ("chmod", "fchmod", "lchmod", "chown", "fchown", "lchown", "setxattr"):
        setattr(os, name, _there)
    os.umask = lambda mask: 0o022
    os.sync = lambda: None
    os.mkfifo = os.mknod = _refuse(1, "Operation not permitted", NO_PIPE)
    os.pipe = _refuse(38, "Function not implemented", NO_PIPE)
    os.get_terminal_size = _refuse(25, "Inappropriate ioctl for device", "the terminal's size is not told")


def _lay_processes() -> None:
    for name in ("getuid", "geteuid", "getgid", "getegid"):
        setattr(os, name, lambda: USER)
    os.getresuid = os.getresgid = lambda: (USER, USER, USER)
    os.getgroups = lambda: [USER]
    os.getlogin = lambda: NAME
    os.getppid = os.getpgrp = os.getsid = lambda *_: 1
    os.getpgid = lambda pid: 1
    os.setsid = os.setpgid = lambda *_: None
    os.nice = lambda by: 0
    os.cpu_count = os.process_cpu_count = lambda: 1
    os.sched_getaffinity = lambda pid: {0}
    os.getloadavg = lambda: (0.0, 0.0, 0.0)
    os.getrandom = lambda size, flags=0: os.urandom(size)
    os._exit = leave
    os.fork = os.forkpty = _refuse(38, "Function not implemented", NO_FORK)
    os.waitpid = os.wait = _refuse(10, "No child processes", NO_FORK)
    os.kill = os.killpg = _kill
    os.getrusage = resource.getrusage
    os.register_at_fork = lambda **_: None


def _kill(pid, number) -> None:
    if pid != os.getpid():
        raise OSError(3, "No such process")
    if number:
        sys.stdout.flush()
        os._exit(128 + number)


def leave(code) -> None:
    """`os._exit`, with the code that the C library of WASI would lose."""
    exit.exit_with_code(code & 0xFF)


def _unconnected(self, family=-1, type=-1, proto=-1, fileno=None) -> None:
    self._io_refs, self._closed = 0, False


def _lay_multiprocessing() -> None:
    refuse = _refuse(38, "Function not implemented", NO_PROCESSES)
    multiprocessing.process.BaseProcess.start = refuse
    for name in (
        "Manager", "Pipe", "Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier", "Queue",
        "JoinableQueue", "SimpleQueue", "Pool", "RawValue", "RawArray", "Value", "Array",
    ):  # fmt: skip
        setattr(multiprocessing.context.BaseContext, name, refuse)
        setattr(multiprocessing, name, refuse)
    multiprocessing.pool.Pool.__init__ = refuse
    concurrent.futures.ProcessPoolExecutor = type("ProcessPoolExecutor", (), {"__init__": refuse})
    multiprocessing.pool.ThreadPool = threads.Pool
    multiprocessing.context.BaseContext.cpu_count = multiprocessing.cpu_count = lambda *_: 1


def _lay_sockets() -> None:
    kind = socket.socket
    socket.AF_UNIX, socket.SO_REUSEPORT, socket.MSG_DONTWAIT = 1, 15, 64
    # One can be made and set up, as much code does first. What it is for is refused.
    kind.__init__ = _unconnected
    for name in ("connect", "bind", "listen", "accept", "sendto", "send", "sendall", "recv", "recvfrom", "recv_into"):
        setattr(kind, name, _refuse(1, "Operation not permitted", NO_SOCKETS))
    kind.connect_ex = lambda self, address: 1
    kind.setsockopt = kind.shutdown = kind.setblocking = lambda self, *_: None
    kind.getsockopt = lambda self, *_: 0
    kind.settimeout = lambda self, timeout: None
    kind.gettimeout = lambda self: None

    def unresolved(*_, **__):
        raise socket.gaierror(socket.EAI_FAIL, f"Non-recoverable failure in name resolution: {NO_SOCKETS}")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        setattr(socket, name, unresolved)
    socket.gethostname = lambda: NAME
    socket.getfqdn = lambda name="": name or NAME
    socket.create_connection = socket.create_server = _refuse(1, "Operation not permitted", NO_SOCKETS)
    socket.socketpair = _refuse(1, "Operation not permitted", NO_SOCKETS)
