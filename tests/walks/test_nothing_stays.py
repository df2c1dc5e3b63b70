"""What never ends: each kind of key, filled, and looked at again after it should be gone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import pytest

from chatserver import ids
from chatserver.app import Server
from chatserver.live.tail import Place
from chatserver.services.rooms.discovery import GLANCES_AT_ONCE
from chatserver.store.backup.scrub import scrub
from chatserver.store.rooms.reading import Glance
from tests.conftest import OpenServer
from tests.people import PASSWORD, Person, Refused, gathering, post, sign_up

DAY_MS: Final = 86_400_000
# Whoever adds a kind of key says here what ends it.
ENDS: Final = {
    "r": {
        "": "a room stays", ":log": "its messages stay", ":changes": "the latest 10,000, and seven days",
        ":now": "as its messages",
        ":reacted": "the message", ":reactions:SEQ": "the message", ":pins": "100; the message",
        ":members": "leaving", ":ranks": "leaving", ":handles": "leaving",
        ":mentions": "leaving; 1,000 of each member", ":last": "leaving, when others write", ":sent": "an hour",
        ":sent_at": "an hour", ":done": "a day", ":steps": "a day", ":bans": "other bans, once over",
        ":invited": "30 days; the latest 1,000", ":here": "silence of the process",
        ":tie": "stays with the conversation", ":scrub": "the daily task",
        ":files": "the message, or a day unused", ":files:gone": "once noted to be erased",
    },
    "u": {
        "": "a closed account keeps its id", ":rooms": "a day after leaving, or closing", ":gone": "as :rooms",
        ":logins": "100 of each user, and closing", ":known": "the latest 32, and closing",
        ":inbox": "its length, and closing", ":quiet": "as :inbox", ":calls": "reading, and closing",
        ":done": "a day", ":pokes": "their time, and closing",
        ":ties": "closing", ":blocks": "closing", ":blocked_by": "closing", ":card": "closing",
        ":answered": "the latest 1,000, and closing", ":later": "their day, and closing",
        ":invitations": "a hundred, and closing", ":invitations_open": "their time, and closing",
        ":bots": "closing each", ":made": "an hour", ":made_at": "an hour",
        ":quota": "deleting each file, and closing", ":files": "replacing, a day unused, and closing",
        ":files:gone": "once noted to be erased",
    },
    "f": {"": "the message, or a day unused"},
    "files": {":begun": "a day", ":erase": "once erased", ":scrub": "a day"},
    "h": {"": "closing"},
    "i": {"": "its time"},
    "a": {"": "its time"},
    "m": {"": "its time"},
    "do": {"": "carried out"},
    "rooms": {
        "": "rooms stay", ":changes": "the latest 1,000", ":windows": "no window any more",
    },
    "users": {
        ":all": "closing", ":changes": "the latest 10,000",
    },
    "community": {
        "": "one", ":says": "one", ":admins": "closing", ":log": "the latest 10,000", ":done": "a day",
        ":scrub": "a day", ":question_rooms": "the room's setting",
        ":question_now": "the room's setting", ":questions": "a week", ":host": "its lease",
        ":files": "replacing, or a day unused", ":files:gone": "once noted to be erased",
    },
    "format": {"": "one"},
    "libraries": {"": "the next release"},
    "dirty": {"": "a day, with the next change"},
}  # fmt: skip
GONE: Final = -2  # what PTTL says of a key that has expired since
DAILY: Final = (":done", ":steps", ":sent", ":sent_at", ":made", ":made_at")


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    ids.move_clock(0)
    yield
    ids.move_clock(0)


async def keys_of(server: Server, pattern: str = "*") -> set[str]:
    return {key.decode() async for key in server.store.redis.scan_iter(pattern, count=1000)}


async def everything(server: Server, pattern: str = "*") -> bytes:
    """All values under these keys, as bytes."""
    found: list[bytes] = []
    for key in await keys_of(server, pattern):
        kind = (await server.store.redis.type(key)).decode()
        read: dict[str, tuple[Any, ...]] = {
            "hash": ("HGETALL", key), "stream": ("XRANGE", key, "-", "+"), "zset": ("ZRANGE", key, 0, -1),
            "set": ("SMEMBERS", key), "string": ("GET", key), "none": ("EXISTS", key),
        }  # fmt: skip
        found.append(repr(await server.store.redis.execute_command(*read[kind])).encode())
    return b"\n".join(found)


async def do(person: Person, method: str, **params: Any) -> Any:
    return await post(person.url, method, person.token, **params)


async def invited(by: Person, handle: str) -> Person:
    """Somebody who came by a personal invitation, so the two are acquainted."""
    code = (await do(by, "invitation.create"))["code"]
    params = {"handle": handle, "name": handle.title(), "password": PASSWORD, "want": "token", "invite": code}
    body = await post(by.url, "account.create", **params)
    return Person(by.url, body["token"], body["user"])


async def left(server: Server, person: Person) -> set[str]:
    return await keys_of(server, f"{{u:{person.id}}}*")


# --- the whole -------------------------------------------------------------------------------------------------------


async def busy(server: Server) -> AsyncIterator[Person]:
    """People who did a bit of everything."""
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    ada = await invited(mei, "ada")
    room = (await do(mei, "room.create", title="Books", client_id="1"))["room"]
    await do(tom, "room.join", room=room)
    for person in (mei, tom):
        await do(person, "message.send", room="hall", text="@mei hello @tom", client_id="1")
    await do(tom, "message.edit", room="hall", seq=2, text="hello")
    await do(tom, "message.react", room="hall", seq=1, emoji="❤️")
    await do(mei, "message.react", room="hall", seq=1, emoji="👍")
    said = await do(mei, "message.send", room=room, text="pinned", client_id="1")
    await do(mei, "message.pin", room=room, seq=said["seq"], pinned=True)
    await do(tom, "poke.send", room="hall", to=mei.id, gesture="hi")
    await do(mei, "tie.note", user=ada.id, note="a private word")
    await do(mei, "card.update", mail="mei@example.org")
    await do(mei, "block.add", user=tom.id)
    await do(mei, "invitation.create")
    await do(mei, "room.ban", room=room, user=tom.id, until=ids.now_ms() + 3_600_000)
    for person in (mei, tom, ada):
        yield person


async def test_each_kind_of_key_has_an_end(server: Server) -> None:
    [person async for person in busy(server)]
    for key in await keys_of(server):
        tag, suffix = re.fullmatch(r"\{(\w+)(?::[^}]*)?\}(.*)", key).groups()  # type: ignore[union-attr]
        suffix = re.sub(r"^(:reactions:)\d+(:.*)?$", r"\1SEQ", suffix)
        assert suffix in ENDS.get(tag, {}), f"{key}: say in ENDS what empties it, and test it here"
        if suffix in DAILY and await server.store.redis.type(key) != b"hash":
            left_ms = await server.store.redis.pttl(key)
            assert left_ms == GONE or 0 <= left_ms <= DAY_MS, key


# --- an account ------------------------------------------------------------------------------------------------------


async def test_closing_an_account_takes_all_that_was_its_own_with_it(server: Server) -> None:
    mei, tom, ada = [person async for person in busy(server)]
    open_code = (await do(mei, "invitation.create"))["code"]
    bea = await sign_up(server.url, "bea")
    await do(bea, "message.send", room="hall", text="hello", client_id="1")
    await do(mei, "poke.send", room="hall", to=bea.id, gesture="hi")
    assert [one["user"]["handle"] for one in (await do(bea, "poke.list"))["received"]] == ["mei"]
    await do(mei, "account.close", password=PASSWORD)
    assert await left(server, mei) == {f"{{u:{mei.id}}}"}
    kept = set(await server.store.redis.hkeys(f"{{u:{mei.id}}}"))
    assert kept <= {b"handle", b"name", b"closed", b"closed_at", b"created_at", b"auth", b"v", b"bot", b"hall_at"}, kept
    assert b"private word" not in await everything(server) and b"mei@example.org" not in await everything(server)
    assert not (await do(bea, "poke.list"))["received"]
    assert not any(item["kind"] == "poke" for item in (await do(bea, "inbox.list"))["items"])
    assert [one["state"] for one in (await do(tom, "poke.list"))["sent"]] == ["sent"]  # as after any other quiet no
    with pytest.raises(Refused) as refused:
        await post(server.url, "account.create", handle="eve", name="Eve", password=PASSWORD, invite=open_code)
    assert refused.value.reason == "no_invite"
    await do(ada, "tie.note", user=mei.id, note="one of my own")  # whoever stays goes on, and brings nothing back
    assert await left(server, mei) == {f"{{u:{mei.id}}}"}


# --- a room ----------------------------------------------------------------------------------------------------------


async def test_a_ban_that_is_over_goes_when_others_are_made(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    room = (await do(mei, "room.create", title="Books"))["room"]
    ban = server.services.membership._rooms.remove

    async def ban_some(name: str, until: int) -> None:
        for number in range(40):
            await ban(room, f"{name}{number}", actor=mei.id, admin=False, now=ids.now_ms(), ban_until=until)

    await ban_some("over", ids.now_ms() + 1)
    ids.move_clock(1000)
    await ban_some("new", 0)
    held = await server.store.redis.hgetall(f"{{r:{room}}}:bans")
    assert len(held) < 50
    assert sum(name.startswith(b"new") for name in held) == 40


async def test_an_invitation_into_a_closed_room_is_good_for_30_days(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    room = (await do(mei, "room.create", title="Books", kind="closed"))["room"]
    store, now = server.services.membership._rooms, ids.now_ms()
    for number in range(3):
        await store.invite(room, f"user{number}", actor=mei.id, now=now - 31 * DAY_MS)
    tom = await sign_up(server.url, "tom")
    await store.invite(room, tom.id, actor=mei.id, now=now - 31 * DAY_MS)
    with pytest.raises(Refused):
        await do(tom, "room.join", room=room)
    await store.invite(room, tom.id, actor=mei.id, now=now)
    assert await server.store.redis.zcard(f"{{r:{room}}}:invited") == 1
    await do(tom, "room.join", room=room)
    assert await server.store.redis.zcard(f"{{r:{room}}}:invited") == 0


async def test_who_leaves_leaves_no_mentions_no_time_and_after_a_day_no_pointer(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    rooms = [(await do(mei, "room.create", title=f"Books {number}"))["room"] for number in range(3)]
    for room in rooms:
        await do(tom, "room.join", room=room)
        await do(mei, "message.send", room=room, text="@tom hello", client_id=room)
        await do(tom, "message.send", room=room, text="hello", client_id=room)
        await do(tom, "room.leave", room=room)
        assert not await server.store.redis.exists(f"{{r:{room}}}:mentions")
    pointers, gone = f"{{u:{tom.id}}}:rooms", f"{{u:{tom.id}}}:gone"
    assert await server.store.redis.zcard(gone) == 3
    await server.store.redis.zadd(gone, dict.fromkeys(rooms[:2], 1))  # the store's own clock says when
    await do(tom, "room.join", room=rooms[2])
    await do(tom, "room.leave", room=rooms[2])
    assert set(await server.store.redis.hkeys(pointers)) == {b"hall", rooms[2].encode()}
    assert await server.store.redis.zcard(gone) == 1


async def test_when_somebody_wrote_last_is_forgotten_after_they_left(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    room = (await do(mei, "room.create", title="Books"))["room"]
    key, now = f"{{r:{room}}}:last", ids.now_ms()
    await server.store.redis.zadd(key, {f"gone{number}": now - 2 * DAY_MS for number in range(30)})
    await server.store.redis.zadd(key, {f"lately{number}": now for number in range(3)})
    for number in range(20):
        other = await sign_up(server.url, f"user{number}")
        await do(other, "room.join", room=room)
        await do(other, "message.send", room=room, text="hello", client_id="1")
    held = await server.store.redis.zrange(key, 0, -1)
    assert sum(name.startswith(b"gone") for name in held) < 10
    assert sum(name.startswith(b"lately") for name in held) == 3


async def test_the_text_before_an_edit_goes_with_the_daily_task(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    said = await do(mei, "message.send", room="hall", text="my secret address", client_id="1")
    await do(mei, "message.send", room="hall", text="something else", client_id="2")
    await do(mei, "message.edit", room="hall", seq=said["seq"], text="nothing")
    assert b"secret address" in await everything(server, "{r:*")
    assert await scrub(server.store) == 1
    assert b"secret address" not in await everything(server, "{r:*")
    page = (await do(mei, "message.history", room="hall"))["messages"]
    assert [message["text"] for message in page] == ["nothing", "something else"]
    assert (await do(mei, "message.send", room="hall", text="my secret address", client_id="1"))["duplicate"]
    assert await scrub(server.store) == 0


# --- memory ----------------------------------------------------------------------------------------------------------


async def test_numbers_of_rooms_that_are_listed_no_more_are_forgotten(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    discovery = server.services.discovery
    discovery._glances |= {f"room{number}": (0, Glance(0, 0, 0, 0)) for number in range(2 * GLANCES_AT_ONCE)}
    await do(mei, "room.discover")
    assert "hall" in discovery._glances and len(discovery._glances) <= GLANCES_AT_ONCE


# --- changes ---------------------------------------------------------------------------------------------------------


async def edited(person: Person, times: int) -> dict[str, Any]:
    """A message that was edited so often; gives what names the place before the edits."""
    said = await person.say("hall", "hello")
    for number in range(times):
        await person.call("message.edit", room="hall", seq=said["seq"], text=f"hello {number}")
    return {"epoch": said["epoch"], "seq": said["seq"], "id": said["id"], "rev": 0}


async def test_a_reader_whose_changes_are_kept_no_longer_starts_over(open_server: OpenServer) -> None:
    one = await open_server()
    async with gathering(one.url, "ann") as (ann,):
        cursor = await edited(ann, 5)
        await one.store.redis.xtrim("{r:hall}:changes", maxlen=2, approximate=False)
        two = await open_server()  # whose feed has heard of none of them
        late = Person(two.url, ann.token, ann.user)
        await late.start({"hall": cursor})
        await late.hears("room.reset", room="hall", rev=5)
        assert not late.heard("message.changed")
        await late.leave()
        nearly = await Person(two.url, ann.token, ann.user).start({"hall": {**cursor, "rev": 3}})
        await nearly.hears("message.changed", rev=5)
        assert [event["rev"] for event in nearly.heard("message.changed")] == [4, 5]
        assert not nearly.heard("room.reset")
        await nearly.leave()


async def test_a_room_that_missed_more_changes_than_are_kept_starts_over(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        await edited(ann, 5)
        await ann.hears("message.changed", rev=5)
        feed = server.hub.feeds.get("hall")
        assert feed is not None
        feed.place = feed.delivered = Place(feed.place.seq, 1)
        await server.store.redis.xtrim("{r:hall}:changes", maxlen=2, approximate=False)
        feed.repairs.repair()
        await ann.hears("room.reset", room="hall", rev=5)
        assert feed.place.rev == 5
