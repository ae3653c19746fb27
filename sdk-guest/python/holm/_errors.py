"""Why something failed: one exception a reason."""

import importlib
from contextlib import contextmanager

from componentize_py_types import Err


class Error(Exception):
    """It ran and failed; the text is for the caller."""


class ArgumentError(Error):
    """The caller's arguments make no sense; the text says which and why."""


class Denied(Error):
    """The grants do not allow it."""

    def __init__(self, denial):
        self.capability, self.resource, self.rule = denial.capability, denial.resource, denial.rule
        super().__init__(f"denied: {denial.capability}={denial.resource} ({denial.rule})")


class Quota(Error):
    """A limit allows no more."""

    def __init__(self, excess):
        self.limit, self.maximum = excess.limit, excess.maximum
        super().__init__(f"limit reached: {excess.limit} = {excess.maximum}")


class Conflict(Error):
    """A write expected another version; `found` is the one that is there, or None."""

    def __init__(self, conflict):
        self.key, self.found = conflict.key, conflict.found
        there = "absent" if conflict.found is None else f"at version {conflict.found}"
        super().__init__(f"conflict: {conflict.key} is {there}")


class NotFound(Error):
    """There is no such thing."""


class Cancelled(Error):
    """It ended before it was done: killed, revoked, or cancelled."""


_WITH_DETAILS = {"Denied": Denied, "Quota": Quota, "Conflict": Conflict, "InvalidArguments": ArgumentError}
_ALONE = {"NotFound": NotFound("not found"), "NoSuchTool": NotFound("no such tool"), "Cancelled": Cancelled("cancelled")}
_WORDS = {
    "Full": "the mailbox is full",
    "RateLimited": "all providers are at their limits",
    "Fault": "the tool was ended: {}",
    "Invalid": "malformed: {}",
}


def error(value) -> Error:
    """The exception of an error of a system call."""
    kind = type(value).__name__.partition("_")[2]
    details = getattr(value, "value", None)
    if kind in ("Sys", "Tool"):
        return error(details)
    if kind in _WITH_DETAILS:
        return _WITH_DETAILS[kind](details)
    if kind in _ALONE:
        return _ALONE[kind]
    return Error(_WORDS.get(kind, "{}").format(details))


@contextmanager
def calls():
    """What system calls within it refuse is raised as one of ours."""
    try:
        yield
    except Err as refused:
        raise error(refused.value) from None


def interface(name: str, capability: str):
    """The bindings of an interface, if this component imports it."""
    try:
        return importlib.import_module(f"wit_world.imports.{name}")
    except ImportError:
        told = f"this skill imports no `{name}`: name what it may be granted in [ceiling] of plugin.toml"
        raise ImportError(f"{told}, like `{capability}`") from None
