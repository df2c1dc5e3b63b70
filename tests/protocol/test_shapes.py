"""Members that are always present and those that are left out: an absent member means its default."""

from __future__ import annotations

import json
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from chatserver.protocol.codecs import JSON, MSGPACK
from chatserver.protocol.events import EVENTS
from chatserver.protocol.methods import METHODS
from chatserver.protocol.shapes import Author, Message
from tests.protocol.values import tries, values


def _within(type_: Any, found: dict[type[Any], inspect.StructType]) -> None:
    """All structs of which an answer is made."""
    if isinstance(type_, inspect.StructType):
        if type_.cls in found:
            return
        found[type_.cls] = type_
        parts: list[Any] = [field.type for field in type_.fields]
    else:
        parts = [getattr(type_, name) for name in ("item_type", "value_type") if hasattr(type_, name)]
        parts += getattr(type_, "types", ())
        parts += [type_.type] if isinstance(type_, inspect.Metadata) else []
    for part in parts:
        _within(part, found)


def said_structs() -> dict[type[Any], inspect.StructType]:
    """Every struct in a result or an event."""
    found: dict[type[Any], inspect.StructType] = {}
    for type_ in (*(row.result for row in METHODS.values()), *(row.params for row in EVENTS.values())):
        _within(inspect.type_info(type_), found)
    return found


SAID = said_structs()
EACH = pytest.mark.parametrize("type_", SAID, ids=lambda type_: type_.__name__)


def _plain(value: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(JSON.encode(value))
    assert msgpack.unpackb(MSGPACK.encode(value)) == said
    return said


@EACH
@tries(8)
@given(data=st.data())
def test_members_without_a_first_value_are_always_there_and_others_only_when_they_differ(
    type_: type[Any], data: st.DataObject
) -> None:
    held = data.draw(values(type_))
    said = _plain(msgspec.convert(held, type_))
    for field in SAID[type_].fields:
        name = field.encode_name
        if field.required:
            assert name in said
        else:
            assert (name in said) is (name in held and held[name] != _first(field))


def _first(field: inspect.Field) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


@EACH
def test_first_values_are_nothing_empty_or_no(type_: type[Any]) -> None:
    """So that a client in any language can take an absent member for its type's empty value."""
    for field in SAID[type_].fields:
        if not field.required:
            assert _first(field) in ("", 0, False, [], {}) or _first(field) is msgspec.NODEFAULT, field.name


@EACH
def test_no_member_of_an_answer_is_null(type_: type[Any]) -> None:
    for field in SAID[type_].fields:
        plain = field.type.type if isinstance(field.type, inspect.Metadata) else field.type
        types = plain.types if isinstance(plain, inspect.UnionType) else (plain,)
        assert not any(isinstance(one, inspect.NoneType) for one in types), field.name


def test_a_message_that_is_nothing_special_says_only_what_is_required() -> None:
    author = Author("a" * 24, "ann", "Ann", bot=False)
    said = _plain(Message(room="hall", seq=1, id="b" * 24, at=1, author=author, text="hello"))
    assert said.keys() == {"room", "seq", "id", "at", "author", "text"}
    assert said["author"] == {"id": "a" * 24, "handle": "ann", "name": "Ann", "bot": False}
    tombstone = _plain(Message(room="hall", seq=1, id="b" * 24, at=1, author=author, text="", deleted=True))
    assert (tombstone["text"], tombstone["deleted"]) == ("", True)
