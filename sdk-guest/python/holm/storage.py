"""Durable keys and values, by grant.

    notes = holm.storage.Bucket("notes")
    notes.write("today", "rain")
    notes.read("today").text()
"""

import dataclasses

from ._errors import calls, interface

_sys = interface("storage", 'storage = ["notes:rw"]')


@dataclasses.dataclass
class Entry:
    """A value and the version that wrote it."""

    value: bytes
    version: int

    def text(self) -> str:
        """The value as UTF-8."""
        return self.value.decode()


class Bucket:
    """An open bucket. It is private to its plugin unless its name begins with `shared/`."""

    def __init__(self, name: str, *, read_only: bool = False):
        with calls():
            self._bucket = _sys.Bucket.open(name, _sys.Access.READ if read_only else _sys.Access.WRITE)

    def read(self, key: str) -> Entry | None:
        """The value of a key; None if absent."""
        with calls():
            found = self._bucket.get(key)
        return found and Entry(found.value, found.version)

    def write(self, key: str, value: str | bytes) -> int:
        """Writes a key; its new version. When it returns, a power cut would not undo it."""
        with calls():
            return self._bucket.put(key, _bytes(value))

    def write_if(self, key: str, value: str | bytes, version: int | None) -> int:
        """As `write`, if the key is still at this version, or absent where that is None; else `Conflict`."""
        return self.commit([change(key, value, expected=version)])

    def delete(self, key: str) -> bool:
        """Deletes a key; whether it was there."""
        with calls():
            return self._bucket.delete(key)

    def keys(self, prefix: str = ""):
        """All keys that begin so, in the order of their bytes."""
        cursor = None
        while True:
            with calls():
                page = self._bucket.list(prefix, cursor, 1000)
            yield from page.keys
            cursor = page.next
            if cursor is None:
                return

    def commit(self, changes: list) -> int:
        """Makes all changes or none (see `change`); the version of the batch."""
        with calls():
            return self._bucket.commit(changes)

    def versions(self, key: str) -> list:
        """The versions of a key that are kept, newest first: `version`, `written`, `size`."""
        with calls():
            return self._bucket.versions(key)

    def read_version(self, key: str, version: int) -> bytes | None:
        """What a key held at a version; None if it was absent or is no longer kept."""
        with calls():
            return self._bucket.get_version(key, version)

    def rollback(self, key: str, version: int) -> int:
        """Writes again what a key held at a version; the new version."""
        with calls():
            return self._bucket.rollback(key, version)


_ANYTHING = object()


def change(key: str, value: str | bytes | None, *, expected=_ANYTHING):
    """One change of a batch; a value of None deletes the key. `expected` is the version that the key is
    thought to be at, None for absent."""
    if expected is _ANYTHING:
        expects = _sys.Expected_Anything()
    else:
        expects = _sys.Expected_Absent() if expected is None else _sys.Expected_Version(expected)
    return _sys.Change(key, None if value is None else _bytes(value), expects)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)
