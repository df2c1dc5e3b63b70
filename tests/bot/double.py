"""A server that records what a bot says and misbehaves on request. It knows the wire by ``msgpack`` alone.

One room, ``hall``, with a log in memory. ``faults`` are taken one per request of ``message.send``:
``"lose answer"`` stores and then cuts the socket, ``"drop"`` cuts it unstored, ``"unavailable"``, ``"rate_limited"``
and ``"not_allowed"`` refuse, ``"twice"`` answers two times.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

import msgpack
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

ME = {"id": "bot1", "handle": "dice", "name": "Dice", "bot": True}
ANN = {"id": "ann1", "handle": "ann", "name": "Ann", "bot": False}
OTHER_BOT = {"id": "bot2", "handle": "echo", "name": "Echo", "bot": True}
CODES = {"unavailable": -32050, "rate_limited": -32029, "not_allowed": -32002, "client_id_used": -32005}
LIMITS = {"text_characters": 4000, "text_bytes": 16384, "frame_bytes": 65536, "history_page": 100,
          "requests_in_flight": 32, "file_bytes": 25_000_000, "message_files": 10}  # fmt: skip


class Double:
    def __init__(self, *, replay=300):
        self.log = []
        self.epoch = "e1"
        self.rev = 0
        self.first_seq = 1
        self.replay = replay
        self.requests = []
        self.cursors = []
        self.faults = deque()
        self.start_refusals = deque()
        self.sockets = set()
        self.sent = {}
        self.topics = {}
        self.topics_version = 0
        self.url = ""

    # --- its life

    @contextlib.asynccontextmanager
    async def running(self):
        async with serve(self._converse, "127.0.0.1", 0, subprotocols=["chat.v1.msgpack"], compression=None) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def _converse(self, socket):
        try:
            async for data in socket:
                await self._answer(socket, msgpack.unpackb(data))
        except ConnectionClosed:
            pass
        finally:
            self.sockets.discard(socket)

    async def drop(self, code=None):
        """Cut every socket, rudely or with a close code."""
        for socket in list(self.sockets):
            await socket.close(code, "") if code else socket.transport.abort()

    # --- what people do

    def message(self, seq, author, text, **more):
        return {"room": "hall", "seq": seq, "id": f"{self.epoch}-m{seq}", "at": 1000 + seq, "author": author,
                "text": text, **more}  # fmt: skip

    async def post(self, text, author=ANN, **more):
        """Someone says something; everyone connected hears it."""
        message = self.message(len(self.log) + 1, author, text, **more)
        self.log.append(message)
        await self.tell("message.posted", message)
        return message

    async def tell(self, name, params):
        data = msgpack.packb({"jsonrpc": "2.0", "method": name, "params": params})
        for socket in list(self.sockets):
            with contextlib.suppress(ConnectionClosed):
                await socket.send(data)

    def state(self):
        last = self.log[-1] if self.log else {"seq": 0, "id": ""}
        return {"room": "hall", "kind": "open", "title": "Hall", "about": "", "tags": [], "role": "member",
                "notify": "all", "epoch": self.epoch, "first_seq": self.first_seq, "last_seq": last["seq"],
                "last_id": last["id"], "rev": self.rev, "read_seq": 0, "unread": 0, "mentions": 0, "members": 2,
                "online": 2, "topics_version": self.topics_version}  # fmt: skip

    def texts(self, author=ME):
        return [message["text"] for message in self.log if message["author"] == author]

    # --- what the bot asks

    async def _answer(self, socket, request):
        self.requests.append((request["method"], request.get("params", {})))
        method = getattr(self, "_" + request["method"].replace(".", "_"))
        await method(socket, request["id"], request.get("params", {}))

    async def _result(self, socket, id, result):
        await socket.send(msgpack.packb({"jsonrpc": "2.0", "id": id, "result": result}))

    async def _refuse(self, socket, id, name, **data):
        error = {"code": CODES[name], "message": f"No: {name}", "data": {"reason": name, **data}}
        await socket.send(msgpack.packb({"jsonrpc": "2.0", "id": id, "error": error}))

    async def _session_start(self, socket, id, params):
        cursors = params.get("cursors", {})
        self.cursors.append(cursors)
        if self.start_refusals:
            await self._refuse(socket, id, self.start_refusals.popleft(), retry_after=0.01)
            return
        server = {"version": "0", "ping_s": 25, "limits": LIMITS, "durability": "primary"}
        inbox = {"seq": 0, "unread": 0}
        last = len(self.log)
        await self._result(socket, id, {"rooms": [self.state()], "inbox": inbox, "server": server, "user": ME})
        await self._go_on(socket, cursors.get("hall"), last)

    async def _go_on(self, socket, cursor, last):
        seq = cursor["seq"] if cursor else last
        if cursor and (cursor["epoch"] != self.epoch or last - seq > self.replay):
            state, seq = self.state(), last
            place = {name: state[name] for name in ("room", "epoch", "last_seq", "last_id", "rev")}
            reset = place | {"topics_version": self.topics_version}
            await socket.send(msgpack.packb({"jsonrpc": "2.0", "method": "room.reset", "params": reset}))
        while seq < len(self.log):
            message = {"jsonrpc": "2.0", "method": "message.posted", "params": self.log[seq]}
            seq += 1
            await socket.send(msgpack.packb(message))
        self.sockets.add(socket)

    async def _message_history(self, socket, id, params):
        after, limit = params["after"], params.get("limit", 50)
        line = [m for m in self.log if params.get("topic") in {None, m.get("topic", "")}]
        messages = [m for m in line if m["seq"] > after and m["seq"] >= self.first_seq][:limit]
        more = bool(messages) and messages[-1]["seq"] < line[-1]["seq"]
        page = {"messages": messages, "epoch": self.epoch, "first_seq": self.first_seq, "last_seq": len(self.log),
                "rev": self.rev, "more": more}  # fmt: skip
        await self._result(socket, id, page)

    async def _room_create(self, socket, id, params):
        socket.transport.abort()

    async def _topic_create(self, socket, id, params):
        """The first message makes the topic, and a repeat is answered as the first was."""
        key = params["client_id"]
        duplicate = key in self.sent
        if not duplicate:
            topic = f"{self.epoch}-m{len(self.log) + 1}"
            self.sent[key] = self.message(len(self.log) + 1, ME, params["text"], client_id=key, topic=topic)
            self.log.append(self.sent[key])
            self.topics[topic] = {"id": topic, "room": "hall", "title": params["title"], "messages": 1}
            self.topics_version += 1
        stored = self.sent[key]
        if self.faults:
            self.faults.popleft()
            socket.transport.abort()
            return
        topic = self.topics[stored["topic"]]
        await self._result(socket, id, {"topic": topic, "message": self._sent(stored, duplicate)})
        if not duplicate:
            changed = {"room": "hall", "topics_version": self.topics_version, "topic": topic}
            await self.tell("message.posted", stored)
            await self.tell("topic.changed", changed)

    async def _session_ping(self, socket, id, params):
        await self._result(socket, id, {"at": 5})

    async def _message_send(self, socket, id, params):
        fault = self.faults.popleft() if self.faults else ""
        if fault in CODES:
            await self._refuse(socket, id, fault, retry_after=0.02)
        elif fault == "drop":
            socket.transport.abort()
        else:
            await self._store(socket, id, params, fault)

    async def _store(self, socket, id, params, fault):
        key = params["client_id"]
        duplicate = key in self.sent
        if not duplicate:
            more = {"client_id": key, "reply_to": params.get("reply_to", 0), "topic": params.get("topic", "")}
            self.sent[key] = self.message(len(self.log) + 1, ME, params["text"], **more)
            self.log.append(self.sent[key])
        stored = self.sent[key]
        if (stored["text"], stored["topic"]) != (params["text"], params.get("topic", "")):
            await self._refuse(socket, id, "client_id_used")
            return
        if fault == "lose answer":
            socket.transport.abort()
            return
        result = self._sent(stored, duplicate)
        for _ in range(2 if fault == "twice" else 1):
            await self._result(socket, id, result)
        if not duplicate:
            await self.tell("message.posted", stored)

    def _sent(self, stored, duplicate):
        return {"epoch": self.epoch, "seq": stored["seq"], "id": stored["id"], "at": stored["at"],
                "durability": "primary", "duplicate": duplicate}  # fmt: skip


async def until(condition, seconds=5.0):
    """Wait until the condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
