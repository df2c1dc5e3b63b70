"""One's own bots, and nobody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.store.accounts.accounts import CloseAccount
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, packed_intent
from tests.conftest import OpenServer
from tests.people import PASSWORD, Person, Refused, gathering, post, sign_up


async def refused(authentication: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await authentication
    return caught.value.code, caught.value.reason


NOT_FOUND = (-32004, "not_found")


async def bot_of(owner: Person, handle: str = "teabot") -> Person:
    made = await post(owner.url, "bot.create", owner.token, handle=handle, name="Tea")
    return Person(owner.url, made["token"], made["user"])


async def listed(owner: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await post(owner.url, "bot.list", owner.token))["bots"]
    return found


@pytest.mark.parametrize("packed", [False, True])
async def test_an_owner_sees_their_bots_and_how_they_can_sign_in(server: Server, packed: bool) -> None:
    mei = await (await sign_up(server.url, "mei", packed=packed)).start()
    first, second = await bot_of(mei, "first-bot"), await bot_of(mei, "second-bot")
    await post(server.url, "token.create", second.token, label="laptop")
    bots = (await mei.call("bot.list"))["bots"]
    assert [bot["user"] for bot in bots] == [first.user, second.user]
    assert [sorted(token["label"] for token in bot["tokens"]) for bot in bots] == [
        ["first token"], ["first token", "laptop"],
    ]  # fmt: skip
    assert first.token not in str(bots)
    assert await listed(await sign_up(server.url, "tom")) == []
    assert await listed(first) == []
    assert await refused(post(server.url, "bot.list")) == (-32001, "not_signed_in")
    await mei.leave()


async def test_a_new_token_ends_all_the_others_at_once_and_on_every_process(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    mei = await sign_up(one.url, "mei")
    bot = await bot_of(mei)
    more = (await post(one.url, "token.create", bot.token, label="laptop"))["token"]
    sockets = [await Person(server.url, token).start() for server in (one, two) for token in (bot.token, more)]
    fresh = (await post(one.url, "bot.renew_token", mei.token, bot=bot.id))["token"]
    assert [await socket.closed() for socket in sockets] == [4501] * 4
    for old in (bot.token, more):
        assert await refused(post(two.url, "login.list", old)) == (-32001, "bad_token")
    assert (await post(two.url, "user.get", fresh, handle="teabot"))["users"][0]["id"] == bot.id
    assert len((await listed(mei))[0]["tokens"]) == 1


async def test_a_closed_bot_is_gone_and_its_place_is_free(server: Server) -> None:
    async with gathering(server.url, "mei") as (mei,):
        bots = [await bot_of(mei, f"bot-{number}") for number in range(20)]
        assert (await refused(bot_of(mei, "bot-20")))[1] == "too_many_bots"
        awake = await bots[0].start()
        await post(server.url, "room.join", awake.token, room="hall")
        await mei.call("bot.close", bot=awake.id)
        assert await awake.closed() == 4501
        assert (await mei.hears("member.left", room="hall"))["user"]["id"] == awake.id
        assert len(await listed(mei)) == 19
        await bot_of(mei, "bot-20")
        assert await refused(mei.call("bot.close", bot=awake.id)) == NOT_FOUND


async def test_another_s_bot_looks_like_no_bot(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    bot, toms = await bot_of(mei), await bot_of(tom, "tombot")
    host = await server.services.accounts.community_bot("host", "Host")
    for authentication, other in ((tom, bot), (bot, bot), (bot, toms), (mei, tom), (mei, mei)):
        for method in ("bot.renew_token", "bot.close"):
            assert await refused(post(server.url, method, authentication.token, bot=other.id)) == NOT_FOUND
    for bot_id in ("0" * 24, host[5:29], "x"):
        assert await refused(post(server.url, "bot.renew_token", mei.token, bot=bot_id)) == NOT_FOUND
    for method in ("bot.renew_token", "bot.close"):
        assert await refused(post(server.url, method, bot=bot.id)) == (-32001, "not_signed_in")
    assert (await post(server.url, "user.get", bot.token, handle="teabot"))["users"][0]["id"] == bot.id


async def test_a_bot_whose_closing_broke_off_is_closed_later(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    bot = await bot_of(mei)
    step = CloseAccount(user=bot.id, handle="teabot", password="", now=1, owner=mei.id)
    left = packed_intent(Intent("left-behind", step))
    await server.store.command(keys.intents(0), "XADD", keys.intents(0), "*", "intent", left)
    await server.store.call("account_close", keys.user(bot.id), 1, "")  # the first part was done; then it stopped
    assert await server.store.redis.hlen(keys.user(mei.id) + ":bots") == 1
    assert await server.stores.intents.take_over(older_than_ms=-1000) == 1
    assert await server.store.redis.hlen(keys.user(mei.id) + ":bots") == 0
    await bot_of(mei)


# --- a new recovery code ---------------------------------------------------------------------------------------------


async def test_a_new_recovery_code_takes_the_place_of_the_old_one(server: Server) -> None:
    made = await post(server.url, "account.create", handle="mei", name="Mei", password=PASSWORD, want="token")
    fresh = (await post(server.url, "account.renew_recovery", made["token"], password=PASSWORD))["recovery"]
    old = post(server.url, "account.recover", handle="mei", code=made["recovery"], password="cold rain at dawn")
    assert await refused(old) == (-32001, "wrong_credentials")
    assert (await post(server.url, "login.list", made["token"]))["logins"], "nobody is signed out by it"
    await post(server.url, "account.recover", handle="mei", code=fresh.lower(), password="cold rain at dawn")


async def test_a_new_recovery_code_asks_for_the_password_and_bots_have_none(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    bot = await bot_of(mei)
    wrong = post(server.url, "account.renew_recovery", mei.token, password="not mine!")
    assert await refused(wrong) == (-32002, "wrong_password")
    assert await refused(post(server.url, "account.renew_recovery", bot.token, password="x")) == (-32002, "no_password")
    assert (await refused(post(server.url, "account.renew_recovery", password=PASSWORD)))[0] == -32001


@pytest.mark.parametrize("limit", ["name", "address"])
async def test_guessing_at_it_is_counted_like_signing_in(open_server: OpenServer, limit: str) -> None:
    server = await open_server(**{f"accounts__sign_in_{limit}_burst": 3, f"accounts__sign_in_{limit}_per_minute": 0.01})
    mei = await sign_up(server.url, "mei")

    async def guess(password: str) -> tuple[int, str]:
        return await refused(post(server.url, "account.renew_recovery", mei.token, password=password))

    guesses = await asyncio.gather(*(guess(f"guess {number}") for number in range(3)))
    assert guesses == [(-32002, "wrong_password")] * 3
    assert await guess(PASSWORD) == (-32029, "rate_limited")
