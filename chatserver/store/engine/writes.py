"""Whether a node takes writes, and if not, why: memory or disk is full, replicas are away, or its settings changed.

A store that takes no writes can still be read. ``Node`` reports what the store refuses and what its probe finds; the
result is in /readyz, in /metrics and, once per change, in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

log = logging.getLogger(__name__)

REASONS: Final = {
    "OOM": "its memory is full: raise maxmemory there, or delete data",
    "MISCONF": "it cannot write to its disk: see its own log",
    "NOREPLICAS": "required replicas are away (min-replicas-to-write)",
}
"""Reasons by the error code with which the store refuses a write."""


class Writes:
    """``why_not`` is "" while writes are taken. ``unsafe`` is the part of it that the store itself does not enforce:
    settings with which the server would not have started, or a disk that is almost full. ``forbidden``: writes that
    free memory are refused, too."""

    def __init__(self) -> None:
        self.why_not = ""
        self.unsafe = ""
        self.forbidden = False
        self._refused = ""
        self._configured = ""
        self._short = ""

    def refused(self, code: str) -> None:
        """A command was answered with this error code."""
        if code in REASONS:
            self._refused = REASONS[code]
            self._settle()

    def taken(self) -> None:
        """The store accepted the probe's write."""
        self._refused = ""
        self._settle()

    def configured(self, against: Sequence[str]) -> None:
        """Set the problems of the store's current settings; empty if there are none."""
        self._configured = "; ".join(against)
        self._settle()

    def short(self, why: str, *, forbidden: bool) -> None:
        """Set what the store is short of or will be soon ("" for nothing), and whether all writes are forbidden."""
        self._short, self.forbidden = why, forbidden
        self._settle()

    def _settle(self) -> None:
        self.unsafe = self._short or self._configured
        why_not = self._refused or self.unsafe
        if why_not == self.why_not:
            return
        self.why_not = why_not
        if why_not:
            log.error("store: takes no writes, read-only", extra={"reason": why_not})
        else:
            log.info("store: takes writes again")
