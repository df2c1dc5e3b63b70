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
    settings with which a community would not have opened."""

    def __init__(self) -> None:
        self.why_not = ""
        self.unsafe = ""
        self._refused = ""

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
        self.unsafe = "; ".join(against)
        self._settle()

    def _settle(self) -> None:
        why_not = self._refused or self.unsafe
        if why_not == self.why_not:
            return
        self.why_not = why_not
        if why_not:
            log.error("store: takes no writes, and is only read", extra={"reason": why_not})
        else:
            log.info("store: takes writes again")
