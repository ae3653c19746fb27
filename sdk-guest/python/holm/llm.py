"""Models, by the names their user gave them.

    model = holm.llm.Model("smart")
    model.complete("What is the capital of Peru?", system="Answer in one word.").text()
"""

import dataclasses
import json

from componentize_py_types import Err

from . import _schema
from ._errors import Error, calls, error, interface

_sys = interface("llm", 'llm = ["*"]')
_types = interface("llm_types", 'llm = ["*"]')

#: Parts of messages, deltas of streams and roles, as `wit/llm.wit` has them.
Role, Message, Image, ToolResult = _types.Role, _types.Message, _types.Image, _types.ToolResult
Part_Text, Part_Image, Part_Thinking = _types.Part_Text, _types.Part_Image, _types.Part_Thinking
Part_ToolCall, Part_ToolResult = _types.Part_ToolCall, _types.Part_ToolResult
Delta_Text, Delta_Restart, Delta_Done = _sys.Delta_Text, _sys.Delta_Restart, _sys.Delta_Done

_REQUESTS = 32


def message(role: str, text: str):
    """A turn of plain text: `system`, `user` or `assistant`."""
    return Message(Role[role.upper()], [Part_Text(text)])


def result(call, content: str, *, is_error: bool = False):
    """The turn that answers a tool call of a reply."""
    return Message(Role.USER, [Part_ToolResult(ToolResult(call.id, call.name, content, is_error))])


@dataclasses.dataclass
class Reply:
    """What the model said; `raw` is the reply as `wit/llm.wit` has it."""

    raw: object

    def text(self) -> str:
        """All its text."""
        return "".join(part.value for part in self.raw.content if isinstance(part, Part_Text))

    def tool_calls(self) -> list:
        """The tools it wants called: `id`, `name`, `arguments` (JSON)."""
        return [part.value for part in self.raw.content if isinstance(part, Part_ToolCall)]

    def value(self, hint):
        """Its text as the type that `output` asked for."""
        if self.raw.stop == _sys.StopReason.MAX_TOKENS:
            raise Error("the reply was cut off before its end; allow more tokens")
        return _schema.value(json.loads(self.text()), hint, "reply")

    def message(self):
        """It, as a turn of the conversation."""
        return Message(Role.ASSISTANT, self.raw.content)

    @property
    def usage(self):
        """What it cost: `input`, `output`, `cached`, `thinking`, `cost`."""
        return self.raw.usage


def request(prompt, *, system=None, tools=(), output=None, max_tokens=None, temperature=None, stop=(), seed=None,
            effort=None, cached=False, deadline=None):
    """What a model is asked: a text, or a list of turns. `tools` are functions as `@holm.tool` takes them;
    `output` is the type that the reply's text is JSON of; `deadline` is in milliseconds."""
    from ._tools import Own

    turns = [message("user", prompt)] if isinstance(prompt, str) else list(prompt)
    if system is not None:
        turns.insert(0, message("system", system))
    own = [Own(function, function.__name__) for function in tools]
    schema = None if output is None else json.dumps(_schema.schema(output))
    return _types.Request(
        turns, [_types.Tool(tool.name, tool.description, tool.input) for tool in own], _types.ToolChoice_Auto(), schema,
        max_tokens, temperature, list(stop), seed, None if effort is None else _types.Effort[effort.upper()], cached, deadline,
    )


class Model:
    """An open model."""

    def __init__(self, name: str):
        with calls():
            self._model = _sys.Model.open(name)

    def complete(self, prompt, **options) -> Reply:
        """Makes a call and waits for its reply; the options are those of `request`."""
        outcome = self.complete_all([request(prompt, **options)])[0]
        if isinstance(outcome, Error):
            raise outcome
        return outcome

    def complete_all(self, requests: list) -> list[Reply | Error]:
        """Makes all calls at once, as far as the user's limits allow; the outcomes in their order."""
        outcomes = []
        with calls():
            for at in range(0, len(requests), _REQUESTS):
                outcomes += self._model.complete(requests[at:at + _REQUESTS])
        return [error(one.value) if isinstance(one, Err) else Reply(one.value) for one in outcomes]

    def stream(self, prompt, **options):
        """The pieces of a reply that is being written (`Delta_…`), the last one the whole."""
        with calls(), self._model.stream(request(prompt, **options)) as stream:
            while (delta := stream.next()) is not None:
                yield delta

    def embed(self, texts: list[str]) -> list[list[float]]:
        """One vector for each text, at most 256."""
        with calls():
            return self._model.embed(texts)

    def describe(self):
        """What the user's configuration says of it."""
        with calls():
            return self._model.describe()

    def left(self):
        """What calls of it may still use: `calls`, `tokens`, `money`."""
        with calls():
            return self._model.left()

    def count_tokens(self, prompt, **options) -> int:
        """Tokens that the request would be counted as: an upper bound."""
        with calls():
            return self._model.count_tokens(request(prompt, **options)).tokens
