"""Tracebacks without the frames of Holm's own modules, which CPython would not have."""

import linecache
import traceback

from . import library

_update = linecache.updatecache
_walk = traceback._walk_tb_with_full_positions


def is_own(frame) -> bool:
    """Whether a frame is one of Holm's modules."""
    name = frame.f_globals.get("__name__")
    return isinstance(name, str) and (name.startswith("_holm.") or name == "_holm_entry")


def _walk_others(found):
    return (entry for entry in _walk(found) if not is_own(entry[0]))


def _lines(filename, module_globals=None):
    """The library is kept as code: nothing of the host's is asked for its lines."""
    if filename.startswith((library.STANDARD, "/python/", "<")):
        return []
    return _update(filename, module_globals)


def lay() -> None:
    """Has `traceback` leave them out."""
    linecache.updatecache = _lines
    traceback._walk_tb_with_full_positions = _walk_others
