"""``chatserver config show`` and ``config check``: print the settings, or what is wrong with them.

Invalid settings never get here: reading them has raised ``StartError`` before.
"""

from __future__ import annotations

import tomllib

from chatserver.errors import StartError
from chatserver.settings import TABLE, Settings, as_toml, rooms_file, shown, web_folder


def defaults() -> int:
    """Print config/chatserver.toml."""
    print(as_toml(), end="")
    return 0


def show(settings: Settings, *, origin: bool) -> int:
    """Print all settings as TOML without passwords; with ``origin``, a comment says where each was set."""
    section = ""
    for row in TABLE:
        if row.section != section:
            print(f"{'' if not section else chr(10)}[{row.section}]")
            section = row.section
        line = f"{row.name} = {shown(row, settings.value(row.path))}"
        print(f"{line}  # {settings.origin(row.path)}" if origin else line)
    return 0


def check(settings: Settings) -> int:
    """Check the files that the settings name. Raises ``StartError`` if one is missing or broken."""
    web_folder()
    rooms = rooms_file(settings)
    try:
        tomllib.loads(rooms.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StartError(f"{settings.origin('rooms.file')}: rooms.file: {rooms} cannot be read: {error}") from error
    changed = [row.path for row in TABLE if settings.origin(row.path) != "default"]
    print("The settings are valid. " + (f"Set: {', '.join(changed)}" if changed else "All have their defaults"))
    return 0
