"""What an upload may say of itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from chatserver.errors import NOT_ALLOWED, TOO_LARGE, Refusal, invalid

PEAKS: Final = 64
LOUDEST: Final = 100
LONGEST_SECONDS: Final = 86_400.0
PART_BYTES: Final = 8_000_000
"""The most bytes of one PATCH."""
UNUSED_MS: Final = 86_400_000
"""How long a file that no message uses is kept."""


def checked_size(size: int, most: int) -> int:
    """Raises ``Refusal`` file_too_large, or params for an empty file."""
    if size > most:
        raise Refusal(TOO_LARGE, f"The file is too large: send at most {most:,} bytes", "file_too_large", limit=most)
    if size < 1:
        raise invalid("size", "The file is empty: send one with something in it")
    return size


def checked_recording(seconds: float, peaks: Sequence[int]) -> None:
    """Raises ``Refusal`` params unless a recording's length and loudnesses make sense; 0 and none are left out."""
    if not (math.isfinite(seconds) and 0 <= seconds <= LONGEST_SECONDS):
        raise invalid("seconds", "Pass the length in seconds, at most a day")
    if peaks and (len(peaks) != PEAKS or not all(0 <= peak <= LOUDEST for peak in peaks)):
        raise invalid("peaks", f"Pass {PEAKS} numbers from 0 to {LOUDEST}")


def type_refused(message: str = "The server cannot read this file: send it as a file (keep: true)") -> Refusal:
    return Refusal(NOT_ALLOWED, message, "type_refused")
