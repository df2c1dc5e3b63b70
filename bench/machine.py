"""The machine: cores, how busy a process was, how much memory it uses."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True, frozen=True)
class Busy:
    """Shares of one core, 0 to 1."""

    user: float
    kernel: float

    @property
    def whole(self) -> float:
        return self.user + self.kernel


class Clock:
    """The processor time that processes had used at one moment."""

    def __init__(self, processes: dict[str, int]) -> None:
        self._at = time.monotonic()
        self._used = {name: _used(process) for name, process in processes.items()}

    def since(self, before: Clock) -> dict[str, Busy]:
        seconds = self._at - before._at
        return {
            name: Busy((user - before._used[name][0]) / seconds, (kernel - before._used[name][1]) / seconds)
            for name, (user, kernel) in self._used.items()
        }


def _used(process: int) -> tuple[float, float]:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) / TICKS, int(fields[12]) / TICKS


def resident_bytes(process: int) -> int:
    """The memory that a process uses."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE_BYTES


def cores() -> tuple[int, int]:
    """The core of the servers and that of everything else; the same if there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]
