"""Finding members by what is typed after an @: who is found, in which order, and what nobody learns by it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.services.rooms import member_search
from chatserver.store.engine import keys
from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering, post, sign_up
from tests.walks.test_friends import acquainted


async def refused(step: Awaitable[Any]) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await step
    return caught.value.code, caught.value.reason


async def found(person: Person, room: str, query: str, **more: Any) -> list[str]:
    """The handles found, in order."""
    page = await post(person.url, "room.members", person.token, room=room, query=query, **more)
    return [member["user"]["handle"] for member in page["members"]]


async def people(server: Server, room: str, **names: str) -> dict[str, Person]:
    """Members who have never connected, by handle."""
    made = {handle: await sign_up(server.url, handle, name) for handle, name in names.items()}
    for person in made.values():
        await post(server.url, "room.join", person.token, room=room)
    return made


async def say(person: Person, room: str, text: str) -> None:
    await post(person.url, "message.send", person.token, room=room, text=text, client_id=text)


async def test_members_are_found_by_name_handle_pinyin_and_initials_and_who_wrote_last_comes_first(
    open_server: OpenServer,
) -> None:
    one, two = await open_server(), await open_server()
    mei = await sign_up(one.url, "mei", "Mei")
    room = (await post(one.url, "room.create", mei.token, title="Tea"))["room"]
    names = {"ming": "王小明", "ping": "陳小平", "annika": "Annika Berg", "hanna": "Hanna", "bo": "Bo"}
    made = await people(one, room, **names)
    for query in ("wangxm", "wxm", "小明", "王小", "WangXiaoMing", "@ming", "ＷＸＭ"):
        assert await found(mei, room, query) == ["ming"], query
    assert (
        await found(mei, room, "陈小") == await found(mei, room, "陳小平") == await found(mei, room, "csp") + ["ping"]
    )
    assert await found(mei, room, "小") == ["ming", "ping"] or await found(mei, room, "小") == ["ping", "ming"]
    assert await found(mei, room, "ann") == ["annika", "hanna"], "by name, where nobody wrote"
    await say(made["annika"], room, "one")
    await say(made["hanna"], room, "two")
    far = Person(two.url, mei.token, mei.user)
    assert await found(mei, room, "ann") == await found(far, room, "ann") == ["hanna", "annika"]
    await say(made["annika"], room, "three")
    assert await found(far, room, "ann") == ["annika", "hanna"]
    assert await found(mei, room, "an") == ["annika"], "two letters begin a word"
    assert await found(mei, room, "annika berg") == ["annika"]
    assert (await found(mei, room, "@"))[:2] == ["annika", "hanna"]
    (member,) = (await post(one.url, "room.members", mei.token, room=room, query="mei"))["members"]
    assert (member["role"], member["user"]["role"], member["user"]["id"]) == ("owner", "owner", mei.id)
    assert await found(mei, room, "nobody at all") == []


async def test_who_left_was_banned_or_closed_their_account_is_not_found_and_a_new_name_is(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    room = (await post(server.url, "room.create", mei.token, title="Tea"))["room"]
    made = await people(server, room, anna="Anna", annika="Annika", annie="Annie", anno="Anno")
    for person in made.values():
        await say(person, room, f"I am {person.user['handle']}")
    await post(server.url, "room.leave", made["anna"].token, room=room)
    await post(server.url, "room.ban", mei.token, room=room, user=made["annika"].id)
    await post(server.url, "account.close", made["annie"].token, password="warm tea at dusk")
    assert await found(mei, room, "ann") == await found(mei, room, "anna") + ["anno"] == ["anno"]
    await post(server.url, "profile.update", made["anno"].token, name="Otto")
    assert await found(mei, room, "otto") == ["anno"]
    assert await found(mei, room, "ann") == ["anno"], "the handle stays"


async def test_only_members_find_members(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    room = (await post(server.url, "room.create", mei.token, title="Tea"))["room"]
    den = (await post(server.url, "room.create", mei.token, title="Den", kind="closed"))["room"]
    for query in ("mei", "@"):
        assert await refused(post(server.url, "room.members", room="hall", query=query)) == (-32001, "not_signed_in")
        assert await refused(found(tom, room, query)) == (-32003, "not_a_member")
        assert await refused(found(tom, den, query)) == (-32004, "not_found")
        assert await refused(found(tom, "nowhere", query)) == (-32004, "not_found")
    await post(server.url, "room.archive", mei.token, room=room, archived=True)
    assert await found(mei, room, "mei") == ["mei"]


@pytest.mark.parametrize(
    ("asked", "path"),
    [({"query": 1}, "query"), ({"query": "a" * 101}, "query"), ({"query": "a", "after": "x"}, "after"),
     ({"query": "a", "after": "9" * 16 + ".u"}, "after"), ({"query": "a", "after": "1."}, "after")],
)  # fmt: skip
async def test_what_is_no_query_is_refused_and_names_the_field(server: Server, asked: Any, path: str) -> None:
    mei = await sign_up(server.url, "mei")
    with pytest.raises(Refused) as caught:
        await post(server.url, "room.members", mei.token, room="hall", **asked)
    assert (caught.value.code, caught.value.data["path"]) == (-32602, path)


async def test_odd_queries_find_nobody_and_break_nothing(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    for query in ("\0", "%", "*", "[", "\\", "..", "🦊", "a" * 100, "'; --", "\u202e", " " * 90 + "z"):
        assert await found(mei, "hall", query) == [], query
    assert await found(mei, "hall", " ") == await found(mei, "hall", "@@") == ["mei"]


async def test_pages_hold_everyone_once_while_people_write(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    room = (await post(server.url, "room.create", mei.token, title="Tea"))["room"]
    made = await people(
        server, room, **{f"ann{number:03}": f"Ann {number}" for number in range(member_search.PAGE + 9)}
    )
    for person in list(made.values())[:5]:
        await say(person, room, person.user["handle"])
    first = await post(server.url, "room.members", mei.token, room=room, query="ann")
    assert len(first["members"]) == member_search.PAGE
    await say(made["ann030"], room, "I go to the front")
    rest = await post(server.url, "room.members", mei.token, room=room, query="ann", after=first["next"])
    seen = [member["user"]["handle"] for member in (*first["members"], *rest["members"])]
    assert sorted(seen) == sorted(made) and "next" not in rest


async def test_being_here_or_hidden_is_not_seen_by_it(open_server: OpenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a member list too long to be looked at, members who chose to be found by nothing are found as connected, as
    writers, or by their handle."""
    monkeypatch.setattr(member_search, "FIRST", 1)
    server = await open_server()
    mei = await sign_up(server.url, "mei")
    room = (await post(server.url, "room.create", mei.token, title="Tea"))["room"]
    made = await people(server, room, anna="Anna", annika="Annika", annie="Annie", anno="Anno")
    for person in made.values():
        await post(server.url, "profile.update", person.token, findable="nothing")
    assert await found(mei, room, "ann") == []
    assert await found(mei, room, "anna") == ["anna"], "exactly this handle"
    await say(made["annie"], room, "hello")
    assert await found(mei, room, "ann") == ["annie"]
    await post(server.url, "profile.update", made["anno"].token, presence="hidden")
    for handle in ("anna", "annika", "anno", "annie"):
        await made[handle].start()
    assert await found(mei, room, "ann") == ["annie", "anna", "annika"], "who hides is as if away"
    await post(server.url, "profile.update", made["anna"].token, presence="hidden")
    await post(server.url, "block.add", made["annika"].token, user=mei.id)
    for person in (mei, await mei.start()):
        assert await found(person, room, "ann") == ["annie"], "nor who blocked the one who looks"
    assert await found(made["anno"], room, "ann") == ["annie", "annika", "anno"]
    assert await found(mei, room, "annika") == ["annika"], "found as if away, not hidden"
    await say(made["annika"], room, "hi")
    assert await found(mei, room, "ann") == ["annika", "annie"]
    for person in (mei, *made.values()):
        await person.leave()


async def test_a_silent_member_of_a_large_room_is_found_by_the_index(
    open_server: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name, pinyin and initials, as far as they chose to be found, and only while the room says they are members."""
    monkeypatch.setattr(member_search, "FIRST", 1)
    one, two = await open_server(), await open_server()
    mei = await sign_up(one.url, "mei")
    room = (await post(one.url, "room.create", mei.token, title="Tea"))["room"]
    made = await people(one, room, quiet="王小明", loud="王小红", shy="王小明")
    await post(one.url, "profile.update", made["shy"].token, findable="nothing")
    await sign_up(one.url, "elsewhere", "王小明")
    far = Person(two.url, mei.token, mei.user)
    for query in ("小明", "wangxiaoming", "wxm", "wangxm"):
        assert await found(far, room, query) == await found(mei, room, query) == ["quiet"], query
    assert set(await found(mei, room, "王")) == {"quiet", "loud"}
    await post(one.url, "profile.update", made["quiet"].token, headline="小红")
    assert await found(mei, room, "小红") == ["loud"], "what somebody says of themselves is no name"
    await post(one.url, "room.leave", made["quiet"].token, room=room)
    assert await found(far, room, "wxm") == []


async def test_ones_ties_are_found_where_they_are_members(
    open_server: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_search, "FIRST", 1)
    server = await open_server()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await acquainted(ann, bob)
        room = (await ann.call("room.create", title="Tea"))["room"]
        cat = (await people(server, room, cat="Cat"))["cat"]
        await bob.call("profile.update", findable="nothing")
        assert await found(ann, room, "bo") == []
        await bob.call("room.join", room=room)
        await bob.leave()
        await server.hub.presence.tick(0)
        assert await found(ann, room, "bo") == ["bob"]
        assert await found(cat, room, "bo") == []
        direct = server.stores.ties.room_of(ann.id, bob.id)
        assert await found(ann, direct, "bo") == ["bob"]
        assert await refused(found(cat, direct, "bo")) == (-32004, "not_found")


async def test_a_search_costs_the_same_however_many_wrote(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    room = (await post(server.url, "room.create", mei.token, title="Tea"))["room"]
    tag = keys.room(room)
    await server.store.redis.zadd(f"{tag}:last", {f"{number:024x}": number for number in range(5_000)})
    asked: list[str] = []
    command = server.store.command

    def counted(tag_: Any, name: str, *words: Any) -> Any:
        asked.append(name)
        return command(tag_, name, *words)

    await found(mei, room, "mei")
    server.store.command = counted  # type: ignore[method-assign]
    assert await found(mei, room, "mei") == ["mei"]
    assert len(server.stores.authors._faces) < 1_500
    assert asked.count("HMGET") <= 3 and len(asked) < 16, asked


async def test_how_often_somebody_searches_is_limited(open_server: OpenServer) -> None:
    server = await open_server(limits__searches_burst=2, limits__searches_per_minute=1)
    mei = await sign_up(server.url, "mei")
    for _ in range(2):
        await found(mei, "hall", "mei")
    assert await refused(found(mei, "hall", "mei")) == (-32029, "rate_limited")
    assert (await post(server.url, "room.members", mei.token, room="hall"))["members"]
