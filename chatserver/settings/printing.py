"""Settings as text: the whole table as a commented TOML file, and one value as it may be shown."""

from __future__ import annotations

import json
import re
import textwrap
from typing import Final

from chatserver.settings.sections import SECTIONS, Settings
from chatserver.settings.table import TABLE, Setting

_HEAD: Final = """\
# Every setting of chatserver with its default. Remove the # from a line to change it.
# Each can also be set in the environment as CHATSERVER_SECTION__NAME, such as CHATSERVER_SERVER__PORT=9000, or as
# CHATSERVER_SECTION__NAME_FILE with the name of a file that holds the value (for secrets).
# A limit of 0 is off. "chatserver config check" checks this file and prints what is wrong with it;
# "chatserver config show --origin" prints the current values and where each was set.
"""


def as_toml() -> str:
    """``config/chatserver.toml``: each section, setting, help, unit, choice and default."""
    parts = [_HEAD]
    for section in SECTIONS:
        kind = type(getattr(Settings(), section))
        parts.append(f"\n[{section}]\n# {' '.join((kind.__doc__ or '').replace('``', '').split())}\n")
        parts.extend(_entry(row) for row in TABLE if row.section == section)
    return "".join(parts)


def _entry(row: Setting) -> str:
    notes = [row.help]
    if row.choices:
        notes.append("One of " + ", ".join(f'"{choice}"' for choice in row.choices) + ".")
    if row.unit:
        notes.append(f"({row.unit})")
    comment = textwrap.wrap(" ".join(notes), 118, initial_indent="# ", subsequent_indent="# ")
    return "\n" + "\n".join(comment) + f"\n#{row.name} = {toml_value(row.default)}\n"


def toml_value(value: object) -> str:
    """A value as TOML; supports the types of settings only."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(entry) for entry in value) + "]"
    # A JSON string is a valid TOML basic string if no character is escaped as a pair of surrogates.
    return json.dumps(value, ensure_ascii=False)


def shown(row: Setting, value: object) -> str:
    """A value as TOML for display: the password of an address is replaced by ``***``."""
    text = toml_value(value)
    return re.sub(r"(?<=://)[^/@]*@", "***@", text) if row.secret else text
