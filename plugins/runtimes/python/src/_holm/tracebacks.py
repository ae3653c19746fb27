"""Tracebacks without the frames of Holm's own modules, which CPython would not have."""

import traceback

_walk = traceback._walk_tb_with_full_positions


def is_own(frame) -> bool:
    """Whether a frame is one of Holm's modules."""
    name = frame.f_globals.get("__name__")
    return isinstance(name, str) and (name.startswith("_holm.") or name == "_holm_entry")


def _walk_others(found):
    return (entry for entry in _walk(found) if not is_own(entry[0]))


def lay() -> None:
    """Has `traceback` leave them out."""
    traceback._walk_tb_with_full_positions = _walk_others
