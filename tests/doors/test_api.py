"""The HTTP API: the same services and refusals, matching statuses, and the cookie."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from http.cookies import SimpleCookie
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chatserver import ids
from chatserver.app import Server
from chatserver.protocol.methods import METHODS
from chatserver.rules.friends.tie import DAY_MS
from tests.doors.conftest import Remote
from tests.doors.visiting import Answer, ask, post
from tests.people import PASSWORD, gathering, sign_up

CONNECTIONS_ONLY = {
    "session.start", "session.ping", "typing.start", "presence.watch", "presence.unwatch",
}  # fmt: skip


class Handler:
    """Calls by HTTP as one person, each answer held against the community's own openapi.json."""

    def __init__(self, url: str, document: dict[str, Any], token: str = "") -> None:
        self.url = url
        self.called: set[str] = set()
        self._document = document
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def ask(self, method: str, **params: Any) -> Answer:
        answer = await post(self.url, method, params, **self._headers)
        assert answer.headers["Content-Type"].startswith("application/json")
        described = self._document["paths"][f"/api/{method}"]["post"]["responses"][str(answer.status)]
        schema = described["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": self._document["components"]}).validate(answer.json())
        self.called.add(method)
        return answer

    async def __call__(self, method: str, **params: Any) -> Any:
        answer = await self.ask(method, **params)
        assert answer.status == 200, answer.body
        return answer.json()


async def desk_of(url: str, token: str = "") -> Handler:
    answer = await ask(url, "/api/openapi.json")
    assert answer.headers["Content-Type"].startswith("application/json")
    return Handler(url, answer.json(), token)


def refused(answer: Answer, status: int, code: int, reason: str = "") -> dict[str, Any]:
    """Hold the answer against what was expected; gives the error's data."""
    said = answer.json()
    assert (answer.status, said.keys(), said["error"].keys()) == (status, {"error"}, {"code", "message", "data"})
    assert said["error"]["code"] == code
    assert said["error"]["data"]["reason"] == reason or not reason
    assert said["error"]["message"]
    data: dict[str, Any] = said["error"]["data"]
    return data


# --- every method ----------------------------------------------------------------------------------------------------


async def _accounts(ann: Handler, nobody: Handler) -> None:
    made = await ann("token.create", label="a script")
    await ann("token.list")
    await ann("token.revoke", token=made["id"])
    await nobody("account.sign_in", handle="ann", password=PASSWORD, want="token")
    other = next(login for login in (await ann("login.list"))["logins"] if not login.get("current"))
    await ann("login.end", login=other["id"])
    await ann("bot.create", handle="echo", name="Echo")
    await nobody("handle.suggest", name="Echo")
    other_bot = (await ann("bot.create", handle="gong", name="Gong"))["user"]["id"]
    await ann("bot.renew_token", bot=other_bot)
    await ann("bot.list")
    await ann("bot.close", bot=other_bot)
    await ann("account.renew_recovery", password=PASSWORD)
    await ann("profile.update", headline="Reads in the evening")
    await ann("user.get", handle="ann")
    new = "cold tea at dawn"
    await ann("account.set_password", old=PASSWORD, new=new)
    zoe = await nobody("account.create", handle="zoe", name="Zoe", password=PASSWORD, want="token")
    recovered = await nobody("account.recover", handle="zoe", code=zoe["recovery"], password=new)
    assert recovered["user"]["handle"] == "zoe"


async def _rooms(ann: Handler, bob: Handler, bob_id: str) -> None:
    room = (await ann("room.create", title="Quiet corner", kind="closed", tags=["reading"]))["room"]
    link = (await ann("room.link", room=room))["link"]
    await bob("room.join", room=room, link=link)
    await ann("room.update", room=room, about="For slow afternoons", slow_mode=0)
    await ann("room.members", room=room)
    await ann("room.set_role", room=room, user=bob_id, role="moderator")
    await ann("room.notify", room=room, level="mentions")
    sent = await bob("message.send", room=room, text="hello", client_id="1")
    assert (await bob("message.send", room=room, text="hello", client_id="1"))["duplicate"] is True
    await bob("message.edit", room=room, seq=sent["seq"], text="good evening")
    await ann("message.history", room=room)
    await ann("read.mark", room=room, seq=sent["seq"])
    await ann("message.react", room=room, seq=sent["seq"], emoji="🌱")
    await bob("message.reactors", room=room, seq=sent["seq"], emoji="🌱")
    await ann("message.pin", room=room, seq=sent["seq"], pinned=True)
    await bob("room.pins", room=room)
    await bob("message.hide_previews", room=room, seq=sent["seq"])
    await bob("message.search", query="evening")
    await bob("message.get", room=room, seqs=[sent["seq"]])
    await ann("message.unreact", room=room, seq=sent["seq"], emoji="🌱")
    await _topics(ann, room, sent["seq"])
    await ann("message.delete", room=room, seq=sent["seq"])
    assert (await ann("message.history", room=room))["messages"][0]["deleted"] is True
    await ann("room.remove", room=room, user=bob_id)
    await ann("room.ban", room=room, user=bob_id)
    await ann("room.bans", room=room)
    await ann("room.unban", room=room, user=bob_id)
    echo = (await ann("user.get", handle="echo"))["users"][0]["id"]
    await ann("room.invite", room=room, user=echo)
    await ann("room.archive", room=room, archived=True)
    await bob("room.leave", room="hall")
    await bob("room.discover", query="tea")


async def _topics(ann: Handler, room: str, seq: int) -> None:
    topic = (await ann("topic.create", room=room, title="Oolong", text="Which one?", client_id="t"))["topic"]["id"]
    await ann("message.move", room=room, seqs=[seq], topic=topic)
    await ann("topic.update", room=room, topic=topic, closed=True, note="Said all")
    await ann("topic.notify", room=room, topic=topic, level="none")
    assert len((await ann("topic.list", room=room, closed=True))["topics"]) == 1
    await ann("message.move", room=room, seqs=[seq], topic="")
    await ann("topic.delete", room=room, topic=topic)


async def _friends(ann: Handler, bob: Handler, ann_id: str, bob_id: str) -> Handler:
    await bob("room.join", room="hall")
    for service in (ann, bob):
        await service("message.send", room="hall", text="hello", client_id="hall")
    poke = {"room": "hall", "gesture": "hi"}
    sent = (await ann("poke.send", to=bob_id, **poke))["sent"]
    await ann("poke.withdraw", poke=sent["poke"])
    cat = await sign_up(ann.url, "cat")
    cats = await desk_of(ann.url, cat.token)
    await cats("message.send", room="hall", text="hello", client_id="hall")
    await cats("poke.send", to=ann_id, **poke)
    await ann("poke.dismiss", poke=(await ann("poke.list"))["received"][0]["poke"])
    await ann("poke.allow", **{"from": "answered"})
    await cats("poke.send", to=bob_id, **poke)
    tie = await bob("poke.return", poke=(await bob("poke.list"))["received"][0]["poke"])
    tie = await bob("curtain.draw", tie=tie["tie"])
    for service in (bob, cats):
        await service("curtain.answer", tie=tie["tie"], card=tie["curtain"]["card"], text="A window seat")
    code = (await cats("met.show"))["code"]
    await bob("met.enter", code=code)
    await bob("met.confirm", user=cat.id)
    assert (await cats("met.confirm", user=bob_id))["rung"] == "friend"
    await bob("card.update", company="Riverside")
    for service, other in ((bob, cat.id), (cats, bob_id)):
        await service("card.offer", user=other)
    assert (await cats("card.get", user=bob_id))["company"] == "Riverside"
    for method in ("card.take_back", "tie.get", "tie.step_back", "block.add", "block.remove"):
        await bob(method, user=cat.id)
    for method in ("tie.rest", "tie.show_seen"):
        await bob(method, user=cat.id, on=False)
    await bob("tie.note", user=cat.id, note="the window seat")
    shared = (await bob("invitation.create", uses=2))["code"]
    await ann("invitation.get", code=shared)
    await ann("invitation.accept", code=shared)
    talk = (await bob("invitation.confirm", user=ann_id, yes=True))["room"]
    for day in range(2):
        ids.move_clock(day * DAY_MS)
        for service in (ann, bob):
            await service("message.send", room=talk, text="hello", client_id=f"day {day}")
    await bob("tie.want", user=ann_id, yes=True)
    ids.move_clock(0)
    for method in ("tie.list", "block.list", "inbox.list", "invitation.list"):
        await bob(method)
    await bob("inbox.mark", seq=1)
    await bob("user.search", query="window")
    await bob("invitation.withdraw", id=(await bob("invitation.create"))["id"])
    echo = (await bob("user.get", handle="echo"))["users"][0]["id"]
    await bob("direct.open", bot=echo)
    await bob("direct.close", bot=echo)
    asked = await bob("question.get")
    await bob("question.answer", question=asked["id"], text="Rain", client_id="q")
    return cats


async def _community(ann: Handler, code: str) -> None:
    await ann("community.claim", code=code)
    await ann("community.update", name="Under the plane tree")
    somebody = (await ann("user.list", query="zoe"))["users"][0]
    await ann("account.suspend", user=somebody["id"], suspended=True)
    await ann("community.log")


async def test_every_answer_is_what_the_document_says(server: Server) -> None:
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    services = [await desk_of(server.url, token) for token in (ann.token, bob.token, "")]
    await services[2]("community.get")
    await _accounts(services[0], services[2])
    await _rooms(services[0], services[1], bob.id)
    services.append(await _friends(services[0], services[1], ann.id, bob.id))
    await _community(services[0], (await server.setup_link()).partition("#")[2])
    await services[0]("account.sign_out")
    assert (await services[0].ask("login.list")).status == 401
    await services[1]("account.close", password=PASSWORD)
    called = set().union(*(service.called for service in services))
    assert called == METHODS.keys() - CONNECTIONS_ONLY


async def test_every_event_is_what_the_document_says(server: Server) -> None:
    document = (await ask(server.url, "/api/openrpc.json")).json()
    described = {event["name"]: event["params"] for event in document["x-events"]}
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await bob.call("presence.watch", room="hall")
        sent = await ann.say("hall", "hello @bob")
        await ann.call("message.edit", room="hall", seq=sent["seq"], text="hello")
        await ann.call("typing.start", room="hall")
        await ann.call("room.update", room="hall", about="Sit down")
        await bob.hears("message.changed", text="hello")
        await bob.hears("typing.started")
        await bob.hears("room.changed", about="Sit down")
        await ann.call("room.leave", room="hall")
        await bob.hears("member.left")
        kinds = {event["method"] for event in bob.events}
        for event in ann.events + bob.events:
            schema = {**described[event["method"]], "components": document["components"]}
            Draft202012Validator(schema).validate(event["params"])
    assert {"message.posted", "message.changed", "typing.started", "room.changed", "member.left"} <= kinds


# --- statuses --------------------------------------------------------------------------------------------------------


async def test_400_names_what_cannot_be_read_or_does_not_fit(server: Server) -> None:
    refused(await post(server.url, "account.sign_in", b"{"), 400, -32700, "parse")
    refused(await post(server.url, "account.sign_in", b'{"handle": "\xff"}'), 400, -32700, "parse")
    refused(await post(server.url, "account.sign_in", b"not gzip", Content_Encoding="gzip"), 400, -32700, "parse")
    refused(await post(server.url, "account.sign_in", []), 400, -32602)
    data = refused(await post(server.url, "account.sign_in", {"handle": "ann"}), 400, -32602, "params")
    assert data["path"] == "password"
    refused(await post(server.url, "community.get", b"{}", Content_Type="text/plain"), 400, -32600, "request")
    refused(
        await post(server.url, "community.get", b"a=1", Content_Type="application/x-www-form-urlencoded"), 400, -32600
    )
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        refused(await ask(server.url, "/api/community.get", method), 400, -32600, "request")


async def test_401_asks_for_a_login(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    for headers in (
        {},
        {"Authorization": "Bearer chat_nobody"},
        {"Authorization": f"Basic {ann.token}"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {ann.token}x"},
        {"Authorization": "Bearer \xff\xfe"},
    ):
        answer = await post(server.url, "login.list", **headers)
        refused(answer, 401, -32001, "bad_token" if headers.get("Authorization", "").startswith("Bearer ") else "")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    wrong = await post(server.url, "account.sign_in", {"handle": "ann", "password": "not this one"})
    nobody = await post(server.url, "account.sign_in", {"handle": "nobody", "password": "not this one"})
    assert (wrong.status, wrong.body) == (nobody.status, nobody.body)
    assert "Set-Cookie" not in wrong.headers


async def test_403_and_404_tell_apart_only_what_may_be_known(server: Server) -> None:
    ann, bob = await desk_of(server.url, (await sign_up(server.url, "ann")).token), await sign_up(server.url, "bob")
    other = await desk_of(server.url, bob.token)
    opened, closed = [(await ann("room.create", title=kind, kind=kind))["room"] for kind in ("open", "closed")]
    refused(await other.ask("room.update", room=opened, title="Mine"), 403, -32003, "not_a_member")
    refused(await other.ask("message.send", room=opened, text="hello", client_id="1"), 403, -32003, "not_a_member")
    await other("room.join", room=opened)
    refused(await other.ask("room.update", room=opened, title="Mine"), 403, -32002)
    secret = await other.ask("message.send", room=closed, text="hello", client_id="1")
    nothing = await other.ask("message.send", room="f" * 24, text="hello", client_id="1")
    refused(secret, 404, -32004, "not_found")
    assert (secret.status, secret.body) == (nothing.status, nothing.body)


async def test_404_is_for_methods_that_are_not_here(server: Server) -> None:
    for method in (*CONNECTIONS_ONLY, "room.burn", "session", "openapi.yaml", "%ff", "x" * 500):
        refused(await post(server.url, method, {}), 404, -32601, "method")
        refused(await ask(server.url, f"/api/{method}"), 404, -32601, "method")


def test_the_methods_of_a_connection_are_those_of_the_contract() -> None:
    assert {row.name for row in METHODS.values() if row.connection} == CONNECTIONS_ONLY


async def test_409_is_for_conflicts(server: Server) -> None:
    ann = await desk_of(server.url, (await sign_up(server.url, "ann")).token)
    refused(await ann.ask("account.create", handle="ann", name="Ann", password=PASSWORD), 409, -32005)
    await ann("message.send", room="hall", text="one", client_id="1")
    refused(await ann.ask("message.send", room="hall", text="two", client_id="1"), 409, -32005)


async def test_413_is_for_what_is_too_large(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    service = await desk_of(server.url, ann.token)
    assert refused(await service.ask("message.send", room="hall", text="x" * 4001, client_id="1"), 413, -32006)["limit"]
    whole = await post(server.url, "community.get", b" " * 65_534 + b"{}")
    assert whole.status == 200
    for body in (b" " * 65_535 + b"{}", b"x" * 200_000):
        assert refused(await post(server.url, "community.get", body), 413, -32006, "too_large")["limit"] == 65_536
    chunked = b"10001\r\n" + b" " * 0x10001 + b"\r\n0\r\n\r\n"
    answer = await ask(
        server.url,
        "/api/community.get",
        "POST",
        body=chunked,
        Content_Type="application/json",
        Transfer_Encoding="chunked",
    )
    refused(answer, 413, -32006, "too_large")


async def test_413_is_for_a_small_body_that_unpacks_to_a_large_one(server: Server) -> None:
    packed = gzip.compress(b" " * 20_000_000)
    assert len(packed) < 65_536
    answer = await post(server.url, "community.get", packed, Content_Encoding="gzip")
    refused(answer, 413, -32006, "too_large")


async def test_429_says_when_to_come_back(open_server) -> None:
    server = await open_server(limits__user_sends_burst=1, limits__user_sends_per_second=0.0137)
    ann = await desk_of(server.url, (await sign_up(server.url, "ann")).token)
    await ann("message.send", room="hall", text="one", client_id="1")
    answer = await ann.ask("message.send", room="hall", text="two", client_id="2")
    data = refused(answer, 429, -32029, "rate_limited")
    assert 60 < data["retry_after"] <= 73
    assert data["retry_after"] <= int(answer.headers["Retry-After"]) <= data["retry_after"] + 1


async def test_429_is_for_one_address_that_asks_too_often(open_server) -> None:
    server = await open_server(limits__requests_burst=3, limits__requests_per_second=0.01)
    answers = [await post(server.url, "community.get") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3].headers["Retry-After"]) > 50


async def test_who_asks_too_often_costs_the_store_no_proof_of_a_token(open_server) -> None:
    server = await open_server(limits__requests_burst=3, limits__requests_per_second=0.01)
    wrong = await desk_of(server.url, "no-such-token")
    answers = [await wrong.ask("community.get") for _ in range(4)]
    assert [answer.status for answer in answers] == [401, 401, 401, 429]


async def test_requests_that_wait_for_each_other_do_not_each_wait_for_the_store(remote: Remote) -> None:
    ann = await (await sign_up(remote.url, "ann")).start()
    await ann.say("hall", "first")
    await remote.take_store_away()
    began = time.monotonic()
    asked = [await ann.ask("message.edit", room="hall", seq=1, text=f"edit {number}") for number in range(12)]
    asked.append(await ann.ask("message.send", room="hall", text="behind them", client_id="last"))
    answers = await asyncio.gather(*asked)
    assert {answer["error"]["data"]["reason"] for answer in answers} == {"unavailable"}
    assert time.monotonic() - began < 2  # of 13 times 0.3 s
    await remote.give_store_back()
    async with asyncio.timeout(10):
        await remote.server.store.ready.wait()
    await ann.say("hall", "behind them", "last")
    await ann.leave()


async def test_503_is_for_a_store_that_is_away(remote: Remote) -> None:
    ann = await sign_up(remote.url, "ann")
    service = await desk_of(remote.url, ann.token)
    await remote.take_store_away()
    refused(await service.ask("message.send", room="hall", text="hello", client_id="1"), 503, -32050, "unavailable")
    refused(await service.ask("login.list"), 503, -32050, "unavailable")
    assert (await post(remote.url, "community.get")).status == 200
    await remote.give_store_back()
    await remote.server.store.ready.wait()
    assert (await service("message.send", room="hall", text="hello", client_id="1"))["seq"] == 1


# --- the cookie ------------------------------------------------------------------------------------------------------


def cookie_in(answer: Answer, *, device: bool = False) -> Any:
    cookies = [*SimpleCookie("; ".join(answer.headers.getall("Set-Cookie"))).values()]
    (cookie,) = [cookie for cookie in cookies if cookie.key.endswith("-device") is device]
    return cookie


async def _sign_up_here(server: Server) -> dict[str, str]:
    """Headers of a page of ours whose reader has signed up."""
    answer = await post(server.url, "account.create", {"handle": "ann", "name": "Ann", "password": PASSWORD})
    assert "token" not in answer.json()
    return {"Cookie": f"{cookie_in(answer).key}={cookie_in(answer).value}", "Origin": server.url}


@pytest.mark.parametrize("method", ["account.create", "account.sign_in"])
async def test_signing_in_sets_a_cookie_that_no_script_can_read(server: Server, method: str) -> None:
    if method == "account.sign_in":
        await sign_up(server.url, "ann")
    answer = await post(server.url, method, {"handle": "ann", "name": "Ann", "password": PASSWORD})
    for device, days in ((False, 90), (True, 400)):
        cookie = cookie_in(answer, device=device)
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Lax", "/", "")
        assert int(cookie["max-age"]) == days * 86_400
        assert cookie["domain"] == ""
        assert cookie.value.encode() not in answer.body


async def test_who_wants_a_token_gets_no_cookie(server: Server) -> None:
    params = {"handle": "ann", "name": "Ann", "password": PASSWORD, "want": "token"}
    for method in ("account.create", "account.sign_in"):
        answer = await post(server.url, method, params)
        assert "Set-Cookie" not in answer.headers
        assert answer.json()["token"].startswith("chat_")


@pytest.mark.parametrize(
    ("method", "params"), [("account.sign_out", {}), ("account.close", {"password": PASSWORD})], ids=["out", "close"]
)
async def test_signing_out_takes_the_cookie_away(server: Server, method: str, params: dict[str, str]) -> None:
    headers = await _sign_up_here(server)
    assert (await post(server.url, "login.list", **headers)).status == 200
    answer = await post(server.url, method, params, **headers)
    cookie = cookie_in(answer)
    assert (answer.status, cookie.value, cookie["max-age"], cookie["path"]) == (200, "", "0", "/")
    after = await post(server.url, "login.list", **headers)
    refused(after, 401, -32001, "not_signed_in")


async def test_a_cookie_opens_a_socket_to_a_page_of_ours_and_to_no_other(server: Server) -> None:
    headers = await _sign_up_here(server)
    url = server.url.replace("http", "ws", 1) + "/ws"
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        await socket.send('{"id": 1, "method": "session.start"}')
        started = json.loads(await socket.recv())
    assert started["result"]["user"]["handle"] == "ann"
    for origin in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {}):
        with pytest.raises(InvalidStatus) as caught:
            await connect(url, additional_headers={"Cookie": headers["Cookie"], **origin}, proxy=None)
        assert caught.value.response.status_code == 403


async def test_a_cookie_works_for_a_page_of_ours_and_for_no_other(server: Server) -> None:
    headers = await _sign_up_here(server)
    assert (await post(server.url, "login.list", **headers)).status == 200
    for origin in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {}):
        answer = await post(server.url, "login.list", **{"Cookie": headers["Cookie"], **origin})
        refused(answer, 403, -32002, "origin")


async def test_a_program_that_names_itself_in_bytes_that_are_no_text_can_sign_in(server: Server) -> None:
    await sign_up(server.url, "ann")
    params = {"handle": "ann", "password": PASSWORD, "want": "token"}
    answer = await post(server.url, "account.sign_in", params, User_Agent="caf\xe9 \xff\xfe")
    service = await desk_of(server.url, answer.json()["token"])
    agents = {login.get("agent", "") for login in (await service("login.list"))["logins"]}
    assert "caf? ??" in agents
