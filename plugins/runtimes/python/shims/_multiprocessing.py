"""The C part of multiprocessing, which WASI has not: there so that its modules can be imported."""


class SemLock:
    """A lock between processes. None is ever made."""

    SEM_VALUE_MAX = 2147483647


def sem_unlink(name) -> None:
    """Nothing is there."""
