"""The service of link previews: fetches a linked page once and puts what it says of itself beside the message.

It runs after the answer to a send or an edit, so a slow page delays nobody; if the process ends meanwhile, only the
preview is lost. A page that many people link to is fetched once an hour.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from chatserver.ids import now_ms, steady_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.messages import MessageHidePreviews, MessageSendResult, RevResult
from chatserver.rules.limits import Buckets
from chatserver.rules.messages import links as rules
from chatserver.services.accounts.newcomers import Newcomers
from chatserver.services.caller import Caller
from chatserver.services.messages.limits import SendLimits
from chatserver.store.friends.ties import TieStore
from chatserver.store.messages.previews import PreviewStore
from chatserver.store.messages.records import Record, StoredPreview
from chatserver.workers.fetching import Fetcher

MOST_WAITING: Final = 200
"""Messages whose links are being looked at; those beyond get no preview."""
KEPT: Final = 1_000
KEPT_MS: Final = 3_600_000
FAILED_MS: Final = 300_000
_PAGES: Final = ("text/html", "application/xhtml+xml")


class Previews:
    """``waiting`` counts the messages whose links are being looked at. ``on()`` says whether the community wants
    previews; ``own`` is the address of the community itself, whose pages need none."""

    def __init__(
        self, hub: Hub, store: PreviewStore, ties: TieStore, newcomers: Newcomers, fetcher: Fetcher, limits: SendLimits,
        *, looks: Buckets, on: Callable[[], bool], own: str,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._store = store
        self._ties = ties
        self._newcomers = newcomers
        self._limits = limits
        self._looks = looks
        self._on = on
        self._own = own.lower()
        self._pages = _Pages(fetcher, hub)
        self.waiting = 0

    def follow(self, caller: Caller, room: str, record: Record, sent: asyncio.Future[MessageSendResult]) -> None:
        """Look at the links of a message that is being sent, once it is stored."""
        links = self._wanted(caller, record.text)
        if links:
            sent.add_done_callback(lambda done: self._stored(done, room, record, links))

    def _stored(self, done: asyncio.Future[MessageSendResult], room: str, record: Record, links: Sequence[str]) -> None:
        if not done.cancelled() and done.exception() is None and not done.result().duplicate:
            self._begin(room, done.result().seq, record.id, record.user, links, edited_at=0)

    def edited(self, caller: Caller, room: str, seq: int, text: str, *, at: int) -> None:
        """Look at the links of a message whose text was replaced at this time (ms)."""
        links = self._wanted(caller, text)
        if links:
            self._begin(room, seq, "", caller.user_id, links, edited_at=at)

    async def hide(self, caller: Caller, params: MessageHidePreviews) -> RevResult:
        user = caller.require_user()
        self._limits.take(caller, params.room)
        async with self._hub.feeds.open(params.room) as feed:
            await self._hub.require_here(feed, user)
        return RevResult(await self._store.hide(params.room, params.seq, user=user, admin=caller.admin, now=now_ms()))

    # --- looking -----------------------------------------------------------------------------------------------------

    def _wanted(self, caller: Caller, text: str) -> list[str]:
        """The links of a text that get a preview; without await."""
        if "://" not in text or not self._on() or self._newcomers.is_new(caller) or self.waiting >= MOST_WAITING:
            return []
        links = [link for link in rules.previewed(text) if not self._is_own(link)]
        return [] if links and self._looks.take(caller.user_id, steady_ms(), len(links)) else links

    def _is_own(self, link: str) -> bool:
        return bool(self._own) and link.lower().startswith((self._own + "/", self._own + "?"))

    def _begin(self, room: str, seq: int, id: str, user: str, links: Sequence[str], *, edited_at: int) -> None:
        self.waiting += 1
        self._hub.tasks.spawn(self._look(room, seq, id, user, links, edited_at))

    async def _look(self, room: str, seq: int, id: str, user: str, links: Sequence[str], edited_at: int) -> None:
        try:
            if not await self._may_preview(room, user):
                return
            found = await asyncio.gather(*map(self._pages.preview, links))
            previews = [preview for preview in found if preview is not None]
            if previews:
                await self._store.put(room, seq, id, previews, edited_at=edited_at, now=now_ms())
        finally:
            self.waiting -= 1

    async def _may_preview(self, room: str, user: str) -> bool:
        """Between two people only friends get previews: fetching a page tells its owner that somebody wrote of it."""
        async with self._hub.feeds.open(room) as feed:
            if feed.meta.kind != "direct":
                return True
        return (await self._ties.find(room, user)).relation == "friend"


class _Pages:
    """Previews by address: those of the last hour, and those that are being fetched."""

    def __init__(self, fetcher: Fetcher, hub: Hub) -> None:
        self._fetcher = fetcher
        self._hub = hub
        self._kept: OrderedDict[str, tuple[int, StoredPreview | None]] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[StoredPreview | None]] = {}

    async def preview(self, url: str) -> StoredPreview | None:
        until, preview = self._kept.get(url, (0, None))
        if until > steady_ms():
            return preview
        task = self._under_way.get(url)
        if task is None:
            task = self._under_way[url] = self._hub.tasks.start(self._fetch(url))
        return await asyncio.shield(task)

    async def _fetch(self, url: str) -> StoredPreview | None:
        try:
            preview = await self._read(url)
            self._kept.pop(url, None)
            self._kept[url] = (steady_ms() + (KEPT_MS if preview else FAILED_MS), preview)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return preview
        finally:
            del self._under_way[url]

    async def _read(self, url: str) -> StoredPreview | None:
        fetched = await self._fetcher.get(url, types=_PAGES, most=rules.LONGEST_HEAD)
        if fetched is None:
            return None
        reader = rules.HeadReader()
        for part in rules.slices(rules.decoded(fetched.body, fetched.charset)):
            reader.feed(part)
            await asyncio.sleep(0)  # a head may have half a megabyte
        words = reader.words(fetched.url)
        return StoredPreview(url, words.title, words.site, words.text) if words else None
