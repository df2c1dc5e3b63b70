"""The service of link previews: fetches a linked page once and puts what it says of itself beside the message.

It runs after the answer to a send or an edit, so a slow page delays nobody; if the process ends meanwhile, only the
preview is lost. Only the process that answered the send fetches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from chatserver.ids import now_ms, steady_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.messages import MessageHidePreviews, MessageSendResult, RevResult
from chatserver.rules.limits import Buckets
from chatserver.rules.messages import links as rules
from chatserver.services.accounts.newcomers import Newcomers
from chatserver.services.caller import Caller
from chatserver.services.messages.limits import SendLimits
from chatserver.services.messages.linked_pages import LinkedPages
from chatserver.store.files.records import Held
from chatserver.store.friends.ties import TieStore
from chatserver.store.messages.log import Edited
from chatserver.store.messages.previews import PreviewStore
from chatserver.store.messages.records import Record, StoredPreview

MOST_WAITING: Final = 200
"""Messages whose links are being looked at; those beyond get no preview."""


class Look(NamedTuple):
    """A message whose links are looked at: its id ("" for any), who wrote it, all its links, and when its text was last
    edited (ms; 0: never)."""

    room: str
    seq: int
    id: str
    user: str
    links: Sequence[str]
    edited_at: int


class Found(NamedTuple):
    """A preview, and what the room is to hold of its picture."""

    preview: StoredPreview
    held: Held | None


class Previews:
    """``waiting`` counts the messages whose links are being looked at. ``looks`` limits the links of a user, ``takes``
    their pictures, which take room on the disk. ``on()`` says whether the community wants previews; ``own`` is the
    address of the community itself, whose pages need none."""

    def __init__(
        self, hub: Hub, store: PreviewStore, ties: TieStore, newcomers: Newcomers, pages: LinkedPages,
        limits: SendLimits, *, looks: Buckets, takes: Buckets, on: Callable[[], bool], own: str,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._store = store
        self._ties = ties
        self._newcomers = newcomers
        self._limits = limits
        self._looks = looks
        self._takes = takes
        self._on = on
        self._own = own.lower()
        self._pages = pages
        self.waiting = 0

    def follow(self, caller: Caller, room: str, record: Record, sent: asyncio.Future[MessageSendResult]) -> None:
        """Look at the links of a message that is being sent, once it is stored."""
        links = rules.previewed(record.text)
        wanted = self._wanted(caller, links)
        if wanted:
            sent.add_done_callback(lambda done: self._stored(done, room, record, links, wanted))

    def _stored(
        self, done: asyncio.Future[MessageSendResult], room: str, record: Record, links: Sequence[str],
        wanted: Sequence[str],
    ) -> None:  # fmt: skip
        if not done.cancelled() and done.exception() is None and not done.result().duplicate:
            self._begin(Look(room, done.result().seq, record.id, record.user, links, edited_at=0), wanted)

    async def edited(
        self, caller: Caller, room: str, seq: int, links: Sequence[str], edit: Coroutine[Any, Any, Edited], *, at: int
    ) -> Edited:
        """Carry out an edit that replaces a text at this time (ms): pictures of links that are gone are erased, and
        links that have no preview yet are looked at."""
        edited = await self._store.edited(room, edit)
        wanted = self._wanted(caller, edited.lacking)
        if wanted:
            self._begin(Look(room, seq, "", caller.user_id, links, edited_at=at), wanted)
        return edited

    async def hide(self, caller: Caller, params: MessageHidePreviews) -> RevResult:
        user = caller.require_user()
        self._limits.take(caller, params.room)
        async with self._hub.feeds.open(params.room) as feed:
            await self._hub.require_here(feed, user)
        return RevResult(await self._store.hide(params.room, params.seq, user=user, admin=caller.admin, now=now_ms()))

    # --- looking -----------------------------------------------------------------------------------------------------

    def _wanted(self, caller: Caller, links: Sequence[str]) -> list[str]:
        """Those of these links that get a preview; without await."""
        if not links or not self._on() or self._newcomers.is_new(caller) or self.waiting >= MOST_WAITING:
            return []
        wanted = [link for link in links if not self._is_own(link)]
        return [] if wanted and self._looks.take(caller.user_id, steady_ms(), len(wanted)) else wanted

    def _is_own(self, link: str) -> bool:
        return bool(self._own) and link.lower().startswith((self._own + "/", self._own + "?"))

    def _begin(self, look: Look, wanted: Sequence[str]) -> None:
        self.waiting += 1
        self._hub.tasks.spawn(self._look(look, wanted))

    async def _look(self, look: Look, wanted: Sequence[str]) -> None:
        try:
            if not await self._may_preview(look.room, look.user):
                return
            found = await asyncio.gather(*(self._found(link, look.room, look.user) for link in wanted))
            await self._put(look, [one for one in found if one is not None])
        finally:
            self.waiting -= 1

    async def _found(self, link: str, room: str, user: str) -> Found | None:
        words = await self._pages.page(link)
        if words is None:
            return None
        may_take = words.picture and not self._takes.take(user, steady_ms())
        held = await self._pages.picture(words.picture, room) if may_take else None
        picture = UNSET if held is None else held.file
        return Found(StoredPreview(link, words.title, words.site, words.text, picture), held)

    async def _put(self, look: Look, found: Sequence[Found]) -> None:
        """Put the previews beside the message; pictures that it does not take, because it changed, are removed."""
        if not found:
            return
        pictures = [one.held for one in found if one.held is not None]
        previews = [one.preview for one in found]
        taken = await self._store.put(
            look.room, look.seq, look.id, look.links, previews, pictures, edited_at=look.edited_at, now=now_ms()
        )
        for picture in pictures:
            if picture.file.id not in taken:
                await self._pages.drop(picture, look.room)

    async def _may_preview(self, room: str, user: str) -> bool:
        """Between two people only friends get previews: fetching a page tells its owner that somebody wrote of it."""
        async with self._hub.feeds.open(room) as feed:
            if feed.meta.kind != "direct":
                return True
        return (await self._ties.find(room, user)).relation == "friend"
