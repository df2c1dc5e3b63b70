"""Those who run the community look after the people in it; nobody else can."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import PASSWORD, Person, Refused, post, sign_up

NOT_AN_ADMIN = (-32002, "not_an_admin")


async def refused(authentication: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await authentication
    return caught.value.code, caught.value.reason


async def admin_of(server: Server, handle: str = "admin-mei", **options: Any) -> Person:
    person = await sign_up(server.url, handle, **options)
    await server.services.accounts.store.set_status(person.id, "admin", on=True)
    return person


async def listed(admin: Person, **asked: Any) -> list[str]:
    return [user["handle"] for user in (await post(admin.url, "user.list", admin.token, **asked))["users"]]


async def test_a_suspended_user_is_out_at_once_on_every_process_and_can_come_back(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    mei = await admin_of(one)
    tom = await sign_up(one.url, "tom")
    sockets = [await Person(server.url, tom.token, tom.user).start() for server in (one, two)]
    await post(two.url, "account.suspend", mei.token, user=tom.id, suspended=True)
    assert [await socket.closed() for socket in sockets] == [4502, 4502]
    for server in (one, two):
        assert (await refused(post(server.url, "login.list", tom.token)))[1] == "suspended"
    signing_in = {"handle": "tom", "password": PASSWORD, "want": "token"}
    assert (await refused(post(one.url, "account.sign_in", **signing_in)))[1] == "suspended"
    await post(one.url, "account.suspend", mei.token, user=tom.id, suspended=False)
    assert (await post(two.url, "account.sign_in", **signing_in))["user"]["id"] == tom.id
    assert (await refused(post(one.url, "login.list", tom.token)))[0] == -32001, "a login that ended stays ended"


@pytest.mark.parametrize("packed", [False, True])
async def test_everyone_is_listed_the_newest_first_with_their_status(server: Server, packed: bool) -> None:
    mei = await (await admin_of(server, packed=packed)).start()
    tom = await sign_up(server.url, "tom")
    await post(server.url, "bot.create", tom.token, handle="teabot", name="Tea")
    gone = await sign_up(server.url, "gone")
    await post(server.url, "account.close", gone.token, password=PASSWORD)
    await mei.call("account.suspend", user=tom.id, suspended=True)
    users = (await mei.call("user.list"))["users"]
    assert [user["handle"] for user in users] == ["teabot", "tom", "admin-mei"]
    assert [user.get("suspended", False) for user in users] == [False, True, False]
    assert [user.get("admin", False) for user in users] == [False, False, True]
    assert all(user["since"] > 1_700_000_000_000 for user in users)
    assert users[0]["owner"] == tom.id
    await mei.leave()


async def test_people_are_found_by_the_words_of_handle_and_name(server: Server) -> None:
    mei = await admin_of(server)
    for handle, name in (("tom", "Tom Waits"), ("thomas", "老王"), ("wang", "王小明")):
        await sign_up(server.url, handle, name)
    assert await listed(mei, query="TOM") == ["tom"]
    assert await listed(mei, query="@thom") == ["thomas"]
    assert await listed(mei, query="王") == ["wang", "thomas"]
    assert await listed(mei, query="ｗａｉｔｓ tom") == ["tom"]
    assert await listed(mei, query="waits wang") == []


async def test_the_list_goes_on_page_by_page_without_a_gap_or_a_double(server: Server) -> None:
    mei = await admin_of(server)
    everyone = {mei.id.encode(): 1}
    for number in range(700):
        user = f"{number:024x}"
        await server.store.redis.hset(
            "{u:" + user + "}", mapping={"handle": f"h{number}", "name": "N", "created_at": 5}
        )
        everyone[user.encode()] = 10 + number // 7
    await server.store.redis.delete("{users}:all")
    await server.store.redis.zadd("{users}:all", everyone)
    seen: list[str] = []
    after = ""
    while True:
        page = await post(server.url, "user.list", mei.token, **({"after": after} if after else {}))
        seen += [user["id"] for user in page["users"]]
        assert len(page["users"]) <= 50
        after = page.get("next", "")
        if not after:
            break
    assert len(seen) == len(set(seen)) == 701 and seen[-1] == mei.id
    assert (await post(server.url, "user.list", mei.token, query="h699"))["users"][0]["handle"] == "h699"


async def test_nobody_but_an_admin_lists_or_suspends(server: Server) -> None:
    mei, tom = await admin_of(server), await sign_up(server.url, "tom")
    bot = await post(server.url, "bot.create", tom.token, handle="teabot", name="Tea")
    room = (await post(server.url, "room.create", tom.token, title="Tom's"))["room"]
    await post(server.url, "room.join", mei.token, room=room)
    for token in (tom.token, bot["token"]):
        for user in (mei.id, tom.id, "0" * 24):
            authentication = post(server.url, "account.suspend", token, user=user, suspended=True)
            assert await refused(authentication) == NOT_AN_ADMIN
        assert await refused(post(server.url, "user.list", token)) == NOT_AN_ADMIN
    assert await refused(post(server.url, "user.list")) == (-32001, "not_signed_in")
    assert await refused(post(server.url, "account.suspend", user=tom.id, suspended=True)) == (-32001, "not_signed_in")


async def test_an_admin_cannot_suspend_themself_nor_nobody(server: Server) -> None:
    mei = await admin_of(server)
    own = post(server.url, "account.suspend", mei.token, user=mei.id, suspended=True)
    assert await refused(own) == (-32002, "yourself")
    nobody = post(server.url, "account.suspend", mei.token, user="0" * 24, suspended=True)
    assert await refused(nobody) == (-32004, "not_found")
    for after in ("x", "5", "5.", ".x"):
        assert (await refused(post(server.url, "user.list", mei.token, after=after)))[0] == -32602
