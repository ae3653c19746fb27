"""JSON Schema of type hints, and values of JSON as those types."""

import dataclasses
import enum
import types
import typing
from typing import Annotated, Any, Literal, Union

from ._errors import ArgumentError

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema(hint) -> dict:
    """The JSON Schema (2020-12) of a type; TypeError where there is none."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return schema(arguments[0]) | {"description": text for text in arguments[1:] if isinstance(text, str)}
    if hint is Any:
        return {}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if origin in (Union, types.UnionType):
        given = [schema(one) for one in arguments if one is not type(None)]
        if len(given) == 1 and isinstance(given[0].get("type"), str):
            return given[0] | {"type": [given[0]["type"], "null"]}
        return {"anyOf": given + [{"type": "null"}] * (type(None) in arguments)}
    if origin is Literal:
        texts = {"type": "string"} if all(isinstance(one, str) for one in arguments) else {}
        return texts | {"enum": list(arguments)}
    if hint is list or origin is list:
        return {"type": "array"} | ({"items": schema(arguments[0])} if arguments else {})
    if hint is dict or origin is dict:
        if arguments and arguments[0] is not str:
            raise TypeError(f"{hint}: the keys of JSON are texts, so write `dict[str, …]`")
        return {"type": "object"} | ({"additionalProperties": schema(arguments[1])} if arguments else {})
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [one.value for one in hint]}
    if dataclasses.is_dataclass(hint):
        return record(_fields(hint))
    raise TypeError(f"{hint} has no JSON: use str, int, float, bool, list, dict, a dataclass, an Enum or a Literal")


def record(fields: dict) -> dict:
    """The schema of an object with these fields: of each its type, and whether it has a default."""
    return {
        "type": "object",
        "properties": {name: schema(hint) for name, (hint, _) in fields.items()},
        "required": [name for name, (_, default) in fields.items() if not default],
        "additionalProperties": False,
    }


def values(found, fields: dict, place: str = "") -> dict:
    """An object's members as their types; ArgumentError says where one does not fit."""
    if not isinstance(found, dict):
        raise _unfit(place, "an object")
    if unknown := [name for name in found if name not in fields]:
        raise ArgumentError(f"{_in(place, unknown[0])} is not known; there is {', '.join(fields) or 'nothing'}")
    if missing := [name for name, (_, default) in fields.items() if not default and name not in found]:
        raise ArgumentError(f"{_in(place, missing[0])} is missing")
    return {name: value(it, fields[name][0], _in(place, name)) for name, it in found.items()}


def value(found, hint, place: str):
    """JSON as a type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return value(found, arguments[0], place)
    if hint is Any:
        return found
    if hint in _PLAIN:
        # A truth is no number, though Python takes it for one; a whole number is a number.
        fits = isinstance(found, (int, float) if hint is float else hint) and (hint is bool or not isinstance(found, bool))
        if not fits:
            raise _unfit(place, f"{_PLAIN[hint]}")
        return hint(found) if hint is float else found
    if origin in (Union, types.UnionType):
        if found is None and type(None) in arguments:
            return None
        for one in (one for one in arguments if one is not type(None)):
            try:
                return value(found, one, place)
            except ArgumentError as error:
                reason = error
        raise reason
    if origin is Literal:
        if found not in arguments or isinstance(found, bool) != any(found is one for one in (True, False)):
            raise _unfit(place, "one of " + ", ".join(map(repr, arguments)))
        return found
    if hint is list or origin is list:
        if not isinstance(found, list):
            raise _unfit(place, "an array")
        return [value(it, arguments[0] if arguments else Any, f"{place}[{at}]") for at, it in enumerate(found)]
    if hint is dict or origin is dict:
        if not isinstance(found, dict):
            raise _unfit(place, "an object")
        return {name: value(it, arguments[1] if arguments else Any, _in(place, name)) for name, it in found.items()}
    if issubclass(hint, enum.Enum):
        try:
            return hint(found)
        except ValueError:
            raise _unfit(place, "one of " + ", ".join(repr(one.value) for one in hint)) from None
    return hint(**values(found, _fields(hint), place))


def plain(it):
    """A result as what JSON has."""
    if dataclasses.is_dataclass(it):
        return {field.name: plain(getattr(it, field.name)) for field in dataclasses.fields(it)}
    if isinstance(it, enum.Enum):
        return it.value
    if isinstance(it, (list, tuple)):
        return [plain(one) for one in it]
    if isinstance(it, dict):
        return {name: plain(one) for name, one in it.items()}
    return it


def _fields(hint) -> dict:
    hints = typing.get_type_hints(hint, include_extras=True)
    without = dataclasses.MISSING
    default = lambda field: field.default is not without or field.default_factory is not without
    return {field.name: (hints[field.name], default(field)) for field in dataclasses.fields(hint)}


def _in(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _unfit(place: str, wanted: str) -> ArgumentError:
    return ArgumentError(f"{place or 'it'}: {wanted} is expected")
