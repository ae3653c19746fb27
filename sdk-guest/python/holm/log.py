"""Lines for the operator, the reason of the last denial, the bill."""

from wit_world.imports import log as _sys

from ._errors import calls as _calls


def _line(level):
    def write(message: str) -> None:
        with _calls():
            _sys.write(level, str(message))

    write.__doc__ = f"Writes one line of the level {level.name.lower()}."
    return write


error, warn, info, debug, trace = map(
    _line, (_sys.Level.ERROR, _sys.Level.WARN, _sys.Level.INFO, _sys.Level.DEBUG, _sys.Level.TRACE)
)


def last_denial():
    """The last denial this process met, of files too: `capability`, `resource`, `rule`; or None."""
    return _sys.last_denial()


def usage():
    """What this process has used so far: `fuel`, `memory`, `syscalls`."""
    return _sys.usage()
