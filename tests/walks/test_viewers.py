"""Every kind of viewer at every door of every kind of room: before, after a deletion, and after the daily task."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.ids import now_ms
from chatserver.store.backup.scrub import scrub
from chatserver.store.embedded.server import EmbeddedStore
from tests.conftest import OpenServer
from tests.doors import pictures
from tests.doors.sending import append, begin, fetch, upload
from tests.people import Person, Refused, gathering, post, sign_up
from tests.sites import Site, site
from tests.store.backup.test_scrub import rewritten
from tests.walks.doors import DOCUMENT, DOORS, IN_TOPICS, MEMBERS_ALONE, OF_THE_LINK, Said, say_something, shown
from tests.walks.test_friends import acquainted

PLACES = {
    # Open: whoever has an account, unless they are banned. Closed: members. A window: everybody.
    "open": {"owner", "moderator", "member", "gone", "left", "outsider", "bot", "bot member", "admin", "blocked",
             "blocker"},
    "closed": {"owner", "moderator", "member", "bot member", "blocked", "blocker"},
    "window": {"owner", "moderator", "member", "gone", "left", "banned", "outsider", "bot", "bot member", "admin",
               "blocked", "blocker", "visitor"},
}  # fmt: skip
MEMBERS = {"owner", "moderator", "member", "bot member", "blocked", "blocker"}


@pytest.fixture
async def pages() -> Any:
    async with site() as served:
        yield served


@pytest.fixture
async def community(open_server: OpenServer) -> Server:
    return await open_server(community__previews=True, server__reachable_networks=["127.0.0.1"])


async def found(server: Server, person: Person, said: Said) -> None:
    """Wait until the index has it."""
    async with asyncio.timeout(10):
        while not await DOORS["search"](server.url, person, said):
            await asyncio.sleep(0.02)


async def everybody(server: Server) -> dict[str, Person | None]:
    """One viewer of each kind; who is what in a room comes with ``settle``."""
    url = server.url
    names = ["owner", "moderator", "member", "gone", "left", "banned", "outsider", "admin", "blocked", "blocker"]
    people: dict[str, Person | None] = {name: await sign_up(url, f"one{name}") for name in names}
    await people["owner"].start()
    await server.services.accounts.store.set_status(people["admin"].id, "admin", on=True)
    for name in ("bot", "bot member"):
        made = await post(url, "bot.create", people["outsider"].token, handle=f"echo{len(name)}", name="Echo")
        people[name] = Person(url, made["token"], made["user"])
    await call(people["owner"], "block.add", user=people["blocked"].id)
    await call(people["blocker"], "block.add", user=people["owner"].id)
    people["visitor"] = None
    return people


async def call(person: Person, method: str, **params: Any) -> Any:
    return await post(person.url, method, person.token, **params)


async def settle(kind: str, people: dict[str, Person | None]) -> str:
    """A room with these people in their places."""
    owner = people["owner"]
    room: str = (
        await owner.call("room.create", title=f"Room {kind}", kind="closed" if kind == "closed" else "open", bots=True)
    )["room"]
    link = {"link": (await owner.call("room.link", room=room))["link"]} if kind == "closed" else {}
    for name in ("moderator", "member", "gone", "left", "banned", "blocked", "blocker"):
        await call(people[name], "room.join", room=room, **link)
    await owner.call("room.invite", room=room, user=people["bot member"].id)
    await owner.call("room.set_role", room=room, user=people["moderator"].id, role="moderator")
    await owner.call("room.remove", room=room, user=people["gone"].id)
    await call(people["left"], "room.leave", room=room)
    await owner.call("room.ban", room=room, user=people["banned"].id)
    if kind == "window":
        await call(people["admin"], "room.update", room=room, window=True)
    return room


@pytest.mark.parametrize("kind", PLACES)
async def test_each_door_shows_a_message_to_whoever_may_read_its_room_and_a_deleted_one_to_nobody(
    community: Server, pages: Site, kind: str
) -> None:
    people = await everybody(community)
    owner, url = people["owner"], community.url
    room = await settle(kind, people)
    unsent = (await upload(owner, DOCUMENT, room))["id"]
    waiting, files = Said(room, "", 0, 0, "", unsent, ""), {"file", "head"}
    assert await shown(url, waiting, people, files) == {door: {"owner"} for door in files}
    with pytest.raises(Refused):
        await upload(people["banned"], DOCUMENT, room)
    first = await say_something(owner, room, pages.url + "/a")
    await found(community, owner, first)
    wanted = {door: MEMBERS if door in MEMBERS_ALONE else PLACES[kind] for door in DOORS}
    assert await shown(url, first, people, set(DOORS)) == wanted
    await call(people["moderator"], "message.delete", room=room, seq=first.seq)
    nobody = {door: set[str]() for door in DOORS}
    # The topic stands, as the reply does.
    assert await shown(url, first, people, set(DOORS)) == nobody | {"topics": PLACES[kind]}
    await owner.call("topic.delete", room=room, topic=first.topic)
    assert await shown(url, first, people, set(DOORS)) == nobody
    await owner.leave()


async def test_between_two_a_message_is_seen_as_friendship_and_blocks_say(community: Server, pages: Site) -> None:
    server = community
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        with pytest.raises(Refused) as refused:
            await upload(ann, DOCUMENT, room)
        assert refused.value.reason == "not_friends"
        await bob.call("met.enter", code=(await ann.call("met.show"))["code"])
        await bob.call("met.confirm", user=ann.id)
        assert (await ann.call("met.confirm", user=bob.id))["rung"] == "friend"
        people: dict[str, Person | None] = {
            "ann": ann, "bob": bob, "out": await sign_up(server.url, "out"), "visitor": None,
        }  # fmt: skip
        await server.services.accounts.store.set_status(people["out"].id, "admin", on=True)
        doors = set(DOORS) - IN_TOPICS
        said = await say_something(ann, room, pages.url + "/a", topics=False)
        await found(server, ann, said)
        assert await shown(server.url, said, people, doors) == {door: {"ann", "bob"} for door in doors}
        await bob.call("block.add", user=ann.id)
        unseen = await say_something(ann, room, "", topics=False)  # no previews while one has blocked the other
        await found(server, ann, unseen)
        files = {"file", "picture", "large", "small", "head"}
        for each, through in ((said, doors), (unseen, doors - OF_THE_LINK)):
            seen = await shown(server.url, each, {"bob": bob, "out": people["out"]}, through)
            assert not set().union(*seen.values())
            own = files | (through & OF_THE_LINK)
            assert await shown(server.url, each, {"ann": ann}, own) == {door: {"ann"} for door in own}
        await bob.call("block.remove", user=ann.id)
        elsewhere = {"history", "search", "search everywhere", "pins"}
        late = await shown(server.url, unseen, people, doors - elsewhere - OF_THE_LINK)
        for door in ("file", "picture", "small", "head", "get", "quoted"):
            assert late[door] == {"ann"}, door
        (tombstone,) = (await bob.call("message.get", room=room, seqs=[unseen.seq]))["messages"]
        assert tombstone["deleted"]


# --- deleted means gone ----------------------------------------------------------------------------------------------


def holding(folders: list[Path], *words: bytes) -> list[str]:
    """The files below these folders that hold one of the words."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(word in path.read_bytes() for word in words)]


async def test_after_the_daily_task_no_file_on_disk_holds_what_was_deleted(
    community: Server, pages: Site, valkey: EmbeddedStore
) -> None:
    folders = [Path(community.settings.server.data), valkey.folder]
    async with gathering(community.url, "ann") as (ann,):
        # A word for each test's own, because the store's file is that of the whole run.
        mark = ann.id[-8:]
        title, text, name = f"title{mark}", f"text{mark}", f"name{mark}"
        body = f"body{mark}".encode() * 1000
        file = (await upload(ann, body, name=f"{name}.txt"))["id"]
        made = await ann.call("topic.create", room="hall", title=title, text=text, client_id="1", attachments=[file])
        topic = made["topic"]["id"]
        single = await ann.say("hall", f"alone{mark} {pages.url}/a?{mark}")
        # Each with a tiny picture of its own, which stands in the store, and bytes on the disk.
        linked = [await ann.say("hall", f"{pages.url}/shows?{what}") for what in ("plaid1", "plaid2", "plaid3")]
        seen = [(await ann.hears("message.changed", seq=each["seq"]))["previews"][0] for each in (single, *linked)]
        drawn = [preview["picture"]["preview"].encode() for preview in seen[1:]]
        leaves = [(await fetch(community.url, preview["picture"]["id"], ann))[2] for preview in seen[1:]]
        edited = await ann.say("hall", f"before{mark}")
        await ann.say("hall", f"kept{mark}")
        words = [word.encode() for word in (title, text, name, f"alone{mark}", f"before{mark}", f"a?{mark}")] + drawn
        async with asyncio.timeout(10):
            while not (await ann.call("message.search", query=f"kept{mark}"))["messages"]:
                await asyncio.sleep(0.02)
        for word in (*words[:2], words[3], *drawn, *leaves):
            assert holding(folders, word), word
        assert holding(folders, body)
        await ann.call("topic.update", room="hall", topic=topic, title=f"title{mark} again")
        await ann.call("topic.delete", room="hall", topic=topic)
        await ann.call("message.delete", room="hall", seq=single["seq"])
        await ann.call("message.edit", room="hall", seq=edited["seq"], text="after")
        await ann.call("message.delete", room="hall", seq=linked[0]["seq"])
        await ann.call("message.hide_previews", room="hall", seq=linked[1]["seq"])
        await ann.call("message.edit", room="hall", seq=linked[2]["seq"], text="no link")
        assert not holding(folders, body, *leaves)

        assert await scrub(community.store) == 1
        await rewritten(community.store)
        stores = community.stores
        async with asyncio.timeout(10):
            await stores.index.compare()
            while True:
                await stores.index.follow()
                await stores.index.purge(now_ms() + 1)
                if not (left := holding(folders, *words)):
                    break
                await asyncio.sleep(0.05)
        assert left == []
        assert holding(folders, f"kept{mark}".encode())


async def test_the_place_in_a_photo_is_in_no_byte_that_anybody_can_fetch_or_find_on_disk(
    server: Server, valkey: EmbeddedStore
) -> None:
    # 51° 30′ 2.5″ as EXIF writes it, in both orders of bytes.
    place = [struct.pack(order + "6I", 51, 1, 30, 1, 5, 2) for order in "<>"]
    photo = pictures.photo()
    assert any(each in photo for each in place)
    secrets = (*place, pictures.HIDDEN)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        path = await begin(ann, size=len(photo), name="IMG_1.jpg", type="image/jpeg")
        half = len(photo) // 2
        await append(ann, path, photo[:half])
        _, _, told = await append(ann, path, photo[half:], offset=half)
        await ann.say("hall", "", attachments=[told["file"]["id"]])
        for size in ("", "large", "small"):
            status, headers, body = await fetch(server.url, told["file"]["id"], bob, size)
            assert status == 200
            assert not any(secret in body or secret in str(headers).encode() for secret in secrets)
            assert b"Exif" not in body and b"exif" not in body
        page = str(await bob.call("message.history", room="hall"))
        assert pictures.MAKER not in page
    folders = [Path(server.settings.server.data), valkey.folder / "appendonlydir"]
    assert holding(folders, *secrets) == []
