"""Those who run the house look after the people in it; nobody else can."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.app import House
from tests.conftest import OpenHouse
from tests.people import PASSWORD, Person, Refused, post, sign_up

NOT_AN_ADMIN = (-32002, "not_an_admin")


async def refused(asking: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await asking
    return caught.value.code, caught.value.reason


async def admin_of(house: House, handle: str = "admin-mei", **options: Any) -> Person:
    person = await sign_up(house.url, handle, **options)
    await house.desks.accounts.shelf.set_standing(person.id, "admin", on=True)
    return person


async def listed(admin: Person, **asked: Any) -> list[str]:
    return [user["handle"] for user in (await post(admin.url, "user.list", admin.token, **asked))["users"]]


async def test_a_suspended_user_is_out_at_once_on_every_process_and_can_come_back(open_house: OpenHouse) -> None:
    one, two = await open_house(), await open_house()
    mei = await admin_of(one)
    tom = await sign_up(one.url, "tom")
    sockets = [await Person(house.url, tom.token, tom.user).start() for house in (one, two)]
    await post(two.url, "account.suspend", mei.token, user=tom.id, suspended=True)
    assert [await socket.closed() for socket in sockets] == [4502, 4502]
    for house in (one, two):
        assert (await refused(post(house.url, "login.list", tom.token)))[1] == "suspended"
    signing_in = {"handle": "tom", "password": PASSWORD, "want": "token"}
    assert (await refused(post(one.url, "account.sign_in", **signing_in)))[1] == "suspended"
    await post(one.url, "account.suspend", mei.token, user=tom.id, suspended=False)
    assert (await post(two.url, "account.sign_in", **signing_in))["user"]["id"] == tom.id
    assert (await refused(post(one.url, "login.list", tom.token)))[0] == -32001, "a login that ended stays ended"


@pytest.mark.parametrize("packed", [False, True])
async def test_everyone_is_listed_the_newest_first_with_their_standing(house: House, packed: bool) -> None:
    mei = await (await admin_of(house, packed=packed)).start()
    tom = await sign_up(house.url, "tom")
    await post(house.url, "bot.create", tom.token, handle="teabot", name="Tea")
    gone = await sign_up(house.url, "gone")
    await post(house.url, "account.close", gone.token, password=PASSWORD)
    await mei.call("account.suspend", user=tom.id, suspended=True)
    users = (await mei.call("user.list"))["users"]
    assert [user["handle"] for user in users] == ["teabot", "tom", "admin-mei"]
    assert [user.get("suspended", False) for user in users] == [False, True, False]
    assert [user.get("admin", False) for user in users] == [False, False, True]
    assert all(user["since"] > 1_700_000_000_000 for user in users)
    assert users[0]["owner"] == tom.id
    await mei.leave()


async def test_people_are_found_by_the_words_of_handle_and_name(house: House) -> None:
    mei = await admin_of(house)
    for handle, name in (("tom", "Tom Waits"), ("thomas", "老王"), ("wang", "王小明")):
        await sign_up(house.url, handle, name)
    assert await listed(mei, query="TOM") == ["tom"]
    assert await listed(mei, query="@thom") == ["thomas"]
    assert await listed(mei, query="王") == ["wang", "thomas"]
    assert await listed(mei, query="ｗａｉｔｓ tom") == ["tom"]
    assert await listed(mei, query="waits wang") == []


async def test_the_list_goes_on_page_by_page_without_a_gap_or_a_double(house: House) -> None:
    mei = await admin_of(house)
    everyone = {mei.id.encode(): 1}
    for number in range(700):
        user = f"{number:024x}"
        await house.store.redis.hset("{u:" + user + "}", mapping={"handle": f"h{number}", "name": "N", "created_at": 5})
        everyone[user.encode()] = 10 + number // 7
    await house.store.redis.delete("{users}:all")
    await house.store.redis.zadd("{users}:all", everyone)
    seen: list[str] = []
    after = ""
    while True:
        page = await post(house.url, "user.list", mei.token, **({"after": after} if after else {}))
        seen += [user["id"] for user in page["users"]]
        assert len(page["users"]) <= 50
        after = page.get("next", "")
        if not after:
            break
    assert len(seen) == len(set(seen)) == 701 and seen[-1] == mei.id
    assert (await post(house.url, "user.list", mei.token, query="h699"))["users"][0]["handle"] == "h699"


async def test_nobody_but_an_admin_lists_or_suspends(house: House) -> None:
    mei, tom = await admin_of(house), await sign_up(house.url, "tom")
    bot = await post(house.url, "bot.create", tom.token, handle="teabot", name="Tea")
    room = (await post(house.url, "room.create", tom.token, title="Tom's"))["room"]
    await post(house.url, "room.join", mei.token, room=room)
    for token in (tom.token, bot["token"]):
        for user in (mei.id, tom.id, "0" * 24):
            asking = post(house.url, "account.suspend", token, user=user, suspended=True)
            assert await refused(asking) == NOT_AN_ADMIN
        assert await refused(post(house.url, "user.list", token)) == NOT_AN_ADMIN
    assert await refused(post(house.url, "user.list")) == (-32001, "not_signed_in")
    assert await refused(post(house.url, "account.suspend", user=tom.id, suspended=True)) == (-32001, "not_signed_in")


async def test_an_admin_cannot_suspend_themself_nor_nobody(house: House) -> None:
    mei = await admin_of(house)
    own = post(house.url, "account.suspend", mei.token, user=mei.id, suspended=True)
    assert await refused(own) == (-32002, "yourself")
    nobody = post(house.url, "account.suspend", mei.token, user="0" * 24, suspended=True)
    assert await refused(nobody) == (-32004, "not_found")
    for after in ("x", "5", "5.", ".x"):
        assert (await refused(post(house.url, "user.list", mei.token, after=after)))[0] == -32602
