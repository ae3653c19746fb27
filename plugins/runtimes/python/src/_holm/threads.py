"""Threads without a second stack: each runs, to its end, once its program waits for something.

A thread that was started is begun where the program first joins it, asks for a lock, a queue's item or a result, or
ends. What is waited for is then there, as it would be with threads; what only two at once could do is refused
with an error that says so. A daemon that waits for ever is ended quietly, as the end of its process would.
"""

import _thread
import collections
import concurrent.futures
import concurrent.futures.thread
import itertools
import queue
import sys
import threading
import time

LIMIT = "Holm runs the threads of a process one after another: this one waits for what only another at the same time could do"

# Items that a queue may hold beyond its bound: a producer that never ends would fill the memory.
MOST_OVER = 100_000

# Threads and tasks that were started and have not begun, in their order.
_waiting: collections.deque["Job"] = collections.deque()
# Those that are at work, the innermost last.
_working: list["Job"] = []
# Seconds that a thread, or a daemon (true), may go on sleeping when its starter is due.
PATIENCE = {False: 30.0, True: 3.0}
_numbers = itertools.count(2)
_sleep = time.sleep


class Parked(BaseException):
    """Ends a daemon that nothing will wake."""


class Job:
    """Work for a thread."""

    def __init__(self, thread, work) -> None:
        self.thread, self.work = thread, work
        # Whether its program slept since.
        self.slept = False
        # Until when whoever runs it means to wait.
        self.until: float | None = None
        _waiting.append(self)

    def run(self) -> None:
        """Does the work as this thread."""
        own = _thread.get_ident()
        above = threading._active.get(own)
        threading._active[own] = self.thread
        threading._limbo.pop(self.thread, None)
        _working.append(self)
        try:
            self.work()
        except (SystemExit, Parked):
            pass
        except BaseException:
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), self.thread)))
        finally:
            _working.pop()
            threading._active[own] = above


def run_next(chosen: Job | None = None, until: float | None = None) -> bool:
    """Runs one that waits, the oldest or a chosen one; whether there was any. Its starter waits until then."""
    job = chosen or (_waiting[0] if _waiting else None)
    if job is None or job not in _waiting:
        return False
    _waiting.remove(job)
    job.until = until
    job.run()
    return True


def wait_until(done, timeout: float | None = None) -> bool:
    """Waits until something is so: by running what waits, and where a time was given by letting it pass."""
    end = None if timeout is None else time.monotonic() + timeout
    while not done():
        if end is not None and time.monotonic() >= end:
            return False
        if run_next(until=end):
            continue
        if end is None:
            stuck()
        _pause(end - time.monotonic())
        return bool(done())
    return True


def stuck() -> None:
    """Nothing will ever wake whoever is at work now."""
    if _working and _working[-1].thread.daemon:
        raise Parked
    raise RuntimeError(LIMIT)


def sleep(seconds) -> None:
    """`time.sleep`: what was started before an earlier sleep begins now."""
    end = time.monotonic() + seconds
    for job in [job for job in _waiting if job.slept]:
        run_next(job, until=end)
    for job in _waiting:
        job.slept = True
    _pause(end - time.monotonic() if seconds >= 0 else seconds)


def _pause(seconds: float) -> None:
    """Lets time pass. A thread that sleeps on and on, while its starter has long been due, would never end."""
    if _working and (until := _working[-1].until) is not None:
        if time.monotonic() > until + PATIENCE[_working[-1].thread.daemon]:
            stuck()
    _sleep(seconds if seconds < 0 else max(0.0, seconds))


class Lock:
    """`threading.Lock`: whoever asks for it while it is held lets others run first."""

    __slots__ = ("_held", "__weakref__")

    def __init__(self) -> None:
        self._held = False

    def acquire(self, blocking=True, timeout=-1) -> bool:
        if self._held:
            if not blocking:
                if timeout != -1:
                    raise ValueError("can't specify a timeout for a non-blocking call")
                return False
            if not wait_until(self._free, None if timeout == -1 else timeout):
                return False
        self._held = True
        return True

    def _free(self) -> bool:
        return not self._held

    def release(self) -> None:
        if not self._held:
            raise RuntimeError("release unlocked lock")
        self._held = False

    def locked(self) -> bool:
        return self._held

    __enter__ = acquire

    def __exit__(self, *_):
        self.release()

    def _at_fork_reinit(self) -> None:
        self._held = False

    def __repr__(self) -> str:
        return f"<{'locked' if self._held else 'unlocked'} _thread.lock object at {id(self):#x}>"


def start(self) -> None:
    """`Thread.start`."""
    if not self._initialized:
        raise RuntimeError("thread.__init__() not called")
    if self._started._flag:
        raise RuntimeError("threads can only be started once")
    self._started._flag = True
    self._ident = self._native_id = next(_numbers)
    threading._limbo[self] = self
    self._job = Job(self, lambda: _whole(self))


def _whole(self) -> None:
    try:
        self.run()
    finally:
        self._over = True


def join(self, timeout=None) -> None:
    """`Thread.join`."""
    if not self._started._flag:
        raise RuntimeError("cannot join thread before it is started")
    if self is threading.current_thread():
        raise RuntimeError("cannot join current thread")
    if not _over(self):
        run_next(self._job) or wait_until(lambda: _over(self), None if timeout is None else max(timeout, 0))


def _over(self) -> bool:
    return getattr(self, "_over", False) or self._job not in _waiting and self._job not in _working


def is_alive(self) -> bool:
    """`Thread.is_alive`: who asks is waiting for its end."""
    if not self._started._flag or isinstance(self, threading._MainThread):
        return isinstance(self, threading._MainThread)
    if not _over(self):
        run_next(self._job)
    return not _over(self)


def put(self, item, block=True, timeout=None) -> None:
    """`Queue.put`: who would wait for room goes on, since whoever makes it may come after."""
    with self.mutex:
        if self.is_shutdown:
            raise queue.ShutDown
        full = 0 < self.maxsize <= self._qsize()
        if full and not (block and timeout is None):
            raise queue.Full
        if full and self._qsize() >= self.maxsize + MOST_OVER:
            stuck()
        self._put(item)
        self.unfinished_tasks += 1
        self.not_empty.notify()


class Executor(concurrent.futures.ThreadPoolExecutor):
    """`ThreadPoolExecutor`: tasks run in their order, at the latest when their results are asked for."""

    _counter = itertools.count()

    def __init__(self, max_workers=None, thread_name_prefix="", initializer=None, initargs=(), **_):
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._max_workers = max_workers or 5
        self._initializer, self._arguments, self._over = initializer, initargs, False
        self._jobs = []
        prefix = thread_name_prefix or f"ThreadPoolExecutor-{next(self._counter)}"
        self._worker = threading.Thread(name=f"{prefix}_0")
        self._worker._started._flag, self._worker._ident = True, next(_numbers)

    def submit(self, fn, /, *args, **kwargs):
        if self._over:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = concurrent.futures.Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                if self._initializer is not None:
                    initializer, self._initializer = self._initializer, None
                    initializer(*self._arguments)
                result = fn(*args, **kwargs)
            except Parked:
                raise
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._jobs = [job for job in self._jobs if job in _waiting]
        self._jobs.append(Job(self._worker, work))
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._over = True
        if cancel_futures:
            for job in self._jobs:
                if job in _waiting:
                    _waiting.remove(job)
        while wait and self._jobs:
            run_next(self._jobs.pop(0))


class Pool:
    """`multiprocessing.pool.ThreadPool`, by an executor."""

    def __init__(self, processes=None, initializer=None, initargs=()) -> None:
        self._executor = Executor(processes or 1, "ThreadPool", initializer, initargs)

    def apply_async(self, func, args=(), kwds={}, callback=None, error_callback=None):
        return Result(self._executor.submit(func, *args, **kwds), callback, error_callback)

    def map_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        items = list(iterable)
        return self.apply_async(lambda: [func(item) for item in items], (), {}, callback, error_callback)

    def starmap_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        return self.map_async(lambda arguments: func(*arguments), iterable, None, callback, error_callback)

    def apply(self, func, args=(), kwds={}):
        return self.apply_async(func, args, kwds).get()

    def map(self, func, iterable, chunksize=None):
        return self.map_async(func, iterable).get()

    def starmap(self, func, iterable, chunksize=None):
        return self.starmap_async(func, iterable).get()

    def imap(self, func, iterable, chunksize=1):
        return self._executor.map(func, iterable)

    imap_unordered = imap

    def close(self) -> None:
        self._executor.shutdown(wait=False)

    def terminate(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        self._executor.shutdown(wait=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.terminate()


class Result:
    """What a `ThreadPool` promises."""

    def __init__(self, future, callback, error_callback) -> None:
        self._future = future

        def tell(done) -> None:
            error = done.exception()
            if error is None:
                callback and callback(done.result())
            else:
                error_callback and error_callback(error)

        future.add_done_callback(tell)

    def get(self, timeout=None):
        return self._future.result(timeout)

    def wait(self, timeout=None) -> None:
        concurrent.futures.wait([self._future], timeout)

    def ready(self) -> bool:
        return self._future.done()

    def successful(self) -> bool:
        if not self.ready():
            raise ValueError(f"{self!r} not ready")
        return self._future.exception() is None


def shut_down() -> None:
    """At the end of a program all threads but daemons come to theirs."""
    while jobs := [job for job in _waiting if not job.thread.daemon]:
        run_next(jobs[0])
    for call in reversed(threading._threading_atexits):
        call()


def lay() -> None:
    """Puts these where Python's own were."""
    threading.Lock = threading._allocate_lock = Lock
    threading.Thread.start, threading.Thread.join, threading.Thread.is_alive = start, join, is_alive
    threading._shutdown = shut_down
    queue.Queue.put = put
    queue.SimpleQueue = queue._PySimpleQueue
    time.sleep = sleep
    concurrent.futures.ThreadPoolExecutor = concurrent.futures.thread.ThreadPoolExecutor = Executor
