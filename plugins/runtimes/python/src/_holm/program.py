"""Runs one program as `__main__`: finds it, gives it the surroundings that CPython would, and tells how it ended."""

import atexit
import builtins
import io
import linecache
import os
import random
import runpy
import sys
import threading
import traceback
import warnings

from wit_world.imports import environment

from . import denial, library, process, stdio, tracebacks
from .command_line import USAGE, CommandLine, UsageError, read

# Modules that any Python has loaded before its program begins: a script's own file of that name is not found.
_ALWAYS = {
    "__main__", "abc", "builtins", "codecs", "encodings", "genericpath", "io", "marshal", "os", "posix",
    "posixpath", "site", "stat", "sys", "time", "zipimport", "_frozen_importlib", "_frozen_importlib_external",
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Runs `python` with these arguments. Its exit code."""
    denial.running = True
    try:
        line = read(arguments)
    except UsageError as error:
        _say(f"{error}\n{USAGE.splitlines()[0]}\nTry 'python -h' for more information.\n")
        return 2
    if line.what == "version":
        print(f"Python {sys.version.split()[0]}", flush=True)
        return 0
    if line.what == "help":
        print(USAGE, end="", flush=True)
        return 0
    try:
        _surround(line)
        code = _run(line)
    except BaseException as error:
        code = _ended(error)
    return _finish(code)


def _surround(line: CommandLine) -> None:
    # Whatever is seeded while the component is built would be every process's.
    random.seed()
    directory = environment.initial_cwd() or os.environ.get("HOME") or "/"
    try:
        os.chdir(directory)
    except OSError:
        # It may not be read. A program that needs nothing of it runs all the same, and so do its children there.
        process.start_is_unread = True
    unbuffered = line.has("u") or bool(not line.isolated and os.environ.get("PYTHONUNBUFFERED"))
    stdio.settle(unbuffered, "" if line.isolated else os.environ.get("PYTHONIOENCODING", ""))
    for argument in (*_listed("PYTHONWARNINGS", ",", line), *line.warnings):
        sys.warnoptions.append(argument)
    if sys.warnoptions:
        warnings._processoptions(sys.warnoptions)
    for extra in line.extras:
        name, equals, value = extra.partition("=")
        sys._xoptions[name] = value if equals else True
    sys.path[:] = [*_listed("PYTHONPATH", ":", line), library.STANDARD, library.PACKAGES]


def _listed(variable: str, separator: str, line: CommandLine) -> list[str]:
    text = "" if line.isolated else os.environ.get(variable, "")
    return [part for part in text.split(separator) if part]


def _run(line: CommandLine) -> int:
    sys.orig_argv[:] = ["python", *line.arguments]
    if line.what == "module":
        _start_path(line, os.getcwd())
        sys.argv[:] = ["-m", *line.arguments]
        # The spec's search names the module in `argv[0]`, as CPython does.
        runpy._run_module_as_main(line.name)
        return 0
    if line.what == "code":
        _start_path(line, "")
        sys.argv[:] = ["-c", *line.arguments]
        return _execute(line, line.name.encode(), "<string>", None)
    if line.what == "stdin":
        _start_path(line, "")
        sys.argv[:] = [line.name, *line.arguments]
        if sys.stdin.isatty():
            import code

            _main(None)
            code.interact(local=sys.modules["__main__"].__dict__, exitmsg="")
            return 0
        return _execute(line, sys.stdin.buffer.read(), "<stdin>", None)
    sys.argv[:] = [line.name, *line.arguments]
    if os.path.isdir(line.name) or line.name.endswith((".zip", ".pyz", ".egg")):
        sys.path.insert(0, line.name)
        runpy._run_module_as_main("__main__", False)
        return 0
    try:
        with open(line.name, "rb") as file:
            source = file.read()
    except OSError as error:
        _say(f"python: can't open file {os.path.abspath(line.name)!r}: [Errno {error.errno}] {error.strerror}\n")
        return 2
    path = os.path.abspath(line.name)
    # Only the script itself is followed where it is a link: folders above it may not be looked at.
    real = os.path.join(os.path.dirname(path), os.readlink(path)) if os.path.islink(path) else path
    _start_path(line, os.path.dirname(os.path.normpath(real)))
    return _execute(line, source, path, path)


def _start_path(line: CommandLine, folder: str) -> None:
    """Puts the program's folder first, so that its own modules come before all others of their names."""
    if not line.safe_path:
        sys.path.insert(0, folder)
    for place in sys.path:
        if not place.startswith(library.STANDARD):
            _unload_shadowed(place)


def _unload_shadowed(folder: str) -> None:
    """Forgets modules that were loaded beforehand where a folder has its own of that name."""
    try:
        names = {name.removesuffix(".py") for name in os.listdir(folder or ".")}
    except OSError:
        return
    for name in names & sys.modules.keys() - _ALWAYS - set(sys.builtin_module_names):
        if os.path.isdir(path := os.path.join(folder, name)) and not os.path.exists(path + "/__init__.py"):
            continue
        for loaded in [loaded for loaded in sys.modules if loaded == name or loaded.startswith(name + ".")]:
            del sys.modules[loaded]


def _main(path: str | None):
    module = type(sys)("__main__")
    module.__builtins__ = builtins
    if path:
        from importlib.machinery import SourceFileLoader

        module.__file__ = path
        module.__loader__ = SourceFileLoader("__main__", path)
        module.__cached__ = None
    sys.modules["__main__"] = module
    return module


def _execute(line: CommandLine, source: bytes, name: str, path: str | None) -> int:
    module = _main(path)
    optimize = min(line.flags.count("O"), 2) or -1
    program = compile(source, name, "exec", dont_inherit=True, optimize=optimize)
    # What has no file is shown in tracebacks all the same.
    if path is None:
        text = source.decode("utf-8", "replace")
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(program, module.__dict__)
    return 0


def _ended(error: BaseException) -> int:
    """The exit code of a program that ended by an exception, after telling of it."""
    if isinstance(error, SystemExit):
        code = error.code
        if code is None:
            return 0
        if isinstance(code, int):
            return code & 0xFF
        sys.stdout.flush()
        print(code, file=sys.stderr)
        return 1
    try:
        sys.stdout.flush()
    except OSError:
        pass
    shown = _without_own(error.__traceback__)
    try:
        sys.excepthook(type(error), error.with_traceback(shown), shown)
    except BaseException as another:
        if isinstance(another, SystemExit):
            return _ended(another)
        traceback.print_exception(another)
    return 130 if isinstance(error, KeyboardInterrupt) else 1


def _without_own(found):
    """A traceback without what led to the program. Of what is further down `tracebacks` leaves ours out."""
    while found is not None and tracebacks.is_own(found.tb_frame):
        found = found.tb_next
    return found


def _finish(code: int) -> int:
    """What CPython does at the end: waits for threads, calls `atexit`, empties its streams."""
    for last in (threading._shutdown, atexit._run_exitfuncs, _forget):
        try:
            last()
        except SystemExit as error:
            code = _ended(error)
        except BaseException as error:
            _ended(error)
    # A program may have put its own in their place, over the same buffers.
    for stream in (sys.stdout, sys.__stdout__, sys.stderr, sys.__stderr__):
        try:
            stream is None or stream.closed or stream.flush()
        except (OSError, ValueError, io.UnsupportedOperation):
            code = code or 120
    return code


def _forget() -> None:
    """Lets go of what the program holds, whose `__del__` and `finally` may have something to say."""
    if (module := sys.modules.get("__main__")) is not None:
        for private in (True, False):
            for name in [name for name in vars(module) if name != "__builtins__"]:
                if private == (name[0] == "_" and name[1:2] != "_"):
                    vars(module)[name] = None


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
