"""handle.suggest: free handles for a name."""

from __future__ import annotations

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import PASSWORD, Refused, post, sign_up


async def suggested(server: Server, name: str) -> str:
    return (await post(server.url, "handle.suggest", name=name))["handle"]


async def test_a_suggested_handle_is_free_and_can_be_taken(server: Server) -> None:
    for expected in ("wangxiaoming", "wangxiaoming2", "wangxiaoming3"):
        assert await suggested(server, "王小明") == expected
        await post(server.url, "account.create", handle=expected, name="王小明", password=PASSWORD)


async def test_what_looks_like_a_taken_handle_is_not_suggested(server: Server) -> None:
    await sign_up(server.url, "bi11")
    assert await suggested(server, "Bill") != "bill"


async def test_a_handle_of_the_server_is_not_suggested(server: Server) -> None:
    assert await suggested(server, "Admin") == "admin2"
    assert await suggested(server, "🎈") == "guest"


async def test_many_of_one_name_are_still_found_a_handle(server: Server) -> None:
    made = ["ann", *(f"ann{number}" for number in range(2, 9))]
    for handle in made:
        await sign_up(server.url, handle)
    handle = await suggested(server, "Ann")
    assert handle not in made and handle.startswith("ann")
    await sign_up(server.url, handle)


async def test_asking_is_limited_by_address(open_server: OpenServer) -> None:
    server = await open_server(limits__searches_burst=2, limits__searches_per_minute=1)
    mei = await sign_up(server.url, "mei")
    for token in ("", mei.token):
        await post(server.url, "handle.suggest", token, name="Ann")
    with pytest.raises(Refused) as refusal:
        await post(server.url, "handle.suggest", mei.token, name="Ann")
    assert (refusal.value.code, refusal.value.data["retry_after"] > 0) == (-32029, True)
