"""One user of a chaotic run: sends, edits and deletes, loses the connection, comes back with cursors, keeps a copy."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from typing import Any

from tests.chaos.checker import Broken, Copy, Ledger
from tests.chaos.socket import Socket

UNAVAILABLE = -32050
_ids = itertools.count(1)
PAGE = 100


class Answered(Exception):
    """An error answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(str(error))
        self.code = error["code"]


class Reader:
    """``anywhere()`` gives the URL of a server that is up. Faults of the community raise ``Broken`` in ``failed``."""

    def __init__(self, handle: str, token: str, rooms: list[str], ledger: Ledger, anywhere: Callable[[], str]) -> None:
        self.handle = handle
        self.copies = {room: Copy(room, ledger) for room in rooms}
        self.resumed: list[float] = []
        self.failed: Broken | None = None
        self.stopping = False
        self.started = asyncio.Event()
        self.news = asyncio.Event()
        self.token = token
        self._ledger = ledger
        self._anywhere = anywhere
        self._socket: Socket | None = None
        self._asked = 0.0
        self._session: dict[str, Any] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._gone = asyncio.Event()
        self._sent = itertools.count(1)

    # --- the connection ----------------------------------------------------------------------------------------------

    async def live(self) -> None:
        """Connected, again and again, until ``stopping``."""
        since = time.monotonic()
        while not self.stopping:
            self._gone.clear()
            try:
                self._socket = await Socket.open(self._anywhere(), self.token, self._heard, self._lost)
                await self._start()
            except (OSError, ConnectionError, Answered):
                if self._socket is not None:
                    self._socket.cut()
                await asyncio.sleep(random.uniform(0.02, 0.2))
                continue
            self.resumed.append(time.monotonic() - since)
            self.started.set()
            await self._gone.wait()
            since = time.monotonic()

    async def _start(self) -> None:
        cursors = {room: copy.cursor for room, copy in self.copies.items() if copy.epoch}
        self._session, self._asked = None, time.monotonic()
        answer = await self._ask("session.start", cursors=cursors)
        for room in self.copies.keys() - {state["room"] for state in answer["rooms"]}:
            raise Broken(f"{self.handle} is no longer in {room}")

    def _begin(self, session: dict[str, Any]) -> None:
        """The response itself, before any event is taken in."""
        self._session = session
        for state in session["rooms"]:
            copy = self.copies.get(state["room"])
            if copy is not None and copy.epoch:
                copy.resume(state)
            elif copy is not None:
                copy.begin(state)
        self.news.set()

    def stop(self) -> None:
        self.stopping = True
        self.started.set()
        self.news.set()
        self.cut()

    def cut(self) -> None:
        if self._socket is not None:
            self._socket.cut()

    def _lost(self, code: int) -> None:
        self.started.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError(f"closed with {code}"))
        self._answers.clear()
        self._gone.set()

    # --- hearing -----------------------------------------------------------------------------------------------------

    def _heard(self, message: dict[str, Any]) -> None:
        if self.failed is not None:
            return
        try:
            if "method" in message:
                self._event(message["method"], message["params"])
            else:
                self._answer(message)
        except Broken as broken:
            self.failed = Broken(f"{self.handle}: {broken}")
            self.stop()

    def _answer(self, message: dict[str, Any]) -> None:
        result = message.get("result")
        if result is not None and "server" in result:
            self._begin(result)
        answer = self._answers.pop(message["id"], None)
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(Answered(message["error"]))
        else:
            answer.set_result(result)

    def _event(self, method: str, params: dict[str, Any]) -> None:
        if self._session is None:
            raise Broken(f"{method} came before the answer to session.start")
        copy = self.copies.get(params.get("room", ""))
        if copy is None:
            return
        if method == "message.posted":
            copy.posted(params, self._asked)
        elif method == "message.changed":
            copy.changed(params, self._asked)
        elif method == "room.reset":
            copy.reset(params)
            self.news.set()

    # --- asking ------------------------------------------------------------------------------------------------------

    async def _ask(self, method: str, **params: Any) -> Any:
        assert self._socket is not None
        number = next(_ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._socket.send({"id": number, "method": method, "params": params})
        async with asyncio.timeout(30):
            return await answer

    async def surely(self, method: str, **params: Any) -> Any:
        """Ask until something definite is answered, over whatever connections that takes."""
        while not self.stopping:
            await self.started.wait()
            try:
                return await self._ask(method, **params)
            except ConnectionError:
                continue
            except Answered as error:
                if error.code != UNAVAILABLE:
                    raise
        raise ConnectionError(f"{self.handle} stopped")

    async def say(self, room: str) -> str:
        """One message, sent again with the same client_id until it is acknowledged; gives the client_id."""
        client_id = f"{self.handle}-{next(self._sent)}"
        text = f"{client_id} {'x' * random.randint(10, 200)}"
        self._ledger.said(client_id, text)
        answer = await self.surely("message.send", room=room, text=text, client_id=client_id)
        self._ledger.acknowledge(client_id, room, answer)
        return client_id

    async def edit(self, client_id: str) -> None:
        answer = self._ledger.acknowledged[client_id]
        text = f"{client_id} edited {next(_ids)}"
        self._ledger.said(client_id, text)
        await self.surely("message.edit", room=answer["room"], seq=answer["seq"], text=text)

    async def delete(self, client_id: str) -> None:
        answer = self._ledger.acknowledged[client_id]
        try:
            await self.surely("message.delete", room=answer["room"], seq=answer["seq"])
        except Answered as error:
            if error.code != -32004:  # deleted by a try whose answer was lost
                raise
        self._ledger.delete(client_id)

    async def talk(self, messages: int, pause: float, chance: random.Random) -> None:
        """Send so many, with up to ``pause`` seconds between; every tenth is edited, every fifteenth deleted."""
        mine: list[str] = []
        for _ in range(messages):
            await asyncio.sleep(chance.uniform(0, pause))
            mine.append(await self.say(chance.choice(list(self.copies))))
            what = chance.random()
            if what < 0.1:
                await self.edit(chance.choice(mine))
            elif what < 0.17:
                await self.delete(mine.pop(chance.randrange(len(mine))))

    async def fill(self) -> None:
        """Read the pages that the copies miss."""
        for copy in self.copies.values():
            while copy.missing and not self.stopping:
                before, epoch, resets = copy.missing + 1, copy.epoch, copy.resets
                asked = time.monotonic()
                answer = await self.surely("message.history", room=copy.room, before=before, limit=PAGE)
                if (epoch, resets, before) == (copy.epoch, copy.resets, copy.missing + 1):
                    copy.page(answer, asked)

    async def keep_filled(self) -> None:
        while not self.stopping:
            await self.news.wait()
            self.news.clear()
            await self.fill()

    async def level(self, room: str, place: tuple[int, int]) -> None:
        """Until the copy is there and whole."""
        copy = self.copies[room]
        while (copy.place != place or copy.missing) and self.failed is None:
            await asyncio.sleep(0.02)
