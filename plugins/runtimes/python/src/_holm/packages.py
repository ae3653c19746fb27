"""Bundled packages that are loaded while the component is built, and what of them goes Holm's way."""

import importlib
import sys
import types

HOT = "requests httpx yaml dotenv bs4 tabulate jinja2 markdown packaging.version dateutil.parser defusedxml.ElementTree".split()


def lay() -> None:
    """Loads them, and lays Holm's ways over those that would use sockets, threads or a disk."""
    from . import eventloop, web

    # It needs several interpreters in one process, which this Python was built without.
    sys.modules["anyio.to_interpreter"] = types.ModuleType("anyio.to_interpreter")
    for name in HOT:
        importlib.import_module(name)
    web.lay_urllib3()
    web.lay_httpcore()
    eventloop.lay_anyio()
