"""Functions as tools, and the tools of others."""

import inspect
import json
import re
import typing

from . import _schema
from ._errors import ArgumentError, Error, NotFound, calls, interface

# The program's own, by name; and what `holm run` runs.
registered: dict[str, "Own"] = {}
entry: list = []

_NAME = re.compile(r"[a-z0-9_-]{1,64}\Z")


class Own:
    """A function that is a tool."""

    def __init__(self, function, name: str):
        hints = typing.get_type_hints(function, include_extras=True)
        self.function, self.name, self.fields = function, name, {}
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                raise TypeError(f"{name}: `{parameter.name}` has no name in JSON; take named parameters")
            if parameter.name not in hints:
                raise TypeError(f"{name}: `{parameter.name}` has no type; write `{parameter.name}: str`")
            self.fields[parameter.name] = (hints[parameter.name], parameter.default is not parameter.empty)
        self.description = inspect.cleandoc(function.__doc__ or "")
        if not self.description:
            raise TypeError(f"{name} has no docstring: it is what models know of it")
        first = " ".join(self.description.split("\n\n")[0].split())
        self.summary = re.split(r"(?<=[.!?])\s", first, maxsplit=1)[0]
        self.input = json.dumps(_schema.record(self.fields))
        # Without a hint, nothing is promised of the result.
        self.output = json.dumps(_schema.schema(hints["return"])) if "return" in hints else None

    def call(self, arguments: str) -> str:
        """Calls it with a JSON object; its result as JSON."""
        try:
            found = json.loads(arguments)
        except ValueError as error:
            raise ArgumentError(f"this is no JSON: {error}") from None
        return json.dumps(_schema.plain(self.function(**_schema.values(found, self.fields))))


class Tools:
    """`@holm.tool` makes a function a tool; its methods reach those of others, by grant."""

    def __call__(self, function=None, *, name: str | None = None):
        """Makes a function a tool: its name, docstring and type hints are what others know of it."""
        if function is None:
            return lambda function: self(function, name=name)
        name = name or function.__name__
        if not _NAME.match(name):
            raise TypeError(f"`{name}` is no name for a tool: write 1 to 64 of a-z, 0-9, _ and -")
        if name in registered:
            raise TypeError(f"two tools are called `{name}`")
        registered[name] = Own(function, name)
        return function

    @staticmethod
    def call(name: str, arguments: dict | None = None, /, **more):
        """Calls `plugin/tool` and waits for its result: `holm.tool.call("jq/query", filter=".name")`."""
        with calls():
            return json.loads(_others().call(name, json.dumps((arguments or {}) | more)))

    @staticmethod
    def start(name: str, arguments: dict | None = None, /, **more) -> "Invocation":
        """Begins a call and does not wait: several run at once."""
        with calls():
            return Invocation(_others().Invocation.start(name, json.dumps((arguments or {}) | more)))

    @staticmethod
    def list(prefix: str = "") -> list:
        """All tools that the grant admits and whose name begins so: `name`, `description`."""
        found, page = [], 1000
        with calls():
            while True:
                more = _others().list(prefix, found[-1].name if found else None, page)
                found += more
                if len(more) < page:
                    return found

    @staticmethod
    def search(query: str, limit: int = 10) -> list:
        """The tools that these words fit best: `name`, `description`, `score`."""
        with calls():
            return _others().search(query, limit)

    @staticmethod
    def describe(name: str):
        """One tool in full: `description`, `input_schema`, `output_schema`."""
        with calls():
            return _others().describe(name)


class Invocation:
    """A call under way; leaving a `with` block cancels it."""

    def __init__(self, invocation):
        self._invocation = invocation

    def finish(self):
        """Waits for its result."""
        with calls():
            return json.loads(self._invocation.finish())

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        return self._invocation.__exit__(*reason)


def _others():
    return interface("tool", 'tool = ["*/*"]')


tool = Tools()


def main(function):
    """Makes a function what `holm run` runs: it takes the arguments, and returns an exit code, or None for 0."""
    if entry:
        raise TypeError("two functions are `@holm.main`")
    entry.append(function)
    return function


def run(arguments: list[str]) -> int:
    """Runs the program; its exit code."""
    if not entry:
        raise Error("this skill has tools and no `@holm.main`: it cannot be run")
    code = entry[0](arguments)
    return 0 if code is None else int(code)


def call(name: str, arguments: str) -> str:
    """Calls one of the program's own tools."""
    if name not in registered:
        raise NotFound("no such tool")
    return registered[name].call(arguments)
