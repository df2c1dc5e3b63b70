"""The table of settings: one row per setting, made once at import from the annotations in ``sections``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from chatserver.settings.sections import SECTIONS, Settings


@dataclass(slots=True, frozen=True)
class Setting:
    """One row. ``path`` is dotted (``server.port``); passwords in ``secret`` values are never shown."""

    path: str
    section: str
    name: str
    type: Any
    default: Any
    unit: str
    help: str
    secret: bool
    least: int
    most: int | None

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"CHATSERVER_{self.section.upper()}__{self.name.upper()}"

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed values of a text setting; empty if any text is allowed."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def expected(self) -> str:
        """What a value must be, in words for an error message."""
        if self.choices:
            return "one of " + ", ".join(f'"{choice}"' for choice in self.choices)
        if self.type in (int, float):
            kind = "a whole number" if self.type is int else "a number"
            return f"{kind} {f'of {self.least} or more' if self.most is None else f'from {self.least} to {self.most}'}"
        if get_origin(self.type) is dict:
            keys = ", ".join(get_args(get_args(self.type)[0]))
            return f"a table from language ({keys}) to text"
        return {bool: "true or false", str: "a string"}.get(self.type, "a list of strings")


def _rows_of(section: str) -> list[Setting]:
    kind = type(getattr(Settings(), section))
    hints = get_type_hints(kind, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(kind):
        meta = next(note for note in hints[field.name].__metadata__ if isinstance(note, msgspec.Meta))
        default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
        type_ = get_args(hints[field.name])[0]
        extra = meta.extra or {}
        rows.append(
            Setting(
                path=f"{section}.{field.name}",
                section=section,
                name=field.name,
                type=type_,
                default=default,
                unit=extra["unit"],
                help=meta.description or "",
                secret=extra["secret"],
                least=extra["least"],
                most=extra["most"],
            )
        )
    return rows


TABLE: Final[tuple[Setting, ...]] = tuple(row for section in SECTIONS for row in _rows_of(section))
BY_PATH: Final[dict[str, Setting]] = {row.path: row for row in TABLE}
