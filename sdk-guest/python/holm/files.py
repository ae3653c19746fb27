"""Files, with errors that say which path and which grant. `open` works as ever; its errors say less."""

import builtins

from . import log
from ._errors import Denied, Error


def open(path, mode: str = "r", **options):
    """As the built-in `open`."""
    try:
        return builtins.open(path, mode, **options)
    except PermissionError as error:
        denial = log.last_denial()
        if denial is not None and denial.capability == "fs":
            raise Denied(denial) from None
        raise Error(f"{path}: {error.strerror}") from None
    except OSError as error:
        raise Error(f"{path}: {error.strerror}") from None


def read(path) -> str:
    """A whole file of UTF-8."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def read_bytes(path) -> bytes:
    """A whole file."""
    with open(path, "rb") as file:
        return file.read()


def write(path, contents: str | bytes) -> None:
    """Writes a whole file."""
    with open(path, "wb") as file:
        file.write(contents.encode() if isinstance(contents, str) else contents)
