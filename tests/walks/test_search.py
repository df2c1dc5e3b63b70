"""Finding messages: what is found by which words, and that nobody finds what they may not read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import PATIENCE, Person, Refused, gathering, post, sign_up
from tests.walks.test_friends import acquainted


async def search(person: Person, query: str = "", **more: Any) -> Any:
    return await post(person.url, "message.search", person.token, query=query, **more)


async def texts(person: Person, query: str = "", **more: Any) -> list[str]:
    """What this person finds, newest first."""
    return [message["text"] for message in (await search(person, query, **more))["messages"]]


async def finds(person: Person, query: str, *wanted: str, **more: Any) -> None:
    """Wait until this person finds exactly these texts."""
    found: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while (found := await texts(person, query, **more)) != list(wanted):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{query!r} finds {found}, not {list(wanted)}") from None


@pytest.fixture
def index_settings(either_engine: dict[str, Any]) -> dict[str, Any]:
    return either_engine


@pytest.fixture
async def ann(server: Server) -> AsyncIterator[Person]:
    async with gathering(server.url, "ann") as (ann,):
        yield ann


async def test_words_are_found_in_any_writing_and_chinese_by_any_part(ann: Person) -> None:
    said = [
        "我在重慶",
        "上海东站见",
        "I love C++",
        "C# is sharp",
        "Tea at dusk",
        "ｔｅａｓ 😀 today",
        "用Python3.11寫的",
    ]
    for text in said:
        await ann.say("hall", text)
    last = said[-1]
    for query, found in (
        ("python", [last]), ("重庆", [said[0]]), ("重慶", [said[0]]), ("海东", [said[1]]), ("站", [said[1]]),
        ("慶", [said[0]]), ("我在", [said[0]]), ("京东", []), ("tea", [said[5], said[4]]), ("dusk TEA", [said[4]]),
        ("tea dusk", [said[4]]), ("te dusk", []), ("eas", []), ('"C++"', [said[2]]), ("“c++”", [said[2]]),
        ("C", [said[3], said[2]]), ('"at du"', [said[4]]), ('"tea dusk"', []), ("😀", [said[5]]), ("++", [said[2]]),
        ("用python", [last]), ("写的", [last]), ("11", [last]), ('"', None), ("x:tea OR *", []), ("(NEAR", []),
        ("重庆 " * 150, [said[0]]), ("x" * 1000, []), ("上" * 1000, []),
    ):  # fmt: skip
        if found is None:
            with pytest.raises(Refused) as refused:
                await search(ann, query)
            assert refused.value.data["path"] == "query"
        else:
            await finds(ann, query, *found)
    with pytest.raises(Refused) as refused:
        await search(ann, "tea" * 4000)
    assert refused.value.code == -32602


async def test_what_was_deleted_or_edited_away_is_found_no_more_from_that_moment_on(ann: Person) -> None:
    kept, gone, changed = [await ann.say("hall", f"oolong {name}") for name in ("kept", "gone", "changed")]
    await finds(ann, "oolong", "oolong changed", "oolong gone", "oolong kept")
    await ann.call("message.delete", room="hall", seq=gone["seq"])
    assert await texts(ann, "oolong") == ["oolong changed", "oolong kept"]
    await ann.call("message.edit", room="hall", seq=changed["seq"], text="sencha instead")
    assert await texts(ann, "oolong") == ["oolong kept"]
    await finds(ann, "sencha", "sencha instead")
    await ann.call("message.react", room="hall", seq=kept["seq"], emoji="❤️")
    (message,) = (await search(ann, "oolong"))["messages"]
    assert (message["seq"], message["mine"]) == (kept["seq"], ["❤️"])


async def test_a_search_can_be_narrowed_and_goes_on_page_by_page(ann: Person) -> None:
    async with gathering(ann.url, "bob") as (bob,):
        room = (await ann.call("room.create", title="Tea", kind="open", client_id="r1"))["room"]
        await bob.call("room.join", room=room)
        times = [(await ann.say(place, f"tea {number}"))["at"] for number, place in enumerate(["hall", room] * 5)]
        await bob.say(room, "tea of Bob, see https://example.org")
        every = [f"tea {number}" for number in reversed(range(10))]
        await finds(ann, "Bob", "tea of Bob, see https://example.org")
        assert await texts(ann, "tea", room="hall") == every[1::2]
        assert await texts(ann, "tea", author=bob.id) == await texts(ann, has="link")
        assert await texts(ann, author=ann.id, room=room, limit=2) == every[::2][:2]
        within = {f"tea {number}" for number, at in enumerate(times) if times[3] <= at <= times[5]}
        assert set(await texts(ann, "tea", since=times[3], until=times[5] + 1, author=ann.id)) == within
        found, after, pages = [], "", 0
        while pages == 0 or after:
            page = await search(ann, "tea", limit=3, after=after)
            found += page["messages"]
            after, pages = page.get("next", ""), pages + 1
        assert {message["text"] for message in found} == {"tea of Bob, see https://example.org", *every}
        assert [message["at"] for message in found] == sorted((message["at"] for message in found), reverse=True)
        assert len(found) == 11 and 4 <= pages <= 5
        for wrong in ("x", "1", "1.x", "9" * 40 + ".1"):
            with pytest.raises(Refused):
                await search(ann, "tea", after=wrong)


async def outcome(person: Person, **params: Any) -> list[str] | str:
    """The texts found, or the reason of the refusal."""
    try:
        return await texts(person, "oolong", **params)
    except Refused as refusal:
        return refusal.reason or str(refusal.code)


async def test_nobody_finds_what_they_may_not_read(open_server: OpenServer) -> None:
    server = await open_server()
    names = ("zoe", "ann", "bob", "cat", "dan", "eve", "fay")  # the first is the hall's owner
    async with gathering(server.url, *names) as (_, ann, bob, cat, dan, eve, fay):
        visitor = await Person(server.url).start()
        rooms = {
            kind: (await ann.call("room.create", title=kind, kind=kind, client_id=kind))["room"]
            for kind in ("open", "closed")
        }
        for person in (bob, cat, dan):  # bob stays, cat is removed, dan is banned
            await person.call("room.join", room=rooms["open"])
            link = await ann.call("room.link", room=rooms["closed"])
            await person.call("room.join", room=rooms["closed"], link=link["link"])
        for kind, room in rooms.items():
            await bob.say(room, f"oolong {kind}")
            await ann.call("room.remove", room=room, user=cat.id)
            await ann.call("room.ban", room=room, user=dan.id)
        await finds(ann, "oolong", "oolong closed", "oolong open")
        await finds(bob, "oolong", "oolong closed", "oolong open")
        for outsider in (cat, dan, eve):
            assert await outcome(outsider) == []
            assert await outcome(outsider, room=rooms["closed"]) == await outcome(outsider, room="nowhere")
            assert await outcome(outsider, author=bob.id) == await outcome(outsider, author=bob.id, room="hall") == []
        assert await outcome(cat, room=rooms["open"]) == await outcome(eve, room=rooms["open"]) == ["oolong open"]
        assert await outcome(eve, room=rooms["open"], author=bob.id) == []
        assert await outcome(dan, room=rooms["open"]) == "banned"
        assert await outcome(visitor) == await outcome(visitor, room=rooms["open"]) == "not_signed_in"
        await visitor.leave()
        await fay.say("hall", "oolong here, too")
        await finds(eve, "oolong", "oolong here, too")
        await nobody_is_listed_who_is_not_listable(ann, bob, eve, fay, rooms["open"])


async def nobody_is_listed_who_is_not_listable(
    owner: Person, member: Person, outsider: Person, author: Person, room: str
) -> None:
    await author.call("room.join", room=room)
    await author.say(room, "oolong of mine")
    await finds(member, "oolong", "oolong of mine", "oolong here, too", author=author.id)
    assert await outcome(outsider, author=author.id) == ["oolong here, too"]
    await author.call("profile.update", listable=False)
    assert await outcome(member, author=author.id) == await outcome(outsider, author=author.id) == []
    assert await outcome(owner, author=author.id) == ["oolong of mine"]
    assert await outcome(author, author=author.id) == ["oolong of mine", "oolong here, too"]
    assert "oolong of mine" in await outcome(member)


async def test_between_two_a_blocked_persons_words_are_found_by_themself_alone(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        await ann.say(room, "oolong before")
        await finds(bob, "oolong", "oolong before")
        await bob.call("block.add", user=ann.id)
        await ann.say(room, "oolong after")
        await finds(ann, "oolong", "oolong after", "oolong before")
        assert await outcome(bob) == []
        assert await outcome(bob, room=room) == await outcome(bob, room="nowhere")
        await bob.call("block.remove", user=ann.id)
        await finds(bob, "oolong", "oolong before")


async def test_a_second_process_finds_what_the_first_has_written(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    ann = await sign_up(one.url, "ann")
    await post(one.url, "message.send", ann.token, room="hall", text="oolong", client_id="1")
    far = Person(two.url, ann.token, ann.user)
    await finds(far, "oolong", "oolong")
    await post(two.url, "message.send", ann.token, room="hall", text="oolong again", client_id="2")
    await finds(far, "oolong", "oolong again", "oolong")
    assert sorted(server.stores.index.is_writer for server in (one, two)) == [False, True]
