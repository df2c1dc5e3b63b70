"""Two concurrent calls have the same result as one after the other: nothing is lost, and no limit is exceeded by any
number of calls that come together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from chatserver.app import Server
from chatserver.store.engine import keys
from chatserver.store.rooms.questions import ROOMS
from tests.conftest import OpenServer
from tests.people import PASSWORD, Person, Refused, gathering, post, sign_up

MANY = 100


async def outcomes(*calls: Any) -> list[str]:
    """Of each call "ok" or the reason of its refusal."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    return [_outcome(answer) for answer in answers]


def _outcome(answer: Any) -> str:
    if isinstance(answer, Refused):
        return answer.reason
    if isinstance(answer, ConnectionError):
        return "closed"
    if isinstance(answer, BaseException):
        raise answer
    return "ok"


# --- connections -----------------------------------------------------------------------------------------------------


async def test_a_token_in_session_start_does_not_pass_the_limit_of_connections(open_server: OpenServer) -> None:
    server = await open_server(limits__connections_per_user=3)
    bob = await sign_up(server.url, "bob")
    async with contextlib.AsyncExitStack() as stack:
        sockets = [Person(server.url, "", bob.user) for _ in range(12)]
        for socket in sockets:
            await socket.connect()
            stack.push_async_callback(socket.leave)
        found = await outcomes(*(socket.call("session.start", token=bob.token) for socket in sockets))
        assert sorted(found) == ["ok"] * 3 + ["too_many_connections"] * 9
        assert len(server.hub.connections_of(bob.id)) == 3
        begun, waiting = sockets[found.index("ok")], sockets[found.index("too_many_connections")]
        await begun.leave()
        assert await waiting.call("session.start", token=bob.token)


@pytest.mark.parametrize("limit", ["server__max_connections", "limits__connections_per_address"])
async def test_no_number_of_handshakes_at_once_passes_a_limit(open_server: OpenServer, limit: str) -> None:
    server = await open_server(**{limit: 5})
    bob = await sign_up(server.url, "bob")
    sockets = [Person(server.url, bob.token, bob.user) for _ in range(MANY)]
    opened = await asyncio.gather(*(socket.connect() for socket in sockets), return_exceptions=True)
    refused = [failure for failure in opened if isinstance(failure, InvalidStatus)]
    assert len(refused) == MANY - 5 and {failure.response.status_code for failure in refused} == {503}
    assert len(server.hub.connections) == 5
    for socket in opened:
        if isinstance(socket, Person):
            await socket.leave()


async def test_a_socket_whose_first_session_failed_is_only_its_second_users(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        cat = await sign_up(server.url, "cat")
        socket = await Person(server.url, "", cat.user).connect()
        (connection,) = [one for one in server.hub.connections if not one.user_id]
        await server.hub.enter(connection, bob.id)  # as far as a session.start by bob's token came that then failed
        await socket.call("session.start", token=cat.token)
        assert len(server.hub.connections_of(bob.id)) == 1
        await ann.say("hall", "@bob a word for bob")
        await bob.hears("inbox.added")
        await socket.call("session.ping")
        assert not socket.heard("inbox.added")
        await socket.leave()
        await bob.leave()
        await asyncio.wait_for(_gone(server, bob.id), 10)


async def _gone(server: Server, user: str) -> None:
    while user in server.hub.users:
        await asyncio.sleep(0.01)


# --- what one user may have ------------------------------------------------------------------------------------------


async def test_no_number_of_calls_at_once_passes_a_limit(open_server: OpenServer) -> None:
    server = await open_server(friends__invitations=3)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        other = await Person(server.url, ann.token, ann.user).start()
        calls = [(ann, other)[number % 2].call("invitation.create") for number in range(MANY)]
        assert (await outcomes(*calls)).count("ok") == 3
        token = (await ann.call("token.create"))["token"]
        script = await Person(server.url, token, ann.user).start()
        calls = [script.call("token.create", label=str(number)) for number in range(MANY + 20)]
        assert (await outcomes(*calls)).count("ok") == 99  # the sign-in gave its place up
        await script.leave()
        calls = [bob.call("bot.create", handle=f"bot{number}", name=f"Bot {number}") for number in range(MANY)]
        assert (await outcomes(*calls)).count("ok") == 20
        await other.leave()


async def come_by(server: Server, invitation: dict[str, Any], handle: str) -> None:
    """Sign up by an invitation."""
    words = {"name": handle.title(), "password": PASSWORD, "want": "token", "invite": invitation["code"]}
    await post(server.url, "account.create", handle=handle, **words)


def say(number: int) -> Call:
    return "message.send", {"room": "hall", "text": "Hello", "client_id": f"c{number}"}


def guess(number: int, handle: str = "ghost") -> Call:
    return "account.sign_in", {"handle": handle, "password": "a wrong password", "want": "token"}


RATES: dict[tuple[str, str], Callable[[int], Call]] = {
    ("limits__user_sends", "second"): say,
    ("limits__room_sends", "second"): say,
    ("limits__address_sends", "second"): say,
    ("limits__joins", "minute"): lambda number: ("room.join", {"room": "hall"}),
    ("limits__creates", "hour"): lambda number: ("room.create", {"kind": "open", "title": f"Room {number}"}),
    ("limits__searches", "minute"): lambda number: ("user.search", {"query": "ann"}),
    ("limits__typing", "second"): lambda number: ("typing.start", {"room": "hall"}),
    ("limits__profiles", "second"): lambda number: ("user.get", {"users": ["nobody"]}),
    ("accounts__sign_in_name", "minute"): guess,
    ("accounts__sign_in_address", "minute"): lambda number: guess(number, f"ghost{number}"),
}


@pytest.mark.parametrize(("name", "unit"), RATES, ids=[name for name, _ in RATES])
async def test_no_number_of_calls_at_once_passes_a_rate(open_server: OpenServer, name: str, unit: str) -> None:
    server = await open_server(**{f"{name}_burst": 3, f"{name}_per_{unit}": 0.001})
    async with gathering(server.url, "ann") as (ann,), at_once(ann, 2) as ask:
        answers = await ask(*(RATES[name, unit](number) for number in range(MANY)))
    found = [answer if isinstance(answer, str) else "ok" for answer in answers]
    assert found.count("rate_limited") == MANY - 3
    assert set(found) - {"rate_limited"} == {"wrong_credentials" if "sign_in" in name else "ok"}


async def test_an_invitation_that_is_over_leaves_its_place(open_server: OpenServer) -> None:
    server = await open_server(friends__invitations=2)
    async with gathering(server.url, "ann") as (ann,):
        one, other = await ann.call("invitation.create"), await ann.call("invitation.create")
        assert await outcomes(ann.call("invitation.create")) == ["too_many_invitations"]
        await come_by(server, one, "guest")
        found = await outcomes(*(ann.call("invitation.create") for _ in range(5)))
        assert found.count("ok") == 1
        await ann.call("invitation.withdraw", id=other["id"])
        await ann.call("invitation.withdraw", id=one["id"])
        listed = {one["id"]: one for one in (await ann.call("invitation.list"))["invitations"]}
        assert listed[other["id"]]["withdrawn"] and not listed[one["id"]].get("withdrawn")
        assert await outcomes(come_by(server, other, "late")) == ["no_invite"]
        found = await outcomes(*(ann.call("invitation.create") for _ in range(5)))
        assert found.count("ok") == 1


async def test_an_invitation_is_used_or_withdrawn_never_both(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        for number in range(8):
            made = await ann.call("invitation.create")
            came, withdrawn = await asyncio.gather(
                outcomes(come_by(server, made, f"guest{number}")),
                outcomes(ann.call("invitation.withdraw", id=made["id"])),
            )
            (listed,) = [one for one in (await ann.call("invitation.list"))["invitations"] if one["id"] == made["id"]]
            assert withdrawn == ["ok"]
            assert (came == ["ok"]) == bool(listed.get("user")) != bool(listed.get("withdrawn"))


# --- what one user says ----------------------------------------------------------------------------------------------


Call = tuple[str, dict[str, Any]]
AtOnce = Callable[..., Awaitable[list[Any]]]


@pytest.fixture(params=[1, 2], ids=["one socket", "two sockets"])
def sockets(request: pytest.FixtureRequest) -> int:
    """From how many sockets of one user the calls of a test come."""
    return int(request.param)


@contextlib.asynccontextmanager
async def at_once(person: Person, sockets: int) -> AsyncIterator[AtOnce]:
    """Sends calls so that each leaves before any is answered; gives results, or the reasons of refusals."""
    everywhere = [person] + [await Person(person.url, person.token, person.user).start() for _ in range(sockets - 1)]

    async def ask(*calls: Call) -> list[Any]:
        asked = [
            everywhere[place % sockets].call(method, **params) for place, (method, params) in enumerate(calls)
        ]  # fmt: skip
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return [_outcome(answer) if isinstance(answer, BaseException) else answer for answer in answers]

    yield ask
    for other in everywhere[1:]:
        await other.leave()


async def fields_at_once(person: Person, sockets: int, method: str, fields: dict[str, Any], **of: Any) -> None:
    """Each field by a call of its own, all at once."""
    async with at_once(person, sockets) as ask:
        answers = await ask(*((method, {**of, name: value}) for name, value in fields.items()))
    assert not [answer for answer in answers if isinstance(answer, str)]


async def test_lines_of_a_card_that_change_at_once_all_stay(server: Server, sockets: int) -> None:
    lines = ("company", "title", "phone", "mail", "wechat", "line", "whatsapp", "looking_for", "can_offer")
    async with gathering(server.url, "ann") as (ann,):
        for number in range(4):
            words = {line: f"{line[:3]} {number}" for line in lines}
            await fields_at_once(ann, sockets, "card.update", words)
            assert await ann.call("card.get") == words


async def test_fields_of_a_profile_that_change_at_once_all_stay(server: Server, sockets: int) -> None:
    fields = {
        "headline": "Tea and bridges", "about": "Walks at dawn", "for_friends": "Ring twice", "interests": ["tea"],
        "languages": ["en", "zh"], "home_town": "Suzhou", "time_zone": "Asia/Shanghai", "presence": "hidden",
        "shown_rooms": ["hall"], "findable": "name", "listable": False,
    }  # fmt: skip
    async with gathering(server.url, "ann") as (ann,):
        await fields_at_once(ann, sockets, "profile.update", fields)
        (profile,) = (await ann.call("user.get", users=[ann.id]))["users"]
        assert {name: profile[name] for name in fields} == fields


async def test_words_and_settings_of_a_room_that_change_at_once_all_stay(server: Server, sockets: int) -> None:
    fields = {"title": "Tea", "about": "Slow", "tags": ["tea"], "slow_mode": 9, "question": True}
    fields |= {"writers": "moderators", "topics": "moderators", "never_window": True}
    async with gathering(server.url, "ann") as (ann,):
        room = (await ann.call("room.create", kind="open", title="Room"))["room"]
        await fields_at_once(ann, sockets, "room.update", fields, room=room)
        (state,) = [await ann.call("room.update", room=room)]
        assert {name: state[name] for name in fields} == fields


async def test_whether_a_room_wants_the_question_is_known_as_its_settings_say(server: Server, sockets: int) -> None:
    async with gathering(server.url, "ann") as (ann,):
        rooms = [(await ann.call("room.create", kind="open", title=f"Room {n}"))["room"] for n in range(4)]
        async with at_once(ann, sockets) as ask:
            for _ in range(4):
                await ask(*(("room.update", {"room": room, "question": on}) for on in (True, False) for room in rooms))
        listed = await server.store.command(keys.COMMUNITY, "SMEMBERS", ROOMS)
        for room in rooms:
            held = await server.store.command(keys.room(room), "HGET", keys.room(room), "question")
            assert (room.encode() in listed) == (held == b"1")


async def test_what_the_community_says_of_itself_changes_field_by_field(server: Server, sockets: int) -> None:
    fields = {"name": "Tea", "language": "zh-Hant", "time_zone": "Asia/Taipei", "sign_up": "invite"}
    async with gathering(server.url, "ann") as (ann,):
        await server.services.accounts.store.set_status(ann.id, "admin", on=True)
        await ann.closed()
        ann = await Person(server.url, ann.token, ann.user).start()
        await fields_at_once(ann, sockets, "community.update", fields)
        found = await ann.call("community.get")
        assert {name: found[name] for name in fields} == fields
        await ann.leave()


async def test_what_one_says_about_a_tie_at_once_all_stays(server: Server, sockets: int) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await befriend(ann, bob)
        async with at_once(ann, sockets) as ask:
            answers = await ask(
                ("tie.note", {"user": bob.id, "note": "From the hall"}),
                ("tie.show_seen", {"user": bob.id, "on": True}),
                ("card.offer", {"user": bob.id}),
                ("tie.rest", {"user": bob.id, "on": True}),
            )
        assert not [answer for answer in answers if isinstance(answer, str)]
        tie = await ann.call("tie.get", user=bob.id)
        held = {name: tie.get(name) for name in ("note", "shows_seen", "card", "rests")}
        assert held == {"note": "From the hall", "shows_seen": True, "card": "offered", "rests": True}


async def befriend(one: Person, other: Person) -> None:
    await other.call("met.enter", code=(await one.call("met.show"))["code"])
    await one.call("met.confirm", user=other.id)
    await other.call("met.confirm", user=one.id)


async def test_markers_that_move_at_once_end_at_the_furthest(server: Server, sockets: int) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        for number in range(5):
            await bob.say("hall", f"@ann {number}")
        await ann.hears("inbox.added", number=5)
        async with at_once(ann, sockets) as ask:
            await ask(*(("inbox.mark", {"seq": seq}) for seq in (5, 1, 3)))
            await ask(*(("read.mark", {"room": "hall", "seq": seq}) for seq in (5, 1, 3)))
        assert (await ann.call("inbox.mark", seq=0))["unread"] == 0
        assert (await ann.call("read.mark", room="hall", seq=0))["read_seq"] == 5


# --- what can be had once --------------------------------------------------------------------------------------------


async def test_of_two_words_that_exclude_each_other_one_is_taken(server: Server, sockets: int) -> None:
    async with gathering(server.url, "ann") as (ann,), at_once(ann, sockets) as ask:
        answers = await ask(*(("profile.update", {"name": name}) for name in ("Ann One", "Ann Two")))
        assert answers.count("name_too_soon") == 1
        (taken,) = [answer["user"]["name"] for answer in answers if answer != "name_too_soon"]
        (profile,) = (await ann.call("user.get", users=[ann.id]))["users"]
        assert profile["name"] == taken

        answers = await ask(*[("account.renew_recovery", {"password": PASSWORD})] * 3)
        (code,) = [answer["recovery"] for answer in answers if answer != "changed_meanwhile"]
    words = [f"a new password {number}" for number in range(3)]
    recover = (post(server.url, "account.recover", handle="ann", code=code, password=word) for word in words)
    found = await outcomes(*recover)
    assert sorted(found) == ["ok", "wrong_credentials", "wrong_credentials"]
    await post(server.url, "account.sign_in", handle="ann", password=words[found.index("ok")], want="token")


async def test_of_two_new_passwords_at_once_one_is_taken(server: Server, sockets: int) -> None:
    async with gathering(server.url, "ann") as (ann,):
        words = ["a new password 1", "a new password 2"]
        async with at_once(ann, sockets) as ask:
            answers = await ask(*(("account.set_password", {"old": PASSWORD, "new": word}) for word in words))
            assert sum(isinstance(answer, str) for answer in answers) == 1
            taken = words[0] if isinstance(answers[1], str) else words[1]
            await post(server.url, "account.sign_in", handle="ann", password=taken, want="token")


async def test_what_ends_twice_ends_once(server: Server, sockets: int) -> None:
    async with gathering(server.url, "ann") as (ann,), at_once(ann, sockets) as ask:
        bot = (await ann.call("bot.create", handle="dice", name="Dice"))["user"]["id"]
        token = (await ann.call("token.create"))["id"]
        tokens = [answer["token"] for answer in await ask(*[("bot.renew_token", {"bot": bot})] * 2)]
        assert sorted(await outcomes(*(post(server.url, "login.list", token) for token in tokens))) == [
            "bad_token",
            "ok",
        ]
        for method, params in (
            ("token.revoke", {"token": token}), ("room.leave", {"room": "hall"}), ("bot.close", {"bot": bot}),
        ):  # fmt: skip
            answers = await ask(*[(method, params)] * 2)
            assert sum(isinstance(answer, str) for answer in answers) <= 1, method
        joined = await ask(*[("room.join", {"room": "hall"})] * 3)
        assert [state["role"] for state in joined] == ["member"] * 3


async def test_a_code_makes_one_person_the_first_admin(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as people:
        code = (await server.setup_link()).partition("#")[2]
        found = await outcomes(*(post(server.url, "community.claim", person.token, code=code) for person in people))
        assert found.count("ok") == 1


async def test_of_two_owners_who_step_down_at_once_one_stays(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", kind="open", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        await ann.call("room.set_role", room=room, user=bob.id, role="owner")
        steps = (one.call("room.set_role", room=room, user=one.id, role="member") for one in (ann, bob))
        assert sorted(await outcomes(*steps)) == ["last_owner", "ok"]


async def test_who_closes_the_account_while_something_begins_leaves_nothing_behind(server: Server) -> None:
    for number in range(6):
        ann = await (await sign_up(server.url, f"ann{number}")).start()
        room = (await ann.call("room.create", kind="open", title="Tea"))["room"]
        bob = await (await sign_up(server.url, f"bob{number}")).start()
        await outcomes(
            *(bob.call("bot.create", handle=f"dice{number}x{bot}", name="Dice") for bot in range(3)),
            post(server.url, "account.close", bob.token, password=PASSWORD),
            bob.call("room.join", room=room),
        )
        accounts = server.services.accounts.store
        for bot in range(3):
            assert not await accounts.is_taken(f"dice{number}x{bot}")
        listed = (await ann.call("room.members", room=room))["members"]
        assert [member["user"]["id"] for member in listed] == [ann.id]
        await ann.leave()


# --- a room made once ------------------------------------------------------------------------------------------------


async def test_a_repeated_room_create_is_one_room(open_server: OpenServer) -> None:
    one, two = await open_server(limits__creates_burst=1), await open_server(limits__creates_burst=1)
    async with gathering(one.url, "ann") as (ann,):
        made = await ann.call("room.create", title="Books", client_id="r1")
        assert "duplicate" not in made
        for url in (one.url, two.url):
            again = await post(url, "room.create", ann.token, title="Books", client_id="r1")
            assert {**again, "online": made["online"]} == {**made, "duplicate": True}
        with pytest.raises(Refused) as refused:
            await ann.call("room.create", title="Other books", client_id="r1")
        assert refused.value.reason == "client_id_used"
        with pytest.raises(Refused) as refused:
            await ann.call("room.create", title="Books", client_id="r2")
        assert refused.value.reason == "rate_limited"
        await ann.start_anew()
        assert [room["title"] for room in ann.session["rooms"]].count("Books") == 1


async def test_of_many_room_creates_at_once_one_makes_the_room(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        asked = [ann.call("room.create", title="Books", client_id="r1") for _ in range(20)]
        made = await asyncio.gather(*asked, bob.call("room.create", title="Books", client_id="r1"))
        assert len({state["room"] for state in made[:-1]}) == 1
        assert [state.get("duplicate", False) for state in made[:-1]].count(False) == 1
        assert made[-1]["room"] != made[0]["room"] and "duplicate" not in made[-1]


async def test_a_room_that_was_noted_and_lost_by_a_crash_is_made_by_the_repeat(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        made = await ann.call("room.create", title="Books", client_id="r1")
        for key in await server.store.redis.keys(f"{{r:{made['room']}}}*"):
            await server.store.redis.delete(key)
        again = await post(server.url, "room.create", ann.token, title="Books", client_id="r1")
        assert (again["room"], again["role"], again["duplicate"]) == (made["room"], "owner", True)
