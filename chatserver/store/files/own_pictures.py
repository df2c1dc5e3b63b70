"""Avatars and the community's icon: one file each, which lives until it is replaced.

The file lies under the tag of its user or of the community, and the step that replaces it removes it. Replacing is an
intent, because the bytes are erased and processes are notified elsewhere.
"""

from __future__ import annotations

from typing import Final

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.community.acts import words_of
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents, Step
from chatserver.store.engine.store import Store, flat, status
from chatserver.store.files.erasing import Erasing

MOST_A_DAY: Final = 3
_DAY_MS: Final = 86_400_000


class SetAvatar(Step, frozen=True):
    """``file`` is "" to take the picture away."""

    kind = "avatar.set"
    user: str
    file: str
    now: int


class SetIcon(Step, frozen=True):
    """``file`` is "" to take the icon away; ``by`` is the admin."""

    kind = "icon.set"
    file: str
    by: str
    now: int


class OwnPictures:
    """Built in composition.py for the services of profiles and of the community."""

    def __init__(self, store: Store, intents: Intents, authors: AuthorCache, erasing: Erasing) -> None:
        self._store = store
        self._intents = intents
        self._authors = authors
        self._erasing = erasing
        intents.register(SetAvatar, self._set_avatar)
        intents.register(SetIcon, self._set_icon)

    async def set_avatar(self, user: str, file: str, *, now: int) -> None:
        """Make this finished upload the user's picture, "" for none. Raises ``Refusal`` not_found (path ``avatar``), or
        rate_limited after three changes within a day."""
        await self._intents.carry_out(SetAvatar(user=user, file=file, now=now))

    async def _set_avatar(self, intent: Intent[SetAvatar]) -> None:
        step = intent.step
        answer = await self._store.call("avatar_set", keys.user(step.user), step.now, step.file, MOST_A_DAY)
        if status(answer) == "too_often":
            raise errors.rate_limited(int(answer[1]) + _DAY_MS - step.now)
        if status(answer) != "ok":
            raise Refusal(errors.NOT_FOUND, "No such picture of yours: upload it for your avatar", path="avatar")
        await self._erasing.discard(
            dict.fromkeys(flat(answer[1]), step.user), tag=keys.user(step.user)
        )  # fmt: skip
        await self._authors.changed(step.user)

    async def set_icon(self, file: str, *, by: str, now: int) -> None:
        """Make this finished upload the community's icon, "" for none. Raises ``Refusal`` not_found (path ``icon``)."""
        await self._intents.carry_out(SetIcon(file=file, by=by, now=now))

    async def _set_icon(self, intent: Intent[SetIcon]) -> None:
        step = intent.step
        act = words_of(intent.id, "community.update", by=step.by, at=step.now, detail="icon")
        answer = await self._store.call("icon_set", keys.COMMUNITY, *act, step.file)
        if status(answer) != "ok":
            raise Refusal(errors.NOT_FOUND, "No such picture: upload it for the icon", path="icon")
        await self._erasing.discard(
            {file: user.decode() for file, user in flat(answer[1]).items()}, tag=keys.COMMUNITY
        )  # fmt: skip

    async def forget(self, user: str) -> None:
        """Remove all pictures of a user whose account is closed; a part of closing it."""
        tag = keys.user(user)
        files = [file.decode() for file in await self._store.command(tag, "HKEYS", tag + ":files")]
        gone = flat(await self._store.command(tag, "HGETALL", tag + ":files:gone"))
        await self._erasing.discard(dict.fromkeys([*files, *gone], user), tag=tag)
        for file in files:
            await self._store.command(tag, "HDEL", tag + ":files", file)
