"""Why the host refused something, and the command by which its user would allow it."""

import os

from wit_world.imports import log


# Whether there is a host to ask: while the component is built there is none.
running = False


def last():
    """The last denial that this process met, if any."""
    return log.last_denial() if running else None


def describe(found) -> str:
    """What was denied, by which rule, and what would allow it."""
    grant = f"{found.capability}={found.resource}"
    if any(not (letter.isalnum() or letter in "=/:._-*@%+,") for letter in grant):
        grant = "'" + grant.replace("'", "'\\''") + "'"
    return f"Holm denied {found.capability}={found.resource} ({found.rule}); its user may allow it: holm grant NAME {grant}"


def explain(text: str, names) -> str:
    """The text of an error about these files, with its reason where Holm denied one of them."""
    found = last()
    if found is None or found.capability != "fs":
        return text
    denied = found.resource.rpartition(":")[0]
    for name in names:
        if isinstance(name, (str, bytes)) and _same(os.fsdecode(name), denied):
            return f"{text}: {describe(found)}"
    return text


def _same(name: str, denied: str) -> bool:
    try:
        return os.path.abspath(name) == os.path.abspath(denied)
    except OSError:
        return name == denied
