"""A part of the index that holds one row for each person, or each open room, in a file of its own.

The file also keeps how far it has come in their stream of changes, and how much of it is made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chatserver.store.index.file import File

_AMONG: Final = "SELECT {key}, version, id FROM {table} WHERE {key} IN (SELECT value FROM json_each(?))"
_AFTER: Final = "SELECT {key} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT ?"
_COUNT: Final = "SELECT count(*) FROM {table}"
_DELETE: Final = "DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))"


class PartFile(File):
    """Written by one thread of one process. ``tables`` have a column ``id``, the first also ``key`` and ``version``;
    its words are in ``words`` under the same id."""

    def __init__(self, path: Path, schema: str, *, tables: Sequence[str], key: str) -> None:
        super().__init__(path, schema)
        self._among, self._after, self._count = (
            text.format(table=tables[0], key=key) for text in (_AMONG, _AFTER, _COUNT)
        )
        self._deletes = [_DELETE.format(table=table) for table in tables]

    def place(self) -> str | None:
        """How far the part has come in the changes; None if it must be made."""
        found: str | None = self.about("place")
        return found

    def note_place(self, place: str | None, progress: float | None) -> None:
        """Keep the place, and how much is made, 1 for all; None leaves what is there."""
        with self.connection:
            for name, value in (("place", place), ("progress", progress)):
                if value is not None:
                    self.note(name, value)

    def versions(self, ids: Sequence[str]) -> dict[str, int]:
        """The versions of those of these that are here."""
        return {id: version for id, version, _ in self.connection.execute(self._among, (json.dumps(ids),))}

    def after(self, id: str, limit: int) -> list[str]:
        """What is here, in the order of the ids."""
        return [found for (found,) in self.connection.execute(self._after, (id, limit))]

    def count(self) -> int:
        """How many are here."""
        number: int = self.connection.execute(self._count).get
        return number

    def remove(self, ids: Sequence[str]) -> None:
        """Remove these; within a transaction."""
        run = self.connection.execute
        rows = [row for _, _, row in run(self._among, (json.dumps(ids),))]
        if rows:
            asked = (json.dumps(rows),)
            run("DELETE FROM words WHERE rowid IN (SELECT value FROM json_each(?))", asked)
            for delete in self._deletes:
                run(delete, asked)
            self.note("removed", 1)
