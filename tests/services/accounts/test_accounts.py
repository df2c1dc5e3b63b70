"""Signing up, in and out, tokens, bots and leaving for good, as people and attackers meet them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import threading
import time

import msgspec
import pytest
from aiohttp import ClientSession, CookieJar
from yarl import URL

from chatserver.ids import now_ms
from chatserver.rules.accounts import handles, tokens
from chatserver.services.accounts.hashing import NICENESS, Hashing
from chatserver.settings import Accounts as Settings
from chatserver.store.engine import keys
from tests.people import PASSWORD, Person, Refused, gathering, post, sign_up

OTHER_PASSWORD = "cold rain at dawn"


async def refused(authentication) -> Refused:
    with pytest.raises(Refused) as caught:
        await authentication
    return caught.value


async def sign_in(server, handle, password=PASSWORD):
    return await post(server.url, "account.sign_in", handle=handle, password=password, want="token")


class Browser:
    """Cookies, and the page's own origin; ``address`` is where a trusted proxy says that it comes from."""

    def __init__(self, url: str, address: str = "") -> None:
        self.url = url
        self.address = address
        self.session = ClientSession(cookie_jar=CookieJar(unsafe=True))

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.session.close()

    async def call(self, method: str, **params):
        headers = {"Origin": self.url} | ({"X-Forwarded-For": self.address} if self.address else {})
        async with self.session.post(f"{self.url}/api/{method}", json=params, headers=headers) as answer:
            body = await answer.json()
        if "error" in body:
            raise Refused(body["error"])
        return body

    @property
    def cookie(self):
        keys = {cookie.key: cookie for cookie in self.session.cookie_jar}
        return next((cookie for key, cookie in keys.items() if not key.endswith("-device")), None)


async def everything_stored(server) -> bytes:
    """All keys and values of the store, as bytes."""
    found = []
    for key in await server.store.redis.keys("*"):
        kind = await server.store.redis.type(key)
        if kind == b"hash":
            found += [key, *sum((await server.store.redis.hgetall(key)).items(), ())]
        elif kind == b"stream":
            found += [key, repr(await server.store.redis.xrange(key)).encode()]
    return b"\n".join(found)


# --- signing up ------------------------------------------------------------------------------------------------------


async def test_who_signs_up_begins_in_the_hall_with_a_recovery_code_and_a_token(server):
    made = await post(
        server.url, "account.create", handle=" Mei.Lin ", name=" Mei  Lin ", password=PASSWORD, want="token"
    )
    assert made["user"] | {"id": ""} == {"id": "", "handle": "mei.lin", "name": "Mei Lin", "bot": False}
    assert tokens.user_of(made["token"]) == made["user"]["id"]
    assert len(made["recovery"]) == 29
    mei = await Person(server.url, made["token"], made["user"]).start()
    assert [(room["room"], room["role"] in ("member", "moderator")) for room in mei.session["rooms"]] == [
        ("hall", True)
    ]
    assert mei.session["user"]["id"] == mei.id
    await mei.leave()


async def test_a_browser_gets_a_cookie_that_scripts_cannot_read_and_no_token(server):
    async with Browser(server.url) as browser:
        made = await browser.call("account.create", handle="mei", name="Mei", password=PASSWORD)
        assert "token" not in made
        assert browser.cookie["httponly"] and browser.cookie["samesite"] == "Lax"
        listed = await browser.call("login.list")
        assert [(login["kind"], login["current"]) for login in listed["logins"]] == [("browser", True)]
        await browser.call("account.sign_out")
        assert browser.cookie is None
        assert (await refused(browser.call("login.list"))).code == -32001


async def test_no_secret_is_stored_as_it_is(server):
    made = await post(server.url, "account.create", handle="mei", name="Mei", password=PASSWORD, want="token")
    stored = await everything_stored(server)
    assert b"$argon2id$" in stored
    for secret in (PASSWORD, made["token"], made["recovery"], made["recovery"].replace("-", "")):
        assert secret.encode() not in stored


@pytest.mark.parametrize("other", ["mei", "MEI", "mеi", "ｍｅｉ"])
async def test_a_handle_and_what_looks_like_it_is_taken_once(server, other):
    await sign_up(server.url, "mei")
    refusal = await refused(sign_up(server.url, other))
    assert (refusal.code, refusal.reason) in [(-32005, "handle_taken"), (-32602, "handle_mixed_scripts")]


async def test_of_many_who_ask_for_one_handle_at_the_same_moment_one_gets_it(server):
    outcomes = await asyncio.gather(*(sign_up(server.url, "mei") for _ in range(8)), return_exceptions=True)
    won = [outcome for outcome in outcomes if isinstance(outcome, Person)]
    assert len(won) == 1
    assert {outcome.reason for outcome in outcomes if outcome not in won} == {"handle_taken"}
    assert (await sign_in(server, "mei"))["user"]["id"] == won[0].id


async def test_a_handle_whose_sign_up_broke_off_is_free_after_a_minute(server):
    tag = keys.handle(handles.skeleton("mei"))
    await server.store.call("account_handle_take", tag, "f" * 24, now_ms(), "")
    assert (await refused(sign_up(server.url, "mei"))).reason == "handle_taken"
    await server.store.redis.hset(tag, "at", now_ms() - 61_000)
    assert (await sign_up(server.url, "mei")).id != "f" * 24


async def test_a_sign_up_that_a_process_left_behind_is_finished_by_another(server):
    broken = await post(server.url, "account.create", handle="tom", name="Tom", password=PASSWORD, want="token")
    for key in (keys.user(broken["user"]["id"]), keys.user(broken["user"]["id"]) + ":rooms"):
        await server.store.redis.delete(key)
    new = {"user": broken["user"]["id"], "handle": "tom", "name": "Tom", "password": "x"}
    intent = {"id": "e" * 24, "kind": "account.create",
              "arguments": {"new": new, "login": ["", b""], "rooms": ["hall"], "now": now_ms()}}  # fmt: skip
    await server.store.redis.xadd(keys.intents(3), {"intent": msgspec.msgpack.encode(intent)})
    assert await server.stores.intents.take_over(older_than_ms=0) == 1
    found = await post(server.url, "user.get", token=(await sign_up(server.url, "mei")).token, handle="tom")
    assert found["users"][0]["id"] == broken["user"]["id"]
    assert b"hall" in await server.store.redis.hkeys(keys.user(broken["user"]["id"]) + ":rooms")


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"handle": "host"}, "handle", "handle_reserved"),
        ({"handle": "x"}, "handle", "handle_length"),
        ({"name": "call 13800138000"}, "name", "name_digits"),
        ({"password": "short"}, "password", "password_short"),
        ({"password": "password123"}, "password", "password_common"),
        ({"password": "meilin.tea", "handle": "meilin.tea"}, "password", "password_is_handle"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_field(server, changes, path, reason):
    params = {"handle": "mei", "name": "Mei", "password": PASSWORD, "want": "token"} | changes
    refusal = await refused(post(server.url, "account.create", **params))
    assert (refusal.code, refusal.data["path"], refusal.reason) == (-32602, path, reason)


async def test_where_invitations_are_asked_for_one_opens_the_door_once(open_server):
    server = await open_server(community__sign_up="invite")
    stored = server.services.accounts.store
    code, old = await stored.invite(now=now_ms()), await stored.invite(now=now_ms() - 31 * 86_400_000)

    async def come(handle, invite):
        return await post(
            server.url, "account.create", handle=handle, name="X", password=PASSWORD, invite=invite, want="token"
        )

    for wrong in ("", "AAAAA-AAAAA-AAAAA", old):
        assert (await refused(come("mei", wrong))).reason == "no_invite"
    outcomes = await asyncio.gather(*(come(f"guest{n}", code.lower()) for n in range(4)), return_exceptions=True)
    assert sorted(getattr(outcome, "reason", "came") for outcome in outcomes) == ["came"] + ["no_invite"] * 3
    assert (await come("mei", await stored.invite(now=now_ms())))["user"]["handle"] == "mei"


async def test_an_address_makes_only_so_many_accounts_an_hour(open_server):
    server = await open_server(accounts__sign_up_per_address_hour=2)
    await sign_up(server.url, "one")
    await sign_up(server.url, "two")
    refusal = await refused(sign_up(server.url, "three"))
    assert refusal.code == -32029
    assert 0 < refusal.data["retry_after"] <= 1800


async def test_a_table_signs_up_from_one_address_by_an_invitation_as_many_as_it_is_for(open_server):
    server = await open_server(accounts__sign_up_per_address_hour=1)
    ann = await sign_up(server.url, "ann")
    code = (await post(server.url, "invitation.create", ann.token, uses=3))["code"]
    named = {"password": PASSWORD, "want": "token", "invite": code}
    for number in range(3):
        await post(server.url, "account.create", handle=f"guest{number}", name="Guest", **named)
    for wrong in (code, "00000-00000-00000"):
        late = named | {"handle": "late", "name": "Late", "invite": wrong}
        assert (await refused(post(server.url, "account.create", **late))).reason == "rate_limited"
    assert (await post(server.url, "invitation.list", ann.token))["invitations"][0]["used"] == 3


async def test_over_a_websocket_a_token_must_be_asked_for(server):
    visitor = await Person(server.url).connect()
    asked = {"handle": "mei", "name": "Mei", "password": PASSWORD}
    refusal = await refused(visitor.call("account.create", **asked))
    assert (refusal.code, refusal.data["path"]) == (-32602, "want")
    made = await visitor.call("account.create", **asked, want="token")
    started = await visitor.call("session.start", token=made["token"])
    assert started["user"]["handle"] == "mei"
    await visitor.leave()


# --- signing in ------------------------------------------------------------------------------------------------------


async def test_signing_in_gives_a_login_of_its_own(server):
    mei = await sign_up(server.url, "mei")
    again = await sign_in(server, "@MEI")
    assert again["user"]["id"] == mei.id
    assert again["token"] != mei.token
    listed = (await post(server.url, "login.list", again["token"]))["logins"]
    assert sorted(login.get("current", False) for login in listed) == [False, True]
    assert all(login["address"] == "127.0.0.1" and login["created_at"] for login in listed)


async def test_an_unknown_name_and_a_wrong_password_get_the_same_answer_byte_for_byte(server):
    await sign_up(server.url, "mei")
    answers = []
    async with ClientSession() as session:
        for handle in ("mei", "nobody-here", "x", "meі", "\u202e", "host"):
            asked = {"handle": handle, "password": "not the right one"}
            async with session.post(f"{server.url}/api/account.sign_in", json=asked) as answer:
                answers.append((answer.status, await answer.read(), answer.headers.get("Set-Cookie")))
    assert len(set(answers)) == 1
    assert json.loads(answers[0][1])["error"]["data"]["reason"] == "wrong_credentials"


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(open_server):
    server = await open_server(accounts__argon2_memory=19_456, accounts__argon2_passes=2)
    await sign_up(server.url, "mei")

    async def seconds(handle):
        started = time.perf_counter()
        await refused(sign_in(server, handle, "not the right one"))
        return time.perf_counter() - started

    known = unknown = math.inf
    for _ in range(60):  # the least of each is what the machine's other work did not add to
        known, unknown = min(known, await seconds("mei")), min(unknown, await seconds("nobody"))
        if abs(known - unknown) < 0.25 * max(known, unknown):
            break
    assert abs(known - unknown) < 0.5 * max(known, unknown)
    assert unknown > 0.005  # it did hash


async def test_attempts_are_counted_by_name_whether_or_not_it_exists(open_server):
    server = await open_server(accounts__sign_in_name_burst=3, accounts__sign_in_name_per_minute=1)
    await sign_up(server.url, "mei")
    for handle, spelling in (("mei", "@MEI "), ("ghost", "ＧＨＯＳＴ")):
        for asked in (handle, spelling, handle):
            assert (await refused(sign_in(server, asked, "wrong password"))).reason == "wrong_credentials"
        refusal = await refused(sign_in(server, handle))
        assert refusal.code == -32029
        assert 0 < refusal.data["retry_after"] <= 60


HOME, CAFE, AFAR = "203.0.113.9", "198.51.100.7", "192.0.2.66"


@contextlib.asynccontextmanager
async def at_three_places(open_server):
    """mei's browser at home, where she signed up, and a stranger's afar, who has guessed until it was too often."""
    server = await open_server(
        accounts__sign_in_name_burst=2, accounts__sign_in_name_per_minute=0.01, server__trusted_proxies=["127.0.0.1"]
    )
    async with Browser(server.url, HOME) as mei, Browser(server.url, AFAR) as stranger:
        created = await mei.call("account.create", handle="mei", name="Mei", password=PASSWORD)
        await mei.call("account.sign_out")
        guesses = [await guess(stranger) for _ in range(3)]
        assert guesses == ["wrong_credentials", "wrong_credentials", "rate_limited"]
        yield mei, stranger, created["recovery"]


async def guess(browser, password="not the right one"):
    return (await refused(browser.call("account.sign_in", handle="mei", password=password))).reason


async def test_a_stranger_who_guesses_locks_nobody_out_who_has_been_here(open_server):
    async with at_three_places(open_server) as (mei, stranger, code):
        await mei.call("account.sign_in", handle="mei", password=PASSWORD)
        await mei.call("account.sign_out")
        mei.address = CAFE  # the device is known
        await mei.call("account.sign_in", handle="mei", password=PASSWORD)
        await mei.call("account.sign_out")
        async with Browser(mei.url, CAFE) as new:  # the address is
            await new.call("account.recover", handle="mei", password=OTHER_PASSWORD, code=code)
        assert await guess(stranger, OTHER_PASSWORD) == "rate_limited"


async def test_guesses_from_where_somebody_has_been_are_counted_too(open_server):
    async with at_three_places(open_server) as (mei, _, _):
        async with Browser(mei.url, HOME) as neighbour:
            assert [await guess(neighbour) for _ in range(3)] == ["wrong_credentials"] * 2 + ["rate_limited"]
        await mei.call("account.sign_in", handle="mei", password=PASSWORD)  # by the device


async def test_after_a_recovery_only_where_it_came_from_is_known(open_server):
    async with at_three_places(open_server) as (mei, _, code), Browser(mei.url, CAFE) as thief:
        thief.session.cookie_jar.update_cookies(
            {cookie.key: cookie.value for cookie in mei.session.cookie_jar}, URL(mei.url)
        )
        await thief.call("account.sign_in", handle="mei", password=PASSWORD)
        async with Browser(mei.url, HOME) as new:
            await new.call("account.recover", handle="mei", password=OTHER_PASSWORD, code=code)
            assert await guess(thief, OTHER_PASSWORD) == "rate_limited"
            await new.call("account.sign_in", handle="mei", password=OTHER_PASSWORD)


async def test_hashing_gives_way_to_the_event_loop():
    hashing = Hashing(Settings(argon2_memory=8, argon2_passes=1))
    try:
        niceness = await hashing._run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        assert niceness == min(19, os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) + NICENESS)
    finally:
        hashing.close()


async def test_attempts_are_counted_by_address_over_all_processes(open_server):
    limits = {"accounts__sign_in_address_burst": 4, "accounts__sign_in_address_per_minute": 1}
    first, second = await open_server(**limits), await open_server(**limits)
    for n in range(4):
        await refused(sign_in([first, second][n % 2], f"name{n}"))
    for server in (first, second):
        assert (await refused(sign_in(server, "other"))).code == -32029


async def test_a_bot_has_no_password_to_guess(server):
    mei = await sign_up(server.url, "mei")
    await post(server.url, "bot.create", mei.token, handle="teabot", name="Tea")
    for password in ("", PASSWORD):
        assert (await refused(sign_in(server, "teabot", password))).reason == "wrong_credentials"


async def test_a_password_composed_otherwise_is_the_same_password(server):
    await post(server.url, "account.create", handle="mei", name="M", password="cafe\u0301 au lait", want="token")
    assert (await sign_in(server, "mei", "café au lait"))["user"]["handle"] == "mei"


async def test_a_hash_of_older_settings_is_renewed_and_signs_nobody_out(open_server):
    server = await open_server()
    mei = await sign_up(server.url, "mei")
    before = await server.store.redis.hget(keys.user(mei.id), "password")
    stronger = await open_server(accounts__argon2_passes=2)
    await sign_in(stronger, "mei")
    after = await server.store.redis.hget(keys.user(mei.id), "password")
    assert b"t=1" in before and b"t=2" in after
    assert await sign_in(server, "mei")
    assert await post(server.url, "login.list", mei.token)


# --- signing out -----------------------------------------------------------------------------------------------------


async def test_signing_out_closes_the_sockets_of_that_login_and_no_other(server):
    mei = await (await sign_up(server.url, "mei")).start()
    twin = await Person(server.url, mei.token, mei.user).start()
    other = await Person(server.url, (await sign_in(server, "mei"))["token"], mei.user).start()
    await mei.call("account.sign_out")
    assert [await mei.closed(), await twin.closed()] == [4500, 4500]
    await other.call("session.ping")
    assert (await refused(post(server.url, "login.list", mei.token))).reason == "bad_token"
    await other.leave()


async def test_signing_out_reaches_the_other_processes(open_server):
    first, second = await open_server(), await open_server()
    mei = await sign_up(first.url, "mei")
    there = await Person(second.url, mei.token, mei.user).start()
    await post(first.url, "account.sign_out", mei.token)
    assert await there.closed() == 4500


async def test_a_sign_out_that_a_process_did_not_hear_is_found_by_its_check(server):
    mei = await (await sign_up(server.url, "mei")).start()
    login = tokens.login_id(tokens.digest(mei.token))
    await server.store.redis.hdel(keys.user(mei.id) + ":logins", login)
    await server.store.redis.hincrby(keys.user(mei.id), "auth", 1)
    await mei.call("session.ping")
    await server.working.recovery.check_users()
    assert await mei.closed() == 4500


async def test_the_check_leaves_those_alone_whose_logins_stand(server):
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        await post(server.url, "token.create", mei.token, label="x")
        await sign_in(server, "tom")
        await server.working.recovery.check_users()
        await mei.call("session.ping")
        await tom.call("session.ping")


async def test_a_login_that_is_not_used_runs_out_and_one_that_is_used_does_not(server):
    mei = await (await sign_up(server.url, "mei")).start()
    login = tokens.login_id(tokens.digest(mei.token))
    logins = server.services.accounts.login_store
    first = (await logins.of(mei.id, now_ms()))[login]
    used = first.ends_at - 1000
    assert (await logins.prove(mei.token, used)).user == mei.id
    assert (await logins.of(mei.id, used))[login].ends_at == used + 90 * 86_400_000
    with pytest.raises(Exception, match="not valid"):
        await logins.prove(mei.token, used + 90 * 86_400_000)
    assert await logins.of(mei.id, used + 90 * 86_400_000) == {}
    await mei.leave()


async def test_the_login_used_least_recently_makes_room_for_the_hundred_and_first(server):
    mei = await sign_up(server.url, "mei")
    logins, now = server.services.accounts.login_store, now_ms()
    for n in range(100):
        await logins.add(mei.id, logins.new(mei.id, "browser", now + n + 1), now=now + n + 1)
    assert len(await logins.of(mei.id, now)) == 100
    assert (await refused(post(server.url, "login.list", mei.token))).reason == "bad_token"


# --- passwords -------------------------------------------------------------------------------------------------------


async def test_a_new_password_ends_all_other_sign_ins_and_keeps_tokens(server):
    mei = await (await sign_up(server.url, "mei")).start()
    thief = await Person(server.url, (await sign_in(server, "mei"))["token"], mei.user).start()
    script = (await mei.call("token.create", label="script"))["token"]
    await mei.call("account.set_password", old=PASSWORD, new=OTHER_PASSWORD)
    assert await thief.closed() == 4500
    await mei.call("session.ping")
    assert await post(server.url, "token.list", script)
    assert (await refused(sign_in(server, "mei"))).reason == "wrong_credentials"
    assert await sign_in(server, "mei", OTHER_PASSWORD)
    await mei.leave()


async def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(server):
    mei = await sign_up(server.url, "mei")
    wrong = await refused(post(server.url, "account.set_password", mei.token, old="not mine!", new=OTHER_PASSWORD))
    assert (wrong.code, wrong.reason) == (-32002, "wrong_password")
    weak = await refused(post(server.url, "account.set_password", mei.token, old=PASSWORD, new="short"))
    assert (weak.data["path"], weak.reason) == ("new", "password_short")
    assert await sign_in(server, "mei")


async def test_guessing_the_old_password_is_throttled_too(open_server):
    server = await open_server(accounts__sign_in_name_burst=2)
    mei = await sign_up(server.url, "mei")
    for _ in range(2):
        await refused(post(server.url, "account.set_password", mei.token, old="a guess!", new=OTHER_PASSWORD))
    refusal = await refused(post(server.url, "account.close", mei.token, password=PASSWORD))
    assert refusal.code == -32029


async def test_the_recovery_code_sets_a_new_password_once_and_ends_every_login(server):
    made = await post(server.url, "account.create", handle="mei", name="M", password=PASSWORD, want="token")
    script = (await post(server.url, "token.create", made["token"], label="script"))["token"]
    mei = await Person(server.url, made["token"], made["user"]).start()
    typed = made["recovery"].lower().replace("-", " ").replace("0", "o")
    answer = await post(server.url, "account.recover", handle="MEI", code=typed, password=OTHER_PASSWORD)
    assert answer["user"]["id"] == mei.id
    assert answer["recovery"] != made["recovery"]
    assert await mei.closed() == 4500
    assert (await refused(post(server.url, "token.list", script))).code == -32001
    assert await sign_in(server, "mei", OTHER_PASSWORD)
    again = await refused(post(server.url, "account.recover", handle="mei", code=made["recovery"], password=PASSWORD))
    assert (again.code, again.reason) == (-32001, "wrong_credentials")
    assert await post(server.url, "account.recover", handle="mei", code=answer["recovery"], password=PASSWORD)


async def test_a_wrong_code_and_an_unknown_name_get_the_same_answer(server):
    await sign_up(server.url, "mei")
    answers = []
    for handle in ("mei", "nobody"):
        for code in ("", "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"):
            asked = post(server.url, "account.recover", handle=handle, code=code, password=OTHER_PASSWORD)
            answers.append(str(await refused(asked)))
    assert len(set(answers)) == 1


# --- tokens and bots -------------------------------------------------------------------------------------------------


async def test_a_token_is_shown_once_listed_and_revoked_within_a_second(server):
    mei = await (await sign_up(server.url, "mei")).start()
    made = await mei.call("token.create", label="  my   script ")
    script = await Person(server.url, made["token"], mei.user).start()
    listed = (await mei.call("token.list"))["tokens"]
    assert [(token["id"], token["label"], token["kind"]) for token in listed] == [(made["id"], "my script", "token")]
    assert made["token"] not in json.dumps(listed)
    started = time.perf_counter()
    await mei.call("token.revoke", token=made["id"])
    assert await script.closed() == 4501
    assert time.perf_counter() - started < 1
    assert (await mei.call("token.list"))["tokens"] == []
    await mei.call("session.ping")
    await mei.leave()


async def test_a_token_revoked_between_handshake_and_session_begins_none(server):
    mei = await (await sign_up(server.url, "mei")).start()
    made = await mei.call("token.create", label="x")
    late = await Person(server.url, made["token"], mei.user).connect()
    await mei.call("token.revoke", token=made["id"])
    with pytest.raises(ConnectionError):
        await late.call("session.start")
    assert await late.closed() == 4501
    await mei.call("session.ping")
    await mei.leave()


async def test_nobody_ends_the_login_or_token_of_another(server):
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        made = await mei.call("token.create", label="x")
        login = tokens.login_id(tokens.digest(mei.token))
        assert (await refused(tom.call("token.revoke", token=made["id"]))).code == -32004
        assert (await refused(tom.call("login.end", login=login))).code == -32004
        assert (await refused(mei.call("token.revoke", token=login))).code == -32004
        assert await post(server.url, "login.list", made["token"])
        await mei.call("login.end", login=made["id"])
        assert (await refused(post(server.url, "login.list", made["token"]))).code == -32001


@pytest.mark.parametrize("change", [lambda t: t[:-1] + ("a" if t[-1] != "a" else "b"), lambda t: t + "x", lambda t: "x",
                                    lambda t: tokens.new_token(tokens.user_of(t), bytes(20))])  # fmt: skip
async def test_a_forged_token_opens_nothing(server, change):
    mei = await sign_up(server.url, "mei")
    refusal = await refused(post(server.url, "login.list", change(mei.token)))
    assert (refusal.code, refusal.reason) == (-32001, "bad_token")


async def test_a_bot_belongs_to_its_owner_and_says_so(server):
    mei = await sign_up(server.url, "mei")
    made = await post(server.url, "bot.create", mei.token, handle="TeaBot", name="Tea Bot")
    expected = {"handle": "teabot", "name": "Tea Bot", "bot": True, "owner": mei.id}
    assert made["user"] | expected == made["user"]
    bot = await Person(server.url, made["token"], made["user"]).start()
    assert bot.session["user"]["owner"] == mei.id
    assert bot.session["rooms"] == []
    found = await post(server.url, "user.get", mei.token, handle="teabot")
    assert [user | made["user"] for user in found["users"]] == found["users"]
    refusal = await refused(post(server.url, "bot.create", made["token"], handle="grandbot", name="G"))
    assert refusal.reason == "bots_own_no_bots"
    await bot.leave()


async def test_one_has_at_most_twenty_bots_and_a_refused_one_leaves_its_handle_free(server):
    mei = await sign_up(server.url, "mei")
    for n in range(20):
        await post(server.url, "bot.create", mei.token, handle=f"bot{n}", name="B")
    assert (
        await refused(post(server.url, "bot.create", mei.token, handle="onemore", name="B"))
    ).reason == "too_many_bots"
    assert (await sign_up(server.url, "onemore")).user["handle"] == "onemore"


async def test_the_bot_of_the_server_may_have_a_reserved_handle_and_one_token_at_a_time(server):
    accounts = server.services.accounts
    first = await accounts.community_bot("host", "Host")
    second = await accounts.community_bot("host", "Host")
    assert tokens.user_of(first) == tokens.user_of(second)
    assert (await refused(post(server.url, "token.list", first))).code == -32001
    assert len((await post(server.url, "token.list", second))["tokens"]) == 1


# --- profiles --------------------------------------------------------------------------------------------------------


async def test_a_name_changes_once_a_week_and_the_headline_whenever_one_likes(server):
    mei = await sign_up(server.url, "mei")

    async def update(**fields):
        return (await post(server.url, "profile.update", mei.token, **fields))["user"]

    assert (await update(name="Mei Lin"))["name"] == "Mei Lin"
    assert (await update(name="Mei Lin", headline=" Reads  a lot "))["headline"] == "Reads a lot"
    refusal = await refused(update(name="Mei Wang"))
    assert (refusal.code, refusal.reason) == (-32002, "name_too_soon")
    assert 6 * 86_400 < refusal.data["retry_after"] <= 7 * 86_400
    await server.store.redis.hset(keys.user(mei.id), "named_at", now_ms() - 7 * 86_400_000)
    assert (await update(name="Mei Wang"))["name"] == "Mei Wang"
    assert "headline" not in await update(headline="")
    assert (await refused(update(name="see example.com"))).reason == "name_link"


async def test_a_new_name_is_seen_on_what_was_said_before(server):
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        await mei.say("hall", "hello")
        await tom.hears("message.posted", text="hello")
        await mei.call("profile.update", name="Mei the Second")

        async def name_in_history():
            page = await tom.call("message.history", room="hall")
            return page["messages"][-1]["author"]["name"]

        async with asyncio.timeout(5):
            while await name_in_history() != "Mei the Second":
                await asyncio.sleep(0.01)


async def test_users_are_found_by_id_and_by_exact_handle(server):
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    found = await post(server.url, "user.get", mei.token, users=[tom.id, mei.id, "0" * 24, tom.id])
    assert [user["id"] for user in found["users"]] == [tom.id, mei.id]
    (found,) = (await post(server.url, "user.get", mei.token, handle="@TOM"))["users"]
    assert found | tom.user == found
    assert (await refused(post(server.url, "user.get", mei.token, handle="nobody"))).code == -32004
    assert (await refused(post(server.url, "user.get", users=[mei.id]))).code == -32001


# --- leaving for good ------------------------------------------------------------------------------------------------


async def test_a_closed_account_leaves_its_messages_and_nothing_else(server):
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        await mei.call("profile.update", name="Mei Lin", headline="Reads a lot")
        bot = await post(server.url, "bot.create", mei.token, handle="teabot", name="Tea")
        await mei.say("hall", "remember me")
        await tom.hears("message.posted", text="remember me")
        assert (await refused(mei.call("account.close", password="not mine!"))).reason == "wrong_password"
        await mei.call("account.close", password=PASSWORD)
        assert await mei.closed() == 4500
        assert (await tom.hears("member.left"))["user"]["id"] == mei.id
        users = (await tom.call("user.get", users=[mei.id, bot["user"]["id"]]))["users"]
        gone = {"handle": "", "name": "", "closed": True}
        assert [user | gone for user in users] == users
        assert all("headline" not in user and "owner" not in user for user in users)

        async def author():
            return (await tom.call("message.history", room="hall"))["messages"][-1]["author"]

        async with asyncio.timeout(5):
            while (await author())["name"]:
                await asyncio.sleep(0.01)
        assert (await tom.call("message.history", room="hall"))["messages"][-1]["text"] == "remember me"
        assert (await refused(sign_in(server, "mei"))).reason == "wrong_credentials"
        for token in (mei.token, bot["token"]):
            assert (await refused(post(server.url, "login.list", token))).code == -32001
        for word in (b"Reads a lot", b"Mei Lin"):
            assert word not in await everything_stored(server)
        again = await sign_up(server.url, "mei")
        assert again.id != mei.id


async def test_who_leaves_hands_their_room_to_another(server):
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        room = (await mei.call("room.create", title="Tea"))["room"]
        await tom.call("room.join", room=room)
        await mei.call("account.close", password=PASSWORD)
        assert (await tom.hears("member.changed", room=room))["role"] == "owner"


# --- suspended ------------------------------------------------------------------------------------------------------


async def test_a_suspended_user_stays_out_until_it_is_lifted(server):
    stored = server.services.accounts.store
    mei = await (await sign_up(server.url, "mei")).start()
    await stored.set_status(mei.id, "suspended", on=True)
    assert await mei.closed() == 4502
    assert (await refused(post(server.url, "login.list", mei.token))).reason == "suspended"
    assert (await refused(sign_in(server, "mei"))).reason == "suspended"
    assert (await refused(sign_in(server, "mei", "a wrong one"))).reason == "wrong_credentials"
    await stored.set_status(mei.id, "suspended", on=False)
    assert (await refused(post(server.url, "login.list", mei.token))).code == -32001
    assert await sign_in(server, "mei")


async def test_who_becomes_an_admin_comes_back_as_one(server):
    mei = await (await sign_up(server.url, "mei")).start()
    await server.services.accounts.store.set_status(mei.id, "admin", on=True)
    assert await mei.closed() == 4100
    assert (await mei.start()).session["user"]["admin"] is True
    await mei.leave()


# --- hashing ---------------------------------------------------------------------------------------------------------


async def test_a_full_queue_of_passwords_says_so_and_the_loop_goes_on():
    hashing = Hashing(Settings(hash_threads=1, hash_queue=2, argon2_memory=19_456, argon2_passes=4))
    try:
        waiting = [asyncio.ensure_future(hashing.hash("warm tea at dusk")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Exception, match="retry in a moment") as caught:
            await hashing.hash("one too many")
        assert caught.value.code == -32050
        assert not any(task.done() for task in waiting)
        stored = await asyncio.gather(*waiting)
        assert await hashing.verify("warm tea at dusk", stored[0])
        assert not await hashing.verify("cold tea", stored[0])
        assert not await hashing.verify("", "")
        assert not await hashing.verify("x", "no hash at all")
    finally:
        hashing.close()


async def test_a_caller_who_goes_away_keeps_their_place_until_the_hash_is_done():
    hashing = Hashing(Settings(hash_threads=1, hash_queue=1, argon2_memory=19_456, argon2_passes=4))
    try:
        first, second = (asyncio.ensure_future(hashing.hash("warm tea")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        with pytest.raises(Exception, match="retry in a moment"):
            await hashing.hash("one too many")
        assert await second
        assert await hashing.hash("now there is room")
    finally:
        hashing.close()
