"""Pictures of people and of the community: shown everywhere, replaced a few times a day, gone with the account."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatserver.app import Server
from tests.doors import pictures
from tests.doors.sending import asking, fetch, upload
from tests.people import PASSWORD, Person, Refused, gathering, post


async def avatar(person: Person, width: int = 40) -> str:
    sent = await upload(person, pictures.photo(width, 30), "", keep=False, **{"for": "avatar"})
    return str(sent["id"])


def on_disk(server: Server) -> set[str]:
    folder = Path(server.settings.server.data) / "files"
    return {path.parent.name for path in folder.rglob("*") if path.is_file()}


async def test_a_picture_is_seen_beside_every_word_and_goes_when_it_is_replaced(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await ann.say("hall", "hello")
        await bob.hears("message.posted", text="hello")
        first = await avatar(ann)
        assert [(await fetch(ann.url, first, who))[0] for who in (ann, bob)] == [200, 404]
        assert (await ann.call("profile.update", avatar=first))["user"]["avatar"] == first
        await bob.until(
            lambda: [event for event in bob.heard("user.changed") if event["user"].get("avatar") == first],
            "the picture",
        )
        assert [(await fetch(ann.url, first, who))[0] for who in (ann, bob, None)] == [200, 200, 404]
        page = await bob.call("message.history", room="hall", limit=1)
        assert page["messages"][0]["author"]["avatar"] == first
        second = await avatar(ann, 50)
        await ann.call("profile.update", avatar=second)
        assert on_disk(server) == {second}
        async with asking("DELETE", f"{ann.url}/files/{second}", ann) as answer:
            assert answer.status == 409
        await ann.call("profile.update", avatar="")
        assert on_disk(server) == set()
        third = await avatar(ann, 60)
        with pytest.raises(Refused) as refused:
            await ann.call("profile.update", avatar=third)
        assert refused.value.reason == "rate_limited"
        assert refused.value.data["retry_after"] > 80_000


async def test_a_picture_is_ones_own_and_leaves_with_the_account(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        hers = await avatar(ann)
        for person, file in ((bob, hers), (ann, "0" * 24)):
            with pytest.raises(Refused) as refused:
                await person.call("profile.update", avatar=file)
            assert (refused.value.reason, refused.value.data["path"]) == ("not_found", "avatar")
        with pytest.raises(Refused) as refused:
            await upload(ann, b"words", "", keep=True, **{"for": "avatar"})
        assert refused.value.reason == "type_refused"
        await ann.call("profile.update", avatar=hers)
        await post(ann.url, "account.close", ann.token, password=PASSWORD)
        assert (await fetch(bob.url, hers, bob))[0] == 404
        assert on_disk(server) == set()


async def test_admins_give_the_community_a_picture_for_everyone(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await server.services.accounts.store.set_status(ann.id, "admin", on=True)
        await ann.start_anew()
        with pytest.raises(Refused) as refused:
            await upload(bob, pictures.photo(40, 30), "", keep=False, **{"for": "icon"})
        assert refused.value.reason == "not_an_admin"
        icons = [
            (await upload(ann, pictures.photo(width, 30), "", keep=False, **{"for": "icon"}))["id"]
            for width in (40, 50)
        ]
        for icon in icons:
            assert (await ann.call("community.update", icon=icon))["icon"] == icon
        assert (await post(bob.url, "community.get"))["icon"] == icons[1]
        assert [(await fetch(bob.url, icon))[0] for icon in icons] == [404, 200]
        assert on_disk(server) == {icons[1]}
        assert "icon" not in await ann.call("community.update", icon="")
