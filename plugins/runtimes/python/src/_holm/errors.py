"""Errors as on Linux: its numbers and texts in place of WASI's, and the reason where Holm denied something.

The C library of WASI counts errors in its own way (`ENOENT` is 44). Whatever C or a script raises as `OSError`
with a number comes by the table from which Python picks `FileNotFoundError` and its like. There it finds a class
of ours, which reads the number and becomes the kind that it means.
"""

import errno
import gc
import os

from . import denial
from .linux_errors import ERRORS

# Of the C library: number → name and text, before they are replaced.
_foreign: dict[int, tuple[str, str]] = {}
# Of Linux: number → the kind of error, as a class that one of ours may become.
_kinds: dict[int, type] = {}


def _kind(of: type) -> type:
    """A class that stands for a built-in one, by its name."""

    def __reduce__(self):
        reduced = of(*self.args).__reduce__()
        return (of, *reduced[1:]) if self.filename is None else (of, (*self.args, self.filename), *reduced[2:])

    body = {"__slots__": (), "__reduce__": __reduce__, "__module__": "builtins", "__qualname__": of.__name__}
    return type(of.__name__, (of,), body)


class _Error(OSError):
    """An error on its way to becoming one of the kinds."""

    __slots__ = ()

    def __init__(self, *arguments):
        number, text, *names = arguments
        name, own_text = _foreign.get(number, (None, None))
        # C gives its own text for its own number. What a script numbers is of Linux already.
        if own_text == text:
            # What lacks a right in WASI's terms is refused as Linux refuses files.
            number, text = ERRORS.get("EACCES" if name == "ENOTCAPABLE" else name, (number, text))
            # What may not even be looked for is not there, for Holm as for whoever asks.
            if number in (1, 2, 13):
                text = denial.explain(text, names)
        OSError.__init__(self, number, text, *names)
        self.__class__ = _kinds.get(number, _other)


_other = _kind(OSError)


def speak_linux() -> None:
    """Replaces numbers and texts everywhere. Before anything is imported that copies them."""
    table = _table()
    _foreign.update({number: (name, os.strerror(number)) for number, name in errno.errorcode.items()})
    kinds = {_foreign[number][0]: kind for number, kind in table.items()}
    texts = {}
    for name in [name for name in vars(errno) if name.startswith("E")]:
        delattr(errno, name)
    errno.errorcode.clear()
    for name, (number, text) in ERRORS.items():
        setattr(errno, name, number)
        errno.errorcode.setdefault(number, name)
        texts.setdefault(number, text)
        if name in kinds:
            _kinds[number] = _kind(kinds[name])
    table.update({number: _Error for number in {*_foreign, *texts}})
    os.strerror = lambda number: texts.get(number, f"Unknown error {number}")


def _table() -> dict[int, type]:
    for candidate in gc.get_referrers(FileNotFoundError):
        if type(candidate) is dict and candidate.get(errno.ENOENT) is FileNotFoundError:
            return candidate
    raise RuntimeError("this Python keeps the kinds of OSError elsewhere")
