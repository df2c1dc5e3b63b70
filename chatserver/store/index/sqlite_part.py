"""A part of the index in one SQLite file of this machine: what people and open rooms have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import apsw

from chatserver.store.index.file import DAMAGE, GONE, Reading
from chatserver.store.index.folder import Folder
from chatserver.store.index.part import PartFile

F = TypeVar("F", bound=PartFile)
R = TypeVar("R", bound=Reading)
T = TypeVar("T")


class SqlitePart(Folder, Generic[F]):
    """``folder`` need not exist; ``lock`` is the name of the file that is locked."""

    def __init__(self, folder: Path, lock: str, file: F) -> None:
        super().__init__(folder, lock, [file])
        self._file = file

    def place(self) -> str | None:
        return self._guarded(self._file, self._file.place)

    def note_place(self, place: str | None, progress: float | None) -> None:
        self._guarded(self._file, partial(self._file.note_place, place, progress), again=False)

    def versions(self, ids: Sequence[str]) -> dict[str, int]:
        return self._guarded(self._file, partial(self._file.versions, ids))

    def after(self, id: str, limit: int) -> list[str]:
        return self._guarded(self._file, partial(self._file.after, id, limit))

    def count(self) -> int:
        return self._guarded(self._file, self._file.count)

    def _found(self, kind: Callable[[Path], R], find: Callable[[R], T], otherwise: T) -> T:
        """What this thread finds in the file; something else if the file cannot be read."""
        reading = self._reading(self._file.path, partial(kind, self._file.path))
        try:
            return find(reading)
        except apsw.InterruptError:
            raise TimeoutError from None
        except (*DAMAGE, *GONE, apsw.SQLError, apsw.BusyError) as error:
            reading.fault(error)
            return otherwise
