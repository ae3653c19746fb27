"""The component's beginning: readied once, while it is built; then a call or a run in each process."""

import gc
import random
import sys
import traceback

import wit_world
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import tool_types

# What the library imports only where it is needed: there is nothing to import from once this is built.
import _strptime  # noqa: F401
import encodings.idna  # noqa: F401
import linecache  # noqa: F401
import locale  # noqa: F401
import tokenize  # noqa: F401
import unicodedata  # noqa: F401

import skill  # noqa: F401, the author's own: what it decorates is registered
from holm import _tools
from holm._errors import ArgumentError, Error, NotFound

# A trace shows the lines of the skill's own files, which are not there to read when it is run.
for _module in list(sys.modules.values()):
    _file = getattr(_module, "__file__", None) or ""
    if not _file.startswith("/python/") and _file.endswith(".py"):
        _lines = linecache.getlines(_file)
        linecache.cache[_file] = (sum(map(len, _lines)), None, _lines, _file)

# What all processes share is never looked at again: their pages stay the image's.
gc.collect()
gc.freeze()


class Tools(exports.Tools):
    """What the kernel calls: see `wit/tool.wit`."""

    def list(self):
        return [tool_types.Summary(tool.name, tool.summary) for tool in _tools.registered.values()]

    def describe(self, name):
        tool = _tools.registered.get(name)
        return tool and tool_types.Description(tool.name, tool.description, tool.input, tool.output)

    def call(self, name, arguments):
        _begin()
        try:
            return _tools.call(name, arguments)
        except ArgumentError as error:
            raise Err(tool_types.ToolError_InvalidArguments(str(error)))
        except Exception as error:
            if name not in _tools.registered:
                raise Err(tool_types.ToolError_NoSuchTool())
            if not isinstance(error, (Error, OSError)):
                # A flaw of the skill: where it lies is for its author.
                traceback.print_exc()
            raise Err(tool_types.ToolError_Failed(str(error) or type(error).__name__))
        finally:
            _end()


class WitWorld(wit_world.WitWorld):
    """What `holm run` runs."""

    def run(self, arguments):
        _begin()
        try:
            return _tools.run(arguments)
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            return end.code & 255 if isinstance(end.code, int) else int(end.code is not None)
        except (Error, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        except Exception:
            traceback.print_exc()
            return 1
        finally:
            _end()


def _begin():
    # All processes begin as one image: without this, they would draw the same numbers.
    random.seed()


def _end():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # Nobody reads it: that undoes no work.
            pass
