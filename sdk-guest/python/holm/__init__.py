"""The guest side of Holm in Python: a whole skill in ten lines.

    import holm

    @holm.tool
    def word_count(text: str) -> int:
        '''Counts the words of a text.'''
        return len(text.split())

`@holm.tool` makes a function a tool, `@holm.main` makes one what `holm run` runs. The system calls are the
modules `storage`, `llm`, `spawn` and `log`, and `holm.tool.call` for the tools of others. It is sugar over
`wit/`: it decides nothing, and a refusal is always an exception, `holm.Denied`. What has no sugar is in
`wit_world.imports`, as componentize-py makes it.
"""

import importlib

from ._errors import ArgumentError, Cancelled, Conflict, Denied, Error, NotFound, Quota
from ._tools import main, tool

__all__ = [
    "ArgumentError", "Cancelled", "Conflict", "Denied", "Error", "NotFound", "Quota",
    "files", "llm", "log", "main", "spawn", "storage", "tool",
]


# A component imports what its ceiling names, and there is nothing to import from once it is built: each is
# looked for now, and who uses one that is not there is told why.
_missing: dict[str, str] = {}
for _name in ("files", "llm", "log", "spawn", "storage"):
    try:
        importlib.import_module(f"{__name__}.{_name}")
    except ImportError as _error:
        _missing[_name] = str(_error)


def __getattr__(name: str):
    if name in _missing:
        raise ImportError(_missing[name])
    raise AttributeError(f"module 'holm' has no attribute {name!r}")
