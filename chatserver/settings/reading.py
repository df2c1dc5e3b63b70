"""Read the settings: defaults, then the file, then the environment, then the command line; the last one wins.

All problems are reported at once, one line each with the dotted path, so that a file can be corrected in one go. Called
once by ``chatserver.cli`` before anything else runs; the environment is an argument.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_origin

import msgspec

from chatserver.errors import StartError
from chatserver.settings import validating
from chatserver.settings.sections import SECTIONS, Settings
from chatserver.settings.table import BY_PATH, Setting

PREFIX: Final = "CHATSERVER_"
CONFIG_VARIABLE: Final = "CHATSERVER_CONFIG"
# Sections that release 0.1 named differently. Ignoring the old name would leave the community without its settings.
RENAMED_SECTIONS: Final = {"house": "community"}
_BOOLEANS: Final = {
    **dict.fromkeys(("true", "1", "yes", "y", "on"), True),
    **dict.fromkeys(("false", "0", "no", "n", "off"), False),
}


class _Reading:
    """What has been read so far: value and origin by path, and the problems found."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.problems: list[str] = []

    def put(self, path: str, value: object, origin: str, *, from_text: bool = False) -> None:
        """Set the value of a path; a later source wins. ``from_text``: the value is a string from the environment."""
        setting = BY_PATH.get(path)
        section, _, name = path.partition(".")
        if section in RENAMED_SECTIONS:
            self.problems.append(f"{origin}: {section}.{name} is called {RENAMED_SECTIONS[section]}.{name} now")
            return
        if setting is None:
            self.problems.append(f"{origin}: there is no setting {path}{_nearest(path)}")
            return
        try:
            self.values[path] = _converted(setting, _parsed(setting, value) if from_text else value)
        except (msgspec.ValidationError, ValueError, KeyError):
            self.problems.append(f"{origin}: {path} must be {setting.expected}{validating.hint(path, value)}")
            return
        self.origins[path] = origin


def load(
    config_file: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Read the settings of this process.

    ``config_file`` is a TOML file (default: the file named by CHATSERVER_CONFIG, if set); ``environment`` holds
    ``CHATSERVER_SECTION__NAME`` or ``CHATSERVER_SECTION__NAME_FILE`` (a file whose first line is the value);
    ``overrides`` are dotted paths. Raises ``StartError`` with a line per problem.
    """
    environment = environment or {}
    reading = _Reading()
    config_file = config_file or environment.get(CONFIG_VARIABLE) or None
    if config_file is not None:
        _read_file(reading, Path(config_file))
    _read_environment(reading, environment)
    for path, value in (overrides or {}).items():
        reading.put(path, value, "command line")
    if reading.problems:
        raise StartError("\n".join(reading.problems))
    settings = _assembled(reading)
    if problems := validating.problems(settings):
        raise StartError("\n".join(problems))
    return settings


def _read_file(reading: _Reading, file: Path) -> None:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise StartError(f"The configuration file {file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StartError(f"The configuration file {file} is not TOML: {error}") from error
    for section, entries in content.items():
        if section in RENAMED_SECTIONS:
            reading.problems.append(f"{file}: the section [{section}] is called [{RENAMED_SECTIONS[section]}] now")
        elif section not in SECTIONS:
            reading.problems.append(f"{file}: there is no section [{section}]{_nearest_of(section, SECTIONS)}")
        elif not isinstance(entries, dict):
            reading.problems.append(f"{file}: {section} is a section: write [{section}]")
        else:
            for name, value in entries.items():
                reading.put(f"{section}.{name}", value, str(file))


def _read_environment(reading: _Reading, environment: Mapping[str, str]) -> None:
    for variable, text in sorted(environment.items()):
        # Names without a double underscore are not ours: orchestrators set CHATSERVER_PORT and the like for a service
        # of that name.
        if not variable.startswith(PREFIX) or "__" not in variable:
            continue
        section, _, name = variable.removeprefix(PREFIX).lower().partition("__")
        path = f"{section}.{name}"
        if path not in BY_PATH and name.endswith("_file"):
            path = path.removesuffix("_file")
            read = _first_line(reading, variable, text)
            if read is None:
                continue
            text = read
        reading.put(path, text, variable, from_text=True)


def _first_line(reading: _Reading, variable: str, file: str) -> str | None:
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reading.problems.append(f"{variable}: the file {file} cannot be read: {error}")
        return None
    return lines[0].strip() if lines else ""


def _parsed(setting: Setting, value: object) -> object:
    """Parse a string from the environment; lists may be JSON or separated by commas."""
    text = str(value).strip()
    if setting.type is bool:
        return _BOOLEANS[text.lower()]
    if setting.type in (int, float):
        return setting.type(text)
    if text.startswith(("[", "{")):
        return msgspec.json.decode(text)
    if get_origin(setting.type) is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _converted(setting: Setting, value: object) -> object:
    converted: object = msgspec.convert(value.strip() if isinstance(value, str) else value, setting.type)
    if isinstance(converted, int | float) and not isinstance(converted, bool):
        if not math.isfinite(converted) or converted < setting.least:
            raise ValueError
        if setting.most is not None and converted > setting.most:
            raise ValueError
    return converted


def _assembled(reading: _Reading) -> Settings:
    sections: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for path, value in reading.values.items():
        section, name = path.split(".")
        sections[section][name] = value
    return msgspec.convert({**sections, "origins": reading.origins}, Settings)


def _nearest(path: str) -> str:
    section, _, name = path.partition(".")
    siblings = [row.path for row in BY_PATH.values() if row.section == section]
    same_name = [row.path for row in BY_PATH.values() if row.name == name]
    return _nearest_of(path, same_name or siblings or list(BY_PATH)) or _nearest_of(path, list(BY_PATH))


def _nearest_of(word: str, known: list[str] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""
