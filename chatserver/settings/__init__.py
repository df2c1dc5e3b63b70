"""The settings: one table, read once at start.

``sections`` is the table itself (name, type, default, unit, help); ``reading`` reads the configuration file, the
environment and the command line; ``validating`` checks what types cannot; ``printing`` writes
``config/chatserver.toml``; ``places`` finds the files that come with the program. ``chatserver.cli`` calls ``load``
once and passes the result down; no setting is read anywhere else.
"""

from chatserver.settings.places import config_folder, icebreakers_file, rooms_file, web_folder
from chatserver.settings.printing import as_toml, shown
from chatserver.settings.reading import load
from chatserver.settings.sections import (
    Accounts,
    Community,
    Friends,
    Host,
    Limits,
    Rooms,
    Server,
    Settings,
    Store,
    or_unlimited,
)
from chatserver.settings.table import TABLE, Setting

__all__ = [
    "TABLE",
    "Accounts",
    "Community",
    "Friends",
    "Host",
    "Limits",
    "Rooms",
    "Server",
    "Setting",
    "Settings",
    "Store",
    "as_toml",
    "config_folder",
    "icebreakers_file",
    "load",
    "or_unlimited",
    "rooms_file",
    "shown",
    "web_folder",
]
