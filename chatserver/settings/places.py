"""Finds the files that come with the program: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from chatserver.errors import StartError
from chatserver.settings.sections import Settings

_PACKAGE: Final = Path(__file__).resolve().parents[1]


def _folder(name: str) -> Path:
    for place in (_PACKAGE / "share" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise StartError(f"The folder {name}/ that belongs to chatserver is missing: install chatserver again")


def web_folder() -> Path:
    """The folder of the page: index.html, main.js and what they load."""
    return _folder("web")


def config_folder() -> Path:
    """The folder of rooms.toml, icebreakers.toml and other data files."""
    return _folder("config")


def rooms_file(settings: Settings) -> Path:
    """The file of the starter rooms."""
    return Path(settings.rooms.file) if settings.rooms.file else config_folder() / "rooms.toml"


def icebreakers_file(settings: Settings) -> Path:
    """The file of cards and questions of the day."""
    file = settings.friends.icebreakers_file
    return Path(file) if file else config_folder() / "icebreakers.toml"
