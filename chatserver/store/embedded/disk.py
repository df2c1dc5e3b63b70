"""How much room the disk of the embedded store has left. The server looks once a second (app.py).

A store that syncs each append (``strict``) ends at the first write that does not fit, and again each time it is
started: with a full disk nobody could even read. So growing ends while there is room, and writing before there is none.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LEAST_FREE: Final = 16 << 20
"""Some seconds of the most that can be written."""

SMALLEST_SHARE: Final = 16
"""On a small disk this part of it is enough."""


@dataclass(slots=True, frozen=True)
class Shortage:
    """``why`` nothing may grow; ``is_full``: nothing may be written at all."""

    why: str
    is_full: bool


def shortage_in(folder: Path, before: Shortage | None) -> Shortage | None:
    """What the disk of this folder is short of. It ends only with half as much again as it began with."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return before
    free, whole = status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
    least = min(LEAST_FREE, whole // SMALLEST_SHARE)
    if free >= least * (1.5 if before is not None else 1):
        return None
    # Without the amount, which changes by the second: the log says once why nothing is written.
    return Shortage(f"the disk of {folder} is almost full", free < least // 8)
