"""This process's cache of authors: handle and name by user id, so that records hold ids only.

An author is read once and cached while in use. When a user is renamed or leaves, every process is notified on
``{users}:live``, reads the author again and calls ``on_changed``. After a cut ``catch_up`` reads only those that
changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

import msgspec
from msgspec import UnsetType

from chatserver.protocol.shapes import Author, AuthorRole, Role
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store

_FIELDS: Final = ("handle", "name", "bot", "closed", "admin", "avatar")
_AT_ONCE: Final = 256
# About 20 MB. An author used within the last 25,000 others is still cached.
_KEPT: Final = 25_000


class AuthorCache:
    """Authors by user id. An unknown id or a closed account has an empty handle and name."""

    def __init__(self, store: Store, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._store = store
        self._spawn = spawn
        self._faces: dict[str, Author] = {}
        self._older: dict[str, Author] = {}
        self._admins: set[str] = set()
        self._changed: list[Callable[[Author, bool], None]] = []
        self._place = b""
        store.listen("users", self._heard)

    async def start(self) -> None:
        await self._store.subscribe(keys.live(keys.USERS))
        _, self._place, _, _ = await self._store.call("users_changed", keys.USERS, b"", 0)

    def on_changed(self, changed: Callable[[Author, bool], None]) -> None:
        """``changed(author, admin)`` is called for each cached author whose name, handle or admin flag changed."""
        self._changed.append(changed)

    async def catch_up(self) -> None:
        """Read again the authors that changed while the link was cut; all cached ones if the changes are no longer
        stored."""
        _, place, anyone, changed = await self._store.call("users_changed", keys.USERS, self._place, 0)
        users = [*self._faces, *self._older] if anyone else [user.decode() for user in changed]
        self._place = place
        known = [user for user in users if self._held(user) is not None]
        for start in range(0, len(known), _AT_ONCE):
            await self._read(known[start : start + _AT_ONCE])

    def known(self, user: str) -> Author | None:
        face = self._faces.get(user)
        if face is None:
            face = self._older.pop(user, None)
            if face is not None:
                self._keep(face)
        return face

    def _held(self, user: str) -> Author | None:
        return self._faces.get(user) or self._older.get(user)

    def _keep(self, face: Author) -> None:
        """Two generations: when the younger is full it becomes the older, and the older is dropped. Use moves an author
        back into the younger."""
        if len(self._faces) >= _KEPT and face.id not in self._faces:
            self._older, self._faces = self._faces, {}
            self._admins.intersection_update(self._older)
        self._faces[face.id] = face

    def face(self, user: str) -> Author:
        """The author, if loaded before; else an empty one."""
        return self.known(user) or Author(user, "", "", False)

    def is_admin(self, user: str) -> bool:
        """Whether this user, if loaded before, is an admin of the community."""
        return user in self._admins

    def with_role(self, user: str, role: Role) -> Author:
        """The author in a room in which they have this role."""
        if role == "owner" or role == "moderator":
            return titled(self.face(user), role)
        return titled(self.face(user), "admin") if user in self._admins else self.face(user)

    async def load(self, users: Iterable[str]) -> None:
        """Cache these authors."""
        missing = [user for user in dict.fromkeys(users) if user and self.known(user) is None]
        for start in range(0, len(missing), _AT_ONCE):
            await self._read(missing[start : start + _AT_ONCE])

    async def authors(self, users: Iterable[str]) -> dict[str, Author]:
        wanted = list(users)
        await self.load(wanted)
        return {user: self.face(user) for user in wanted}

    async def changed(self, user: str) -> None:
        """Notify every process, this one included, that this user is new or changed something that strangers see."""
        await self._store.call("user_changed", keys.USERS, user)

    async def _read(self, users: list[str]) -> None:
        rows = await asyncio.gather(
            *(self._store.command(keys.user(user), "HMGET", keys.user(user), *_FIELDS) for user in users)
        )
        for user, fields in zip(users, rows, strict=True):
            self._take(user, fields)

    def _take(self, user: str, fields: list[Any]) -> None:
        handle, name, bot, closed, is_admin, avatar = fields
        gone = closed == b"1" or handle is None
        before, admin, was_admin = self._held(user), is_admin == b"1" and not gone, user in self._admins
        (self._admins.add if admin else self._admins.discard)(user)
        seen = ("", "", "") if gone else (handle.decode(), name.decode(), (avatar or b"").decode())
        face = Author(user, seen[0], seen[1], bot == b"1", seen[2])
        self._keep(face)
        if before is not None and (before, was_admin) != (face, admin):
            for tell in self._changed:
                tell(face, admin)

    def _heard(self, _id: str, payload: bytes) -> None:
        _, user, place = msgspec.msgpack.decode(payload)
        self._place = place.encode()
        if self._held(user) is not None:
            self._spawn(self._read([user]))


def titled(author: Author, role: AuthorRole | UnsetType) -> Author:
    """The author with this role."""
    return Author(author.id, author.handle, author.name, author.bot, author.avatar, role)
