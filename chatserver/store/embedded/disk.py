"""Checks the free space on the disk of the embedded store; the server does so once a second (app.py).

A store that syncs each append (``strict``) ends at the first write that does not fit, and again each time it is
started; with a full disk nobody could even read. So writes that add data are refused while there is some space left,
and all writes before there is none.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LEAST_FREE: Final = 16 << 20
"""Enough for some seconds at the highest write rate."""

SMALLEST_SHARE: Final = 16
"""On a small disk, one sixteenth of it is enough."""


@dataclass(slots=True, frozen=True)
class Shortage:
    """``why`` data may not be added; ``is_full``: nothing may be written at all."""

    why: str
    is_full: bool


def shortage_in(folder: Path, before: Shortage | None) -> Shortage | None:
    """The shortage of the folder's disk, None if there is none. It ends at 1.5 times the free space at which it
    starts."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return before
    free, whole = status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
    least = min(LEAST_FREE, whole // SMALLEST_SHARE)
    if free >= least * (1.5 if before is not None else 1):
        return None
    # Without the amount, which changes every second: the reason is logged once.
    return Shortage(f"the disk of {folder} is almost full", free < least // 8)
