"""The path of the embedded store's Unix socket, which the kernel limits to 107 bytes.

It is in the data folder if that path is short enough; else in a private folder in the system's temporary folder, to
which the symbolic link ``data/run`` points, so that later starts and commands find it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from chatserver.errors import StartError

_LONGEST: Final = 107
_NAME: Final = "valkey.sock"


def socket_path(folder: Path) -> Path:
    """The socket's path for an existing, absolute data folder. Raises ``StartError`` if no path is short enough."""
    inside = folder / _NAME
    if _fits(inside):
        return inside
    link = folder / "run"
    if link.is_symlink() and _is_private(target := link.readlink()) and _fits(target / _NAME):
        return target / _NAME
    made = Path(tempfile.mkdtemp(prefix="chatserver-"))
    if not _fits(made / _NAME):
        made.rmdir()
        raise StartError(f"server.data: {folder} is too long for a Unix socket, and so is {made}: use a shorter path")
    link.unlink(missing_ok=True)
    link.symlink_to(made)
    return made / _NAME


def give_back(folder: Path) -> None:
    """Remove the private folder, if there is one. Call it when Valkey has ended."""
    link = folder / "run"
    if link.is_symlink() and _is_private(target := link.readlink()):
        (target / _NAME).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            target.rmdir()
        link.unlink()


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= _LONGEST


def _is_private(folder: Path) -> bool:
    """Whether this is a folder of ours that nobody else may enter; the temporary folder is shared."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) == 0o700
