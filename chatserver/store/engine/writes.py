"""Whether a node takes writes, and if not, why: memory or disk are full, replicas are away, its settings were changed.

A store that takes none is still read. ``Node`` notes what the store refuses and what its probe finds; the answer is in
/readyz, in /metrics and, once for each change, in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

log = logging.getLogger(__name__)

REASONS: Final = {
    "OOM": "its memory is full: raise maxmemory there, or delete something",
    "MISCONF": "it cannot write to its disk; its own log says why",
    "NOREPLICAS": "replicas that it must have are away (min-replicas-to-write)",
}
"""By the code of the error with which a store refuses a write."""


class Writes:
    """``why_not`` is "" while writes are taken. ``unsafe`` is the part of it that the store itself does not refuse:
    settings with which a community would not have opened, or a disk that is almost full. ``forbidden``: not even what
    makes something less may be written."""

    def __init__(self) -> None:
        self.why_not = ""
        self.unsafe = ""
        self.forbidden = False
        self._refused = ""
        self._configured = ""
        self._short = ""

    def refused(self, code: str) -> None:
        """A command came back with this error."""
        if code in REASONS:
            self._refused = REASONS[code]
            self._settle()

    def taken(self) -> None:
        """The store would have taken a write just now."""
        self._refused = ""
        self._settle()

    def configured(self, against: Sequence[str]) -> None:
        """What the store's settings are now: sentences against it."""
        self._configured = "; ".join(against)
        self._settle()

    def short(self, why: str, *, forbidden: bool) -> None:
        """What the store will be short of soon ("" for nothing), and whether it is already."""
        self._short, self.forbidden = why, forbidden
        self._settle()

    def _settle(self) -> None:
        self.unsafe = self._short or self._configured
        why_not = self._refused or self.unsafe
        if why_not == self.why_not:
            return
        self.why_not = why_not
        if why_not:
            log.error("store: takes no writes, and is only read", extra={"reason": why_not})
        else:
            log.info("store: takes writes again")
