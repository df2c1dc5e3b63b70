"""Find and cut off the unreadable end that a power cut may leave in the store's append-only file.

A file system may extend the file before the data is on the disk: then the end is zeros, or content of older files.
Valkey refuses to start on that and recommends a program that is not shipped. So this module parses the file in its own
format (``*2``, ``$3``, ``GET``, …) up to the last complete command. Called by ``EmbeddedStore.start`` when Valkey
refuses its data, and by ``chatserver repair``.
"""

from __future__ import annotations

import mmap
import os
import re
import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HEAD: Final = re.compile(rb"\*(\d{1,9})\r\n")
_LENGTH: Final = re.compile(rb"\$(\d{1,10})\r\n")
_UNFINISHED_HEAD: Final = re.compile(rb"[*$]\d{0,10}\r?\Z")
_COMMAND: Final = re.compile(rb"\*\d{1,9}\r\n\$\d{1,9}\r\n[A-Za-z]")
_COPIED_AT_ONCE: Final = 1 << 20


@dataclass(slots=True, frozen=True)
class Damage:
    """``size`` bytes of ``file`` from byte ``offset`` on cannot be read; ``ends_it``: no command follows them."""

    file: Path
    offset: int
    size: int
    ends_it: bool


def find_damage(folder: Path) -> Damage | None:
    """Check the last append-only file in ``folder``, a data folder that no store uses.

    None if it is complete, or only ends in the middle of a command, which the store repairs itself.
    """
    file = _last_file(folder / "appendonlydir")
    if file is None or not file.stat().st_size:
        return None
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        offset = _unreadable_from(data)
        if offset is None:
            return None
        return Damage(file, offset, len(data) - offset, _COMMAND.search(data, offset + 1) is None)


def cut(damage: Damage, folder: Path) -> Path:
    """Copy what cannot be read to a new file in ``folder``, cut it off, and return the path of the copy."""
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    kept = folder / f"unreadable-{moment}-from-byte-{damage.offset}.aof"
    with damage.file.open("r+b") as file:
        with kept.open("xb") as copy:
            kept.chmod(0o600)
            file.seek(damage.offset)
            while some := file.read(_COPIED_AT_ONCE):
                copy.write(some)
            copy.flush()
            os.fsync(copy.fileno())
        file.truncate(damage.offset)
        os.fsync(file.fileno())
    return kept


def _last_file(folder: Path) -> Path | None:
    """The file that the store appends to, by its manifest, whose lines are ``file NAME seq NUMBER type KIND``."""
    manifests = sorted(folder.glob("*.manifest"))
    if not manifests:
        return None
    lines = [shlex.split(line) for line in manifests[-1].read_text("utf-8").splitlines()]
    names = [words[words.index("file") + 1] for words in lines if "file" in words]
    last = folder / names[-1] if names else None
    return last if last is not None and last.exists() else None


def _unreadable_from(data: mmap.mmap) -> int | None:
    """The offset of the first thing that is not a command; None if there is none or only the end is missing."""
    place = 0
    while place < len(data):
        if data[place : place + 1] == b"#":  # a timestamp
            end = data.find(b"\n", place)
            if end < 0:
                return None
            place = end + 1
            continue
        after = _after_command(data, place)
        if after is None:
            return place
        if after > len(data):
            return None
        place = after
    return None


def _after_command(data: mmap.mmap, place: int) -> int | None:
    """The offset after this command, beyond the end if the command is incomplete; None if it is not a command."""
    head = _HEAD.match(data, place)
    if head is None:
        return _beyond_or_none(data, place)
    place = head.end()
    for _ in range(int(head[1])):
        if place >= len(data):
            return len(data) + 1
        length = _LENGTH.match(data, place)
        if length is None:
            return _beyond_or_none(data, place)
        end = length.end() + int(length[1])
        closing = data[end : end + 2]
        if not b"\r\n".startswith(closing):
            return None
        place = end + 2
    return place


def _beyond_or_none(data: mmap.mmap, place: int) -> int | None:
    """Beyond the end, if the file ends here within the head of a command; else None."""
    return len(data) + 1 if _UNFINISHED_HEAD.match(data, place) else None
