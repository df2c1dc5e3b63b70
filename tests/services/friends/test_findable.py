"""What finds a user in a search for people is the user's own choice, and holds at once on every process."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering, post, sign_up
from tests.walks.test_friends import acquainted

WORDS = {"name": "王小明", "headline": "Bakes bread", "interests": ["sourdough"]}
BY_NAME = ("wang", "wxm", "小明", "王小", "@ming")
BY_INTEREST = ("sourdough", "bakes")


async def found_by(person: Person, user: Person, *queries: str) -> set[str]:
    """The queries by which this person finds the user."""
    asked = {query: await post(person.url, "user.search", person.token, query=query) for query in queries}
    return {query for query, answer in asked.items() if user.id in {one["id"] for one in answer["users"]}}


async def test_who_is_found_by_what_they_chose_at_once_on_every_process(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    ming, tom = await sign_up(one.url, "ming-w"), await sign_up(one.url, "tom")
    await post(one.url, "profile.update", ming.token, **WORDS)
    far = Person(two.url, tom.token, tom.user)
    asked = (*BY_NAME, *BY_INTEREST, "ming-w", "@Ming-W")
    everything, by_name, by_handle = set(asked), {*BY_NAME, "ming-w", "@Ming-W"}, {"ming-w", "@Ming-W"}
    for findable, finding in (("interests", everything), ("name", by_name), ("nothing", by_handle), ("name", by_name)):
        told = await post(one.url, "profile.update", ming.token, findable=findable)
        assert told["user"]["findable"] == findable
        for person in (tom, far):
            assert await found_by(person, ming, *asked) == finding, findable
    await post(one.url, "profile.update", ming.token, findable="nothing")
    await post(one.url, "account.close", ming.token, password="warm tea at dusk")
    assert await found_by(far, ming, *asked) == set()


async def test_people_with_whom_one_has_a_tie_are_found_by_name_whatever_they_chose(open_server: OpenServer) -> None:
    server = await open_server()
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        await acquainted(ann, bob)
        await bob.call("profile.update", name="Robert", interests=["sourdough"], findable="nothing")
        assert await found_by(ann, bob, "robert", "rob", "bo", "sourdough") == {"robert", "rob", "bo"}
        assert await found_by(cat, bob, "robert", "rob", "bo", "sourdough") == set()
        assert await found_by(cat, bob, "bob") == {"bob"}


async def test_a_block_makes_nobody_easier_to_find(open_server: OpenServer) -> None:
    """A block is kept as a tie of which the blocked one knows nothing."""
    server = await open_server()
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    await post(server.url, "profile.update", bob.token, name="Robert", findable="nothing")
    asked = ("robert", "bob", "bo")
    before = await found_by(ann, bob, *asked)
    await post(server.url, "block.add", bob.token, user=ann.id)
    assert await found_by(ann, bob, *asked) == before == {"bob"}
    await post(server.url, "room.leave", bob.token, room="hall")
    assert await found_by(ann, bob, *asked) == set()


async def test_only_the_user_sees_what_they_chose_and_a_choice_that_is_none_is_refused(
    open_server: OpenServer,
) -> None:
    server = await open_server()
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    told: dict[str, Any] = await post(server.url, "profile.update", ann.token, findable="name", listable=False)
    assert (told["user"]["findable"], told["user"]["listable"]) == ("name", False)
    (seen,) = (await post(server.url, "user.get", bob.token, users=[ann.id]))["users"]
    assert not seen.keys() & {"findable", "listable"}
    for field, bad in (("findable", "everything"), ("findable", ""), ("listable", "no"), ("listable", 0)):
        with pytest.raises(Refused) as caught:
            await post(server.url, "profile.update", ann.token, headline="Changed", **{field: bad})
        assert (caught.value.code, caught.value.data["path"]) == (-32602, field)
    told = await post(server.url, "profile.update", ann.token, home_town="Hangzhou")
    assert (told["user"]["findable"], told["user"]["listable"], "headline" in told["user"]) == ("name", False, False)
    told = await post(server.url, "profile.update", ann.token, findable="interests", listable=True)
    assert (told["user"]["findable"], told["user"]["listable"]) == ("interests", True)
