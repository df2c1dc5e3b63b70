"""Any value that the wire's types allow, as plain objects: strategies made from the structs themselves."""

from __future__ import annotations

import functools
import re
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from msgspec import inspect

_LONGEST = 12


def tries(number: int) -> settings:
    """So many examples; how long each takes says nothing on a machine that does other things as well."""
    return settings(max_examples=number, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@functools.cache
def values(type_: Any) -> st.SearchStrategy[Any]:
    """Plain objects (dicts, lists, texts, numbers) that fit a struct or any type it is made of."""
    return _of(inspect.type_info(type_))


def _of(type_: Any) -> st.SearchStrategy[Any]:
    return _MAKERS[type(type_)](type_)


def _text(type_: inspect.StrType) -> st.SearchStrategy[str]:
    texts = st.text(min_size=type_.min_length or 0, max_size=min(type_.max_length or _LONGEST, _LONGEST))
    pattern = type_.pattern
    return texts if pattern is None else texts.filter(lambda text: re.search(pattern, text) is not None)


def _whole(type_: inspect.IntType) -> st.SearchStrategy[int]:
    low = -(2**53) if type_.ge is None else type_.ge
    return st.integers(low, 2**53 if type_.le is None else type_.le)


def _list(type_: inspect.ListType) -> st.SearchStrategy[list[Any]]:
    return st.lists(_of(type_.item_type), max_size=2)


def _map(type_: inspect.DictType) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.text(max_size=_LONGEST), _of(type_.value_type), max_size=2)


def _struct(type_: inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    required = {field.encode_name: _of(field.type) for field in type_.fields if field.required}
    optional = {field.encode_name: _of(field.type) for field in type_.fields if not field.required}
    return st.fixed_dictionaries(required, optional=optional)


_MAKERS = {
    inspect.StrType: _text,
    inspect.IntType: _whole,
    inspect.FloatType: lambda _: st.floats(0, 86_400, allow_nan=False),
    inspect.BoolType: lambda _: st.booleans(),
    inspect.NoneType: lambda _: st.none(),
    inspect.LiteralType: lambda type_: st.sampled_from(type_.values),
    inspect.ListType: _list,
    inspect.TupleType: lambda type_: st.tuples(*map(_of, type_.item_types)).map(list),
    inspect.DictType: _map,
    inspect.StructType: _struct,
    inspect.Metadata: lambda type_: _of(type_.type),
    inspect.UnionType: lambda type_: st.one_of([_of(one) for one in type_.types]),
}
