"""handle.suggest, for who has typed only a name yet."""

from __future__ import annotations

import pytest

from chatserver.app import House
from tests.conftest import OpenHouse
from tests.people import PASSWORD, Refused, post, sign_up


async def suggested(house: House, name: str) -> str:
    return (await post(house.url, "handle.suggest", name=name))["handle"]


async def test_a_suggested_handle_is_free_and_can_be_taken(house: House) -> None:
    for expected in ("wangxiaoming", "wangxiaoming2", "wangxiaoming3"):
        assert await suggested(house, "王小明") == expected
        await post(house.url, "account.create", handle=expected, name="王小明", password=PASSWORD)


async def test_what_looks_like_a_taken_handle_is_not_suggested(house: House) -> None:
    await sign_up(house.url, "bi11")
    assert await suggested(house, "Bill") != "bill"


async def test_a_handle_of_the_house_is_not_suggested(house: House) -> None:
    assert await suggested(house, "Admin") == "admin2"
    assert await suggested(house, "🎈") == "guest"


async def test_many_of_one_name_are_still_found_a_handle(house: House) -> None:
    made = ["ann", *(f"ann{number}" for number in range(2, 9))]
    for handle in made:
        await sign_up(house.url, handle)
    handle = await suggested(house, "Ann")
    assert handle not in made and handle.startswith("ann")
    await sign_up(house.url, handle)


async def test_asking_is_limited_by_address(open_house: OpenHouse) -> None:
    house = await open_house(limits__searches_burst=2, limits__searches_per_minute=1)
    mei = await sign_up(house.url, "mei")
    for token in ("", mei.token):
        await post(house.url, "handle.suggest", token, name="Ann")
    with pytest.raises(Refused) as refusal:
        await post(house.url, "handle.suggest", mei.token, name="Ann")
    assert (refusal.value.code, refusal.value.data["retry_after"] > 0) == (-32029, True)
