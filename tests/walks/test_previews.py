"""Link previews: who gets them, where none come, and how they go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering, post
from tests.sites import Site, site
from tests.walks.test_friends import acquainted, friends


@pytest.fixture
async def pages() -> Any:
    async with site() as served:
        yield served


@pytest.fixture
async def community(open_server: OpenServer) -> Server:
    return await open_server(community__previews=True, server__reachable_networks=["127.0.0.1"])


async def refused(person: Person, method: str, **params: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refusal:
        await person.call(method, **params)
    return refusal.value.code, refusal.value.reason


async def looked(server: Server) -> None:
    """Wait until no link is being looked at."""
    async with asyncio.timeout(10):
        while server.services.previews.waiting:
            await asyncio.sleep(0.01)


def words(previews: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the pictures, of which test_preview_pictures.py tells."""
    return [{name: value for name, value in preview.items() if name != "picture"} for preview in previews]


async def shown(person: Person, seq: int, room: str = "hall") -> list[dict[str, Any]]:
    (message,) = (await person.call("message.get", room=room, seqs=[seq]))["messages"]
    return words(message.get("previews", []))


async def previewed(person: Person, seq: int, room: str = "hall") -> list[dict[str, Any]]:
    """The previews once they have come, by event."""
    heard = await person.hears("message.changed", room=room, seq=seq)
    return words(heard["previews"])


async def test_a_link_gets_a_preview_which_everybody_sees_and_pages_keep(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann", "bob") as (ann, bob):
        said = await ann.say("hall", f"read {pages.url}/a and {pages.url}/gbk, or {pages.url}/third")
        expected = [
            {"url": f"{pages.url}/a", "title": "Tea & pages", "site": "Leaves", "text": "About oolong and sencha"},
            {"url": f"{pages.url}/gbk", "title": "重庆的茶", "site": "127.0.0.1"},
        ]
        assert await previewed(bob, said["seq"]) == expected
        assert await shown(ann, said["seq"]) == expected
        assert words((await bob.call("message.history", room="hall"))["messages"][-1]["previews"]) == expected
        assert sorted(pages.asked) == ["/a", "/gbk", "/leaf.png"]
        again = await bob.say("hall", f"{pages.url}/a")
        assert (await previewed(ann, again["seq"]))[0]["title"] == "Tea & pages"
        assert pages.asked.count("/a") == 1
        heard = await ann.hears("message.changed", seq=again["seq"])
        assert "edited_at" not in heard and heard["text"] == f"{pages.url}/a"


async def test_an_edit_keeps_drops_and_adds_previews(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann", "bob") as (ann, bob):
        seq = (await ann.say("hall", f"{pages.url}/a {pages.url}/b"))["seq"]
        assert len(await previewed(bob, seq)) == 2
        await ann.call("message.edit", room="hall", seq=seq, text=f"only {pages.url}/b")
        assert [preview["url"] for preview in await shown(bob, seq)] == [f"{pages.url}/b"]
        await ann.call("message.edit", room="hall", seq=seq, text=f"{pages.url}/b {pages.url}/gbk")
        await bob.until(lambda: len(bob.heard("message.changed", seq=seq)[-1].get("previews", [])) == 2, "the second")
        await ann.call("message.edit", room="hall", seq=seq, text=f"||{pages.url}/b||")
        assert await shown(bob, seq) == []
        await ann.call("message.delete", room="hall", seq=seq)
        assert await shown(bob, seq) == []


async def test_author_and_moderators_take_previews_away_for_good(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await ann.call("room.create", title="Leaves", kind="open"))["room"]
        for person in (bob, cat):
            await person.call("room.join", room=room)
        seq = (await bob.say(room, f"{pages.url}/a"))["seq"]
        assert len(await previewed(ann, seq, room)) == 1
        assert await refused(cat, "message.hide_previews", room=room, seq=seq) == (-32002, "not_author")
        rev = (await bob.call("message.hide_previews", room=room, seq=seq))["rev"]
        assert (await ann.call("message.hide_previews", room=room, seq=seq))["rev"] == rev
        assert await shown(cat, seq, room) == []
        await bob.call("message.edit", room=room, seq=seq, text=f"again {pages.url}/a {pages.url}/b")
        other = (await bob.say(room, f"{pages.url}/b"))["seq"]
        await previewed(ann, other, room)
        assert await shown(ann, seq, room) == []
        await ann.call("message.hide_previews", room=room, seq=other)
        assert await shown(bob, other, room) == []
        assert await refused(bob, "message.hide_previews", room=room, seq=99) == (-32004, "not_found")


async def test_what_leads_nowhere_or_inside_gets_none(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann") as (ann,):
        metadata = f"{pages.url}/to?url=http://169.254.169.254/latest"
        for text in (metadata, "http://[::1]/", f"{pages.url}/plain", f"{pages.url}/picture", f"`{pages.url}/code`"):
            seq = (await ann.say("hall", text))["seq"]
            last = (await ann.say("hall", f"{pages.url}/a"))["seq"]
            await previewed(ann, last)
            await looked(community)
            assert await shown(ann, seq) == []


async def test_two_people_get_previews_as_friends_only(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        seq = (await ann.say(room, f"{pages.url}/a"))["seq"]
        await looked(community)
        assert pages.asked == [] and await shown(bob, seq, room) == []
    async with gathering(community.url, "cat", "dan") as (cat, dan):
        room = await friends(cat, dan)
        seq = (await cat.say(room, f"{pages.url}/a"))["seq"]
        assert len(await previewed(dan, seq, room)) == 1


async def test_newcomers_links_are_not_looked_at(open_server: OpenServer, pages: Site) -> None:
    community = await open_server(
        community__previews=True, server__reachable_networks=["127.0.0.1"], newcomer__first_accounts=0
    )
    async with gathering(community.url, "ann") as (ann,):
        await ann.say("hall", f"{pages.url}/a")
        assert not community.services.previews.waiting and pages.asked == []


async def test_an_admin_switches_previews_for_the_community(open_server: OpenServer, pages: Site) -> None:
    community = await open_server(community__previews=None, server__reachable_networks=["127.0.0.1"])
    async with gathering(community.url, "ann") as (ann,):
        assert await refused(ann, "community.update", previews=False) == (-32002, "not_an_admin")
        code = (await community.setup_link()).partition("#")[2]
        assert (await post(community.url, "community.claim", ann.token, code=code))["previews"] is True
        assert (await post(community.url, "community.update", ann.token, previews=False))["previews"] is False
        await post(community.url, "message.send", ann.token, room="hall", text=f"{pages.url}/a", client_id="1")
        assert not community.services.previews.waiting and pages.asked == []
        assert (await post(community.url, "community.update", ann.token, previews=True))["previews"] is True
        await post(community.url, "message.send", ann.token, room="hall", text=f"{pages.url}/b", client_id="2")
        assert community.services.previews.waiting == 1
