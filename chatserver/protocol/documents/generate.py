"""Generates parts of the documents from the code; ``make docs`` runs this module.

docs/protocol.md and docs/operating.md are written by hand, except between a marker such as
``<!-- method message.send -->`` and the next ``<!-- end -->``: those parts are generated from the tables of methods,
events, errors, close codes, shapes and settings, and from docs/examples.json. A test checks that they are up to date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import inspect

from chatserver import errors
from chatserver.protocol import closing, shapes
from chatserver.protocol.documents import examples
from chatserver.protocol.documents.examples import Scene
from chatserver.protocol.events import EVENTS
from chatserver.protocol.methods import METHODS
from chatserver.protocol.methods.base import Method, Nothing
from chatserver.protocol.schema import description_of, fields_of
from chatserver.settings import TABLE
from chatserver.settings.printing import toml_value
from chatserver.settings.sections import SECTIONS

FILES: Final = ("protocol.md", "operating.md")
_PART: Final = re.compile(r"<!-- (\w+) ([\w.-]+) -->\n.*?<!-- end -->", re.DOTALL)
_SHAPES: Final = {
    name: type_
    for name, type_ in vars(shapes).items()
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct) and type_.__module__ == shapes.__name__
}
SHAPES: Final = tuple(name for name in _SHAPES if name not in {"Shape", "RoomWords", "ReadState"})
_LARGE: Final = 2**53


def refreshed(text: str, scenes: list[Scene]) -> str:
    """The document with every marked part regenerated. Raises ``LookupError`` for an unknown marker."""

    def part(found: re.Match[str]) -> str:
        kind, name = found[1], found[2]
        return f"<!-- {kind} {name} -->\n{_MAKERS[kind](name, scenes).strip()}\n<!-- end -->"

    return _PART.sub(part, text)


def parts_of(text: str) -> list[tuple[str, str]]:
    """The kinds and names of all marked parts."""
    return [(found[1], found[2]) for found in _PART.finditer(text)]


# --- the kinds of parts ----------------------------------------------------------------------------------------------


def _method(name: str, scenes: list[Scene]) -> str:
    row = METHODS[name]
    who = "anyone" if row.who == "anyone" else "a signed-in user"
    doors = "WebSocket only" if row.connection else f"WebSocket, `POST /api/{name}`"
    again = " May be repeated if the response is lost." if row.repeatable else ""
    lines = [row.summary, "", f"For: {who}. Over: {doors}.{again}", ""]
    lines += [_params(row), "", _result(row), "", examples.written(examples.shown(scenes, "method", name))]
    return "\n".join(lines)


def _params(row: Method) -> str:
    fields = msgspec.structs.fields(row.params)
    if not fields:
        return "Parameters: none."
    return _note(row.params) + _table(("parameter", "type", "default", "meaning"), _rows(row.params, "required"))


def _result(row: Method) -> str:
    if row.result is Nothing:
        return "Result: `{}`."
    if row.result.__name__ in SHAPES:
        return f"Result: a {_link(row.result.__name__)}."
    return (
        "Result:\n\n" + _note(row.result) + _table(("member", "type", "when absent", "meaning"), _rows(row.result, ""))
    )


def _event(name: str, scenes: list[Scene]) -> str:
    row = EVENTS[name]
    if row.params.__name__ in SHAPES:
        params = f"Params: a {_link(row.params.__name__)}."
    else:
        params = _note(row.params) + _table(("member", "type", "when absent", "meaning"), _rows(row.params, ""))
    return "\n".join([row.summary, "", params, "", examples.written(examples.shown(scenes, "event", name))])


def _shape(name: str, _scenes: list[Scene]) -> str:
    return _note(_SHAPES[name]) + _table(("member", "type", "when absent", "meaning"), _rows(_SHAPES[name], ""))


def _error(name: str, scenes: list[Scene]) -> str:
    kind = next(kind for kind in errors.TABLE if kind.name == name)
    return f"{kind.advice}\n\n{examples.written(examples.shown(scenes, 'error', kind.code))}"


def _settings(section: str, _scenes: list[Scene]) -> str:
    rows = []
    for row in TABLE:
        if row.section == section:
            text = row.help + (f" One of {', '.join(f'`{choice}`' for choice in row.choices)}." if row.choices else "")
            rows.append((f"`{row.path}`", f"`{toml_value(row.default)}`", row.unit, text))
    return _table(("setting", "default", "unit", "what it does"), rows)


def _tables(name: str, _scenes: list[Scene]) -> str:
    if name == "methods":
        rows = [(f"[`{row.name}`](#{_anchor(row.name)})", row.summary) for row in METHODS.values()]
        return _table(("method", "what it does"), rows)
    if name == "events":
        return _table(
            ("event", "when"), [(f"[`{row.name}`](#{_anchor(row.name)})", row.summary) for row in EVENTS.values()]
        )
    if name == "errors":
        rows_of_errors = [(f"`{kind.code}`", kind.name, str(kind.status), kind.advice) for kind in errors.TABLE]
        return _table(("code", "name", "HTTP status", "what to do"), rows_of_errors)
    if name == "closes":
        return _table(
            ("code", "reason", "what to do"), [(f"`{row.code}`", row.reason, row.advice) for row in closing.TABLE]
        )
    raise LookupError(name)


_MAKERS: Final[dict[str, Callable[[str, list[Scene]], str]]] = {
    "method": _method,
    "event": _event,
    "shape": _shape,
    "error": _error,
    "settings": _settings,
    "table": _tables,
}
assert {row.section for row in TABLE} == set(SECTIONS)


# --- types in words --------------------------------------------------------------------------------------------------


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _rows(type_: type[msgspec.Struct], required: str) -> list[tuple[str, str, str, str]]:
    omits = required or type_.__struct_config__.omit_defaults
    return [
        (
            f"`{field.encode_name}`",
            _type(field.type),
            _default(field, required) if omits else "always present",
            description_of(type_, field),
        )
        for field in fields_of(type_)
    ]


def _default(field: inspect.Field, required: str) -> str:
    if field.required:
        return required or "always present"
    if field.default_factory is not msgspec.NODEFAULT:
        return f"`{json.dumps(field.default_factory())}`"
    if field.default is msgspec.NODEFAULT:  # UNSET: there is no default
        return "not given" if required else "absent"
    return f"`{json.dumps(field.default)}`"


def _note(type_: type[Any]) -> str:
    """The struct's docstring, if it has one."""
    words = " ".join((type_.__dict__.get("__doc__") or "").replace("``", "`").split())
    return f"{words}\n\n" if words else ""


def _anchor(name: str) -> str:
    return name.replace(".", "").lower()


def _link(shape: str) -> str:
    method = next((name for name, row in METHODS.items() if row.result.__name__ == shape), "")
    return f"[{shape}](#{_anchor(shape if shape in SHAPES else method)})"


def _type(type_: inspect.Type) -> str:
    """A type in words, including its limits."""
    if isinstance(type_, inspect.Metadata):
        return _type(type_.type)
    for kind, words in _WORDS.items():
        if isinstance(type_, kind):
            return words(type_)
    raise LookupError(str(type_))


def _text(type_: inspect.StrType) -> str:
    if type_.max_length is None:
        return "text"
    return f"text, {f'{type_.min_length} to' if type_.min_length else 'at most'} {type_.max_length} characters"


def _whole(type_: inspect.IntType) -> str:
    if type_.ge is None:
        return "whole number"
    if type_.le is None or type_.le >= _LARGE:
        return f"whole number, {type_.ge} or more"
    return f"whole number, {type_.ge} to {type_.le}"


def _list(type_: inspect.ListType) -> str:
    most = f" (at most {type_.max_length})" if type_.max_length is not None else ""
    return f"list{most} of {_type(type_.item_type)}"


def _union(type_: inspect.UnionType) -> str:
    return " or ".join(_type(one) for one in type_.types)


_WORDS: Final[dict[Any, Callable[[Any], str]]] = {
    inspect.StrType: _text,
    inspect.IntType: _whole,
    inspect.FloatType: lambda _: "number",
    inspect.BoolType: lambda _: "true or false",
    inspect.NoneType: lambda _: "null",
    inspect.LiteralType: lambda type_: " or ".join(f"`{json.dumps(value)}`" for value in type_.values),
    inspect.ListType: _list,
    inspect.TupleType: lambda type_: f"list of {len(type_.item_types)}: {_type(type_.item_types[0])}",
    inspect.DictType: lambda type_: f"map of text to {_type(type_.value_type)}",
    inspect.StructType: lambda type_: _link(type_.cls.__name__),
    inspect.UnionType: _union,
}


def main(folder: Path) -> None:
    """Regenerate the marked parts of the documents in ``folder``."""
    scenes = examples.read(folder / "examples.json")
    for name in FILES:
        file = folder / name
        file.write_text(refreshed(file.read_text(encoding="utf-8"), scenes), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "docs"))
