"""A changed name reaches those who have its bearer on screen, and nobody learns by it what they may not."""

from __future__ import annotations

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import Person, gathering, post


async def rename(person: Person, name: str) -> None:
    await post(person.url, "profile.update", person.token, name=name)


async def in_a_room_of_their_own(owner: Person, *others: Person) -> str:
    room: str = (await owner.call("room.create", title="Books"))["room"]
    for other in others:
        await other.call("room.join", room=room)
    return room


async def names_heard(listener: Person, by: Person) -> list[str]:
    """Of ``by``, after all that was told before was heard."""
    await listener.call("session.ping")
    return [event["user"]["name"] for event in listener.heard("user.changed") if event["user"]["id"] == by.id]


async def test_who_wrote_lately_is_renamed_before_everyone_in_the_room(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    async with gathering(one.url, "ann", "bob") as (ann, bob):
        far = await Person(two.url, ann.token, ann.user).start()
        visitor = await Person(one.url).start()
        await bob.say("hall", "hello")
        for person in (ann, far, visitor):
            await person.hears("message.posted", text="hello")
        await rename(bob, "Bobby")
        for person in (ann, far, visitor):
            told = await person.hears("user.changed")
            assert told["user"] == {"id": bob.id, "handle": "bob", "name": "Bobby", "bot": False}
            await person.leave()


async def test_who_wrote_nothing_is_renamed_before_those_only_who_see_them_here(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = await in_a_room_of_their_own(ann, bob, cat)
        assert bob.id in (await ann.call("presence.watch", room=room))["users"]
        await rename(bob, "Bobby")
        await ann.hears("user.changed", user={"id": bob.id, "handle": "bob", "name": "Bobby", "bot": False})
        assert await names_heard(cat, bob) == []


async def test_who_was_blocked_is_not_told_that_somebody_is_here_by_their_new_name(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = await in_a_room_of_their_own(ann, bob, cat)
        await bob.call("block.add", user=ann.id)
        assert bob.id not in (await ann.call("presence.watch", room=room))["users"]
        assert bob.id in (await cat.call("presence.watch", room=room))["users"]
        await rename(bob, "Bobby")
        await cat.hears("user.changed")
        assert await names_heard(ann, bob) == []


async def test_the_other_of_two_is_renamed_in_their_conversation(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        code = (await ann.call("invitation.create"))["code"]
        wanted = {"handle": "bob", "name": "Bob", "password": "warm tea at dusk", "want": "token"}
        body = await post(server.url, "account.create", **wanted, invite=code)
        bob = Person(server.url, body["token"], body["user"])
        await ann.hears("room.updated", kind="direct")
        await rename(bob, "Bobby")
        await ann.hears("user.changed", user={"id": bob.id, "handle": "bob", "name": "Bobby", "bot": False})


async def test_a_new_admin_and_a_closed_account_are_told_like_a_name(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await bob.say("hall", "hello")
        await ann.hears("message.posted", text="hello")
        await server.services.accounts.store.set_status(bob.id, "admin", on=True)
        assert (await ann.hears("user.changed", admin=True))["user"]["id"] == bob.id
        await post(server.url, "account.close", bob.token, password="warm tea at dusk")
        await ann.hears("user.changed", user={"id": bob.id, "handle": "", "name": "", "bot": False})


async def test_one_name_is_told_once_to_who_follows_many_rooms_and_by_one_task(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        for _ in range(3):
            room = await in_a_room_of_their_own(ann, bob)
            await bob.say(room, "hello")
            await ann.hears("message.posted", room=room)
        await rename(bob, "Bobby")
        await ann.hears("user.changed")
        assert await names_heard(ann, bob) == ["Bobby"]
