"""Profiles, as their owners write them and as others may read them."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.app import Server
from tests.people import PASSWORD, Person, Refused, gathering, post, sign_up

GIVEN = {
    "headline": "Reads  a lot",
    "about": "Two lines\nof me",
    "interests": ["Night Tea"],
    "languages": ["zh-hans", "en"],
    "home_town": "Chengdu",
    "time_zone": "Asia/Shanghai",
}
SAID = GIVEN | {"headline": "Reads a lot", "interests": ["night-tea"], "languages": ["zh-Hans", "en"]}


async def refused(authentication: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await authentication
    return caught.value


async def seen(reader: Person, user: Person) -> dict[str, Any]:
    (profile,) = (await post(reader.url, "user.get", reader.token, users=[user.id]))["users"]
    return profile


async def rooms_seen(reader: Person, user: Person) -> dict[str, bool]:
    return {room["title"]: room["shared"] for room in (await seen(reader, user))["rooms"]}


async def room_of(owner: Person, title: str, kind: str = "open") -> str:
    return (await post(owner.url, "room.create", owner.token, title=title, kind=kind))["room"]


@pytest.mark.parametrize("packed", [False, True])
async def test_a_profile_is_visible_to_every_signed_in_user(server: Server, packed: bool) -> None:
    mei = await (await sign_up(server.url, "mei", packed=packed)).start()
    tom = await sign_up(server.url, "tom")
    answered = (await mei.call("profile.update", **GIVEN))["user"]
    own = (await mei.call("user.get", users=[mei.id]))["users"][0]
    assert answered == own
    assert {name: own[name] for name in SAID} == SAID
    assert (own["presence"], own["shown_rooms"]) == ("shown", [])
    assert own["since"] > 1_700_000_000_000
    others = await seen(tom, mei)
    assert own == others | {
        "presence": "shown", "greets": False, "shown_rooms": [], "findable": "interests", "listable": True,
    }  # fmt: skip
    assert (await refused(post(server.url, "user.get", users=[mei.id]))).code == -32001
    await mei.leave()


async def test_a_field_that_is_not_given_stays_and_an_empty_one_is_taken_away(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    await post(server.url, "profile.update", mei.token, **GIVEN)
    await post(server.url, "profile.update", mei.token, about="Other words")
    assert await seen(mei, mei) | SAID | {"about": "Other words"} == await seen(mei, mei)
    emptied: dict[str, Any] = {name: [] if isinstance(held, list) else "" for name, held in GIVEN.items()}
    await post(server.url, "profile.update", mei.token, **emptied)
    assert not set(GIVEN) & set(await seen(mei, mei))


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("headline", "x" * 81, "headline"),
        ("about", "x" * 501, "about"),
        ("about", "me@mail.org", "about"),
        ("home_town", "x" * 41, "home_town"),
        ("interests", ["13800138000"], "interests"),
        ("languages", ["en"] * 9, "languages"),
        ("languages", ["en", "?"], "languages.1"),
        ("time_zone", "Mars/Olympus", "time_zone"),
        ("presence", "gone", "presence"),
        ("shown_rooms", ["hall", "nowhere"], "shown_rooms.1"),
        ("shown_rooms", ["x"] * 21, "shown_rooms"),
    ],
)
async def test_a_refused_field_is_named_and_nothing_else_is_changed(
    server: Server, field: str, value: Any, path: str
) -> None:
    mei = await sign_up(server.url, "mei")
    before = await seen(mei, mei)
    more = {"headline": "Changed"} if field != "headline" else {"home_town": "Changed"}
    refusal = await refused(post(server.url, "profile.update", mei.token, **more, **{field: value}))
    assert (refusal.code, refusal.data["path"]) == (-32602, path)
    assert await seen(mei, mei) == before


async def test_the_author_of_a_message_has_nothing_of_the_profile(server: Server) -> None:
    async with gathering(server.url, "mei") as (mei,):
        await mei.call("profile.update", **GIVEN)
        await mei.say("hall", "hello")
        author = (await mei.hears("message.posted", text="hello"))["author"]
        assert author == {"id": mei.id, "handle": "mei", "name": "Mei", "bot": False, "role": "moderator"}


async def test_a_profile_shows_the_rooms_that_both_are_in_of_any_kind(server: Server) -> None:
    mei, tom, eve = [await sign_up(server.url, handle) for handle in ("mei", "tom", "eve")]
    den = await room_of(mei, "Den", "closed")
    await room_of(mei, "Alone", "closed")
    await room_of(mei, "Open air")
    link = (await post(server.url, "room.link", mei.token, room=den))["link"]
    await post(server.url, "room.join", tom.token, room=den, link=link)
    assert await rooms_seen(tom, mei) == {"The hall": True, "Den": True}
    assert await rooms_seen(eve, mei) == {"The hall": True}
    assert await rooms_seen(mei, mei) == {"The hall": True, "Den": True, "Alone": True, "Open air": True}
    await post(server.url, "room.remove", mei.token, room=den, user=tom.id)
    assert await rooms_seen(tom, mei) == {"The hall": True}


async def test_an_open_room_is_shown_to_everyone_where_its_member_chose_so(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    room, den = await room_of(mei, "Open air"), await room_of(mei, "Den", "closed")
    assert await rooms_seen(tom, mei) == {"The hall": True}
    await post(server.url, "profile.update", mei.token, shown_rooms=[room, room])
    assert await rooms_seen(tom, mei) == {"The hall": True, "Open air": False}
    assert (await seen(mei, mei))["shown_rooms"] == [room]
    for other in (den, "tea", "0" * 24):
        refusal = await refused(post(server.url, "profile.update", mei.token, shown_rooms=[other]))
        assert refusal.data["path"] == "shown_rooms.0"
    await post(server.url, "room.leave", mei.token, room=room)
    assert await rooms_seen(tom, mei) == {"The hall": True}


async def test_a_pointer_that_the_room_does_not_confirm_shows_nothing(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    await server.store.redis.hdel("{r:hall}:members", mei.id)
    assert await rooms_seen(tom, mei) == {}


async def test_bots_have_profiles_and_read_them(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    made = await post(server.url, "bot.create", mei.token, handle="teabot", name="Tea")
    bot = Person(server.url, made["token"], made["user"])
    await post(server.url, "profile.update", bot.token, about="I pour tea")
    assert (await seen(mei, bot))["about"] == "I pour tea"
    assert (await seen(mei, bot))["owner"] == mei.id
    assert (await seen(bot, mei))["handle"] == "mei"


async def test_who_left_has_no_profile(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    await post(server.url, "profile.update", mei.token, **GIVEN, presence="hidden", shown_rooms=["hall"])
    await post(server.url, "account.close", mei.token, password=PASSWORD)
    gone = await seen(tom, mei)
    assert gone.keys() == {"id", "handle", "name", "bot", "closed", "since", "rooms"}
    assert (gone["handle"], gone["name"], gone["rooms"]) == ("", "", [])
    stored = await server.store.redis.hkeys("{u:" + mei.id + "}")
    assert not {b"about", b"interests", b"languages", b"home_town", b"time_zone", b"shown_rooms"} & set(stored)
