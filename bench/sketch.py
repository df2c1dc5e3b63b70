"""The prototype of chatserver, kept for comparison: the shortest path we know that does the work.

JSON-RPC in, group commit into one Valkey function, the record back as a push on the same RESP3 link, one write per
follower per tick, on a socket taken over from aiohttp. It has no accounts, history, catch-up, limits or checks, and a
slow reader misses what it could not take.

Usage: sketch.py PORT VALKEY_UNIX_SOCKET. Empties that Valkey.
"""

import asyncio
import collections
import os
import struct
import sys
import time

import hiredis
import msgpack
import msgspec
import uvloop
from aiohttp import web
from websockets.datastructures import Headers
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

LUA = """#!lua name=chat
redis.register_function('post', function(keys, args)
  -- keys: meta, log, members, dedupe; args: live, then (user, client_id, record)*
  local out, pub = {}, {}
  local seq = tonumber(redis.call('HGET', keys[1], 'seq') or '0')
  local top = seq
  for i = 2, #args, 3 do
    local user, client_id, record = args[i], args[i + 1], args[i + 2]
    local old = redis.call('HGET', keys[4], user .. ':' .. client_id)
    if not redis.call('HGET', keys[3], user) then out[#out + 1] = -1
    elseif old then out[#out + 1] = tonumber(old)
    else
      seq = seq + 1
      redis.call('XADD', keys[2], seq .. '-0', 'm', record)
      redis.call('HSETEX', keys[4], 'EX', 3600, 'FIELDS', 1, user .. ':' .. client_id, seq)
      out[#out + 1] = seq; pub[#pub + 1] = record
    end
  end
  if #pub > 0 then
    redis.call('HSET', keys[1], 'seq', seq)
    redis.call('SPUBLISH', args[1], cmsgpack.pack({top + 1, pub}))
  end
  return out
end)
"""


class Params(msgspec.Struct):
    room: str = ""
    text: str = ""
    client_id: str = ""


class Call(msgspec.Struct):
    method: str
    id: int | None = None
    params: Params = msgspec.field(default_factory=Params)


decode, encode = msgspec.json.Decoder(Call).decode, msgspec.json.Encoder().encode
pack, unpack = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode
feeds: dict = {}
spare_ids: list[str] = []
waiting_to_write: list = []


def new_id() -> str:
    """Random ids are drawn 512 at a time: one getrandom() each was 13 % of the server's time."""
    if not spare_ids:
        drawn = os.urandom(6144).hex()
        spare_ids.extend(drawn[i : i + 24] for i in range(0, len(drawn), 24))
    return spare_ids.pop()


def frame(payload: bytes) -> bytes:
    n = len(payload)
    if n < 126:
        return bytes((0x81, n)) + payload
    head = struct.pack("!BBH", 0x81, 126, n) if n < 65536 else struct.pack("!BBQ", 0x81, 127, n)
    return head + payload


class Link(asyncio.Protocol):
    """One RESP3 connection: a tick's commands in one write, replies in order, pushes to `heard`.

    redis-py's client and pub/sub reader in its place halve the stored messages/s and add 0.15 ms.
    """

    def __init__(self):
        self.reader, self.out = hiredis.Reader(), []
        self.replies, self.subscribed = collections.deque(), collections.deque()

    def connection_made(self, transport):
        self.transport = transport

    def call(self, *words):
        return self._queue(self.replies, words)

    def subscribe(self, channel):
        return self._queue(self.subscribed, ("SSUBSCRIBE", channel))

    def _queue(self, answers, words):
        if not self.out:
            loop.call_soon(self._flush)
        self.out.append(hiredis.pack_command(words))
        answers.append(answer := loop.create_future())
        return answer

    def _flush(self):
        self.transport.write(b"".join(self.out))
        self.out.clear()

    def data_received(self, data):
        self.reader.feed(data)
        while (reply := self.reader.gets()) is not False:
            if not isinstance(reply, hiredis.PushNotification):
                self.replies.popleft().set_result(reply)
            elif reply[0] == b"smessage":
                first, records = msgpack.unpackb(reply[2], raw=True)
                feeds[reply[1][3:].split(b"}")[0].decode()].hear(first, records)
            elif reply[0] == b"ssubscribe":
                self.subscribed.popleft().set_result(reply)


class Feed:
    """A room's followers in this process, and its sends on their way to the log."""

    def __init__(self, room):
        self.room, self.key = room, f"{{r:{room}}}"
        self.followers, self.heard, self.sends, self.committing = set(), [], [], False

    def send(self, connection, call):
        p = call.params
        record = pack((new_id(), connection.user, int(time.time() * 1000), p.text))
        self.sends.append((connection, call.id, connection.user, p.client_id, record))
        if not self.committing:
            self.committing = True
            asyncio.ensure_future(self.commit())  # noqa: RUF006  # held by the reply it waits for

    async def commit(self):
        k = self.key
        while self.sends:
            group, self.sends = self.sends[:512], self.sends[512:]
            words = [k + ":live"]
            for _, _, user, client_id, record in group:
                words += user, client_id, record
            answers = await link.call("FCALL", "post", 4, k, k + ":log", k + ":u", k + ":n", *words)
            for (connection, request, *_), seq in zip(group, answers, strict=True):
                connection.reply(request, {"seq": seq})
        self.committing = False

    def hear(self, first, records):
        if not self.heard:
            loop.call_soon(self.deliver)
        self.heard.extend(enumerate(records, first))

    def deliver(self):
        out = []
        for seq, record in self.heard:
            id_, user, at, text = unpack(record)
            author = {"id": user, "handle": user, "name": user}
            event = {"room": self.room, "seq": seq, "id": id_, "at": at, "author": author, "text": text}
            out.append(frame(encode({"jsonrpc": "2.0", "method": "message.posted", "params": event})))
        self.heard.clear()
        blob = b"".join(out)
        for c in self.followers:
            if c.out:  # a reply waits: both leave in one write
                c.out.append(blob)
            elif not c.behind:
                c.transport.write(blob)


class Connection(asyncio.Protocol):
    __slots__ = ("behind", "out", "protocol", "transport", "user")
    number = 0

    def __init__(self):
        Connection.number += 1
        self.user, self.protocol, self.out, self.behind = f"u{self.number}", ServerProtocol(max_size=1 << 16), [], False

    def pause_writing(self):
        self.behind = True

    def resume_writing(self):
        self.behind = False

    def connection_made(self, transport):
        self.transport = transport

    def open(self, request):
        self.protocol.receive_data(Request(request.path_qs, Headers(request.headers.items())).serialize())
        (handshake,) = self.protocol.events_received()
        self.protocol.send_response(self.protocol.accept(handshake))
        for data in self.protocol.data_to_send():
            self.transport.write(data)

    def reply(self, request, result):
        if not self.out:
            if not waiting_to_write:
                loop.call_soon(write_replies)
            waiting_to_write.append(self)
        self.out.append(frame(encode({"jsonrpc": "2.0", "id": request, "result": result})))

    def data_received(self, data):
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if event.opcode is Opcode.TEXT:
                call = decode(event.data)
                if call.method == "message.send":
                    feeds[call.params.room].send(self, call)
                elif call.method == "room.join":
                    asyncio.ensure_future(self.join(call))  # noqa: RUF006  # as above
                else:
                    self.reply(call.id, {})
        for data in self.protocol.data_to_send():
            self.transport.write(data) if data else self.transport.close()

    async def join(self, call):
        room = call.params.room
        if room not in feeds:
            feeds[room] = Feed(room)
            await link.subscribe(f"{{r:{room}}}:live")
        await link.call("HSET", f"{{r:{room}}}:u", self.user, "m")
        feeds[room].followers.add(self)
        self.reply(call.id, {})

    def connection_lost(self, exc):
        for feed in feeds.values():
            feed.followers.discard(self)


def write_replies():
    for c in waiting_to_write:
        if not c.transport.is_closing():
            c.transport.write(b"".join(c.out))
        c.out.clear()
    waiting_to_write.clear()


class Upgrade(web.Response):
    """Takes the transport away from aiohttp and ends its handler."""

    async def prepare(self, request):
        http, transport, connection = request.protocol, request.transport, Connection()
        transport.set_protocol(connection)
        http.transport = None
        http.connection_lost(None)
        connection.connection_made(transport)
        connection.open(request)
        raise ConnectionResetError


async def upgrade(_request):
    return Upgrade()


async def main(port, store):
    global loop, link  # noqa: PLW0603  # a sketch
    loop = asyncio.get_running_loop()
    _, link = await loop.create_unix_connection(Link, store)
    await link.call("HELLO", "3")
    await link.call("FLUSHALL")
    await link.call("FUNCTION", "LOAD", "REPLACE", LUA)
    app = web.Application()
    app.router.add_get("/ws", upgrade)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    await asyncio.Future()


uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
