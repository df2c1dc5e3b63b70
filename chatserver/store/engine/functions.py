"""Builds one library of all Lua functions, each a file; its names end in the hash of its source.

The head of a file ``name.lua`` names its keys by pattern (``-- keys: {r} {r}:log``) and may have flags, one per line:
``-- repeatable`` if it may be sent twice, ``-- no-writes`` if it only reads, ``-- large`` if its answer may be large
and goes over the reader, ``-- allow-oom`` if it may run while memory is full, because it removes, forbids or overwrites
something, or finishes a step that was accepted, ``-- changes-log`` if it adds to a room's log or to its changes,
``-- changes-numbers`` if only to who is a member or online; of both the index must learn. The file ends with
``return function(keys, args)`` and the body. ``_prelude.lua`` comes before them all, then the other files whose names
begin with ``_``. Two releases can run side by side because neither library nor function names clash; a library that
nobody used for a day is removed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from chatserver.store.engine.keys import Tag

PREFIX: Final = "chatserver_"
_STORE: Final = Path(__file__).parents[1]
_HEADER: Final = re.compile(r"^-- keys:\s*(.*)$", re.MULTILINE)


@dataclass(slots=True, frozen=True)
class Function:
    """One function: its name, its name in Valkey, the patterns of its keys, what stands behind the tag in each, and the
    flags in its file's head."""

    name: str
    full_name: str
    patterns: tuple[str, ...]
    suffixes: tuple[str, ...]
    repeatable: bool
    large: bool
    writes: bool
    allow_oom: bool
    changes_log: bool
    changes_numbers: bool

    def command(self, tag: Tag) -> tuple[str, ...]:
        """The words before the arguments: FCALL, name, number of keys, keys."""
        return ("FCALL", self.full_name, str(len(self.suffixes)), *[tag + suffix for suffix in self.suffixes])


@dataclass(slots=True, frozen=True)
class Library:
    """All functions for one kind of store. ``field_expiry``: whether the store has HSETEX (Valkey 9, Redis 8)."""

    name: str
    source: str
    functions: dict[str, Function]
    field_expiry: bool


@cache
def library(*, field_expiry: bool) -> Library:
    files = {file.stem: file.read_text("utf-8") for file in sorted(_STORE.rglob("*.lua"), key=lambda file: file.name)}
    shared = [files.pop("_prelude"), *(files.pop(name) for name in sorted(files) if name.startswith("_"))]
    prelude = "\n".join([f"local FIELD_EXPIRY = {'true' if field_expiry else 'false'}", *shared])
    digest = hashlib.sha256("\0".join([prelude, *files, *files.values()]).encode()).hexdigest()[:12]
    functions = {name: _function(name, source, digest) for name, source in files.items()}
    parts = [f"#!lua name={PREFIX}{digest}", prelude]
    parts += [_registration(functions[name], source) for name, source in files.items()]
    return Library(PREFIX + digest, "\n".join(parts), functions, field_expiry)


def _function(name: str, source: str, digest: str) -> Function:
    found = _HEADER.search(source)
    patterns = tuple(found.group(1).split()) if found else ()
    heads = {line for line in source.splitlines() if line.startswith("-- ")}
    writes = "-- no-writes" not in heads
    return Function(
        name, f"{name}_{digest}", patterns, tuple(pattern[pattern.index("}") + 1 :] for pattern in patterns),
        repeatable="-- repeatable" in heads or not writes,
        large="-- large" in heads, writes=writes, allow_oom="-- allow-oom" in heads or not writes,
        changes_log="-- changes-log" in heads, changes_numbers="-- changes-numbers" in heads,
    )  # fmt: skip


def _registration(function: Function, source: str) -> str:
    flags = "{'no-writes'}" if not function.writes else "{'allow-oom'}" if function.allow_oom else "{}"
    return (
        f"redis.register_function{{function_name='{function.full_name}', flags={flags}, "
        f"callback=(function()\n{source}\nend)()}}"
    )
