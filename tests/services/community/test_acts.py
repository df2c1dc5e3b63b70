"""community.log: the record of acts of moderators and admins, for admins."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from chatserver.app import Server
from chatserver.store.backup.backup import backup
from chatserver.store.backup.restore import restore
from chatserver.store.engine.address import Address
from tests.conftest import OpenServer, blobs_in_memory
from tests.people import PASSWORD, Person, Refused, post, sign_up
from tests.services.accounts.test_people import NOT_AN_ADMIN, admin_of, refused


async def acts(admin: Person, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await post(admin.url, "community.log", admin.token, **asked))["acts"]
    return found


def brief(act: dict[str, Any]) -> tuple[str, ...]:
    user = act.get("user", {}).get("handle", "")
    return act["what"], act["by"]["handle"], act.get("room", ""), user, act.get("detail", "")


async def test_what_moderators_and_admins_do_is_kept_the_newest_first(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    admin = await admin_of(one)
    mei, tom = await sign_up(one.url, "mei"), await sign_up(one.url, "tom")

    async def by(person: Person, method: str, **params: Any) -> Any:
        return await post((one, two)[person is mei].url, method, person.token, **params)

    room = (await by(mei, "room.create", title="Books"))["room"]
    for person in (tom, admin):
        await by(person, "room.join", room=room)
    secret = await by(tom, "message.send", room=room, text="a secret word", client_id="1")
    await by(tom, "message.send", room=room, text="another one", client_id="2")
    await by(mei, "room.set_role", room=room, user=tom.id, role="moderator")
    await by(mei, "message.delete", room=room, seq=secret["seq"])
    await by(tom, "message.delete", room=room, seq=2)  # one's own: nobody's business
    await by(mei, "room.update", room=room, title="Many books")  # an owner's: their own affair
    await by(admin, "room.update", room=room, about="Quietly", slow_mode=1)
    await by(admin, "room.update", room=room, window=True)
    await by(mei, "room.set_role", room=room, user=tom.id, role="member")
    await by(mei, "room.remove", room=room, user=tom.id)
    await by(mei, "room.ban", room=room, user=tom.id, until=9_000_000_000_000)
    await by(mei, "room.unban", room=room, user=tom.id)
    await by(mei, "room.archive", room=room, archived=True)
    await by(admin, "account.suspend", user=tom.id, suspended=True)
    await by(admin, "account.suspend", user=tom.id, suspended=False)
    await by(admin, "community.update", name="Under the plane tree", time_zone="Asia/Shanghai")
    assert [brief(act) for act in reversed(await acts(admin))] == [
        ("room.set_role", "mei", room, "tom", "moderator"),
        ("message.delete", "mei", room, "tom", "1"),
        ("room.update", "admin-mei", room, "", "about, slow_mode"),
        ("room.window", "admin-mei", room, "", "on"),
        ("room.set_role", "mei", room, "tom", "member"),
        ("room.remove", "mei", room, "tom", ""),
        ("room.ban", "mei", room, "tom", "9000000000000"),
        ("room.unban", "mei", room, "tom", ""),
        ("room.archive", "mei", room, "", "on"),
        ("account.suspend", "admin-mei", "", "tom", "on"),
        ("account.suspend", "admin-mei", "", "tom", "off"),
        ("community.update", "admin-mei", "", "", "name, time_zone"),
    ]
    assert all(act["at"] > 1_700_000_000_000 for act in await acts(admin))
    stored = await one.store.redis.xrange("{community}:log")
    assert b"secret" not in msgspec.msgpack.encode(stored) and b"plane" not in msgspec.msgpack.encode(stored)


async def test_a_claim_is_kept_and_what_is_refused_is_not(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    for method, params in (
        ("community.claim", {"code": "x"}),
        ("room.remove", {"room": "hall", "user": mei.id}),
        ("room.archive", {"room": "hall", "archived": True}),
        ("message.delete", {"room": "hall", "seq": 7}),
    ):
        with pytest.raises(Refused):
            await post(server.url, method, tom.token, **params)
    await post(server.url, "community.claim", mei.token, code=(await server.setup_link()).partition("#")[2])
    assert [brief(act) for act in await acts(mei)] == [("community.claim", "mei", "", "", "")]


@pytest.mark.parametrize("packed", [False, True])
async def test_it_is_read_page_by_page(server: Server, packed: bool) -> None:
    admin = await (await admin_of(server, packed=packed)).start()
    for number in range(120):
        await server.stores.community.acts.note(
            str(number), "room.remove", by=admin.id, at=number, room="hall", user="gone"
        )
    seen, before, more = [], "", True
    while more:
        page = await admin.call("community.log", **({"before": before} if before else {}))
        seen += [act["at"] for act in page["acts"]]
        before, more = page["acts"][-1]["id"], page["more"]
    assert seen == list(reversed(range(120)))
    assert (await acts(admin))[0]["user"]["closed"] is True
    for wrong in ("x", "-", "+", "1-1 x", "(1-1"):
        assert (await refused(post(server.url, "community.log", admin.token, before=wrong)))[0] == -32602
    await admin.leave()


async def test_nobody_but_an_admin_reads_it(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    await post(server.url, "room.create", mei.token, title="Mine")
    bot = await post(server.url, "bot.create", mei.token, handle="teabot", name="Tea")
    for token in (mei.token, bot["token"]):
        assert await refused(post(server.url, "community.log", token)) == NOT_AN_ADMIN
    assert await refused(post(server.url, "community.log")) == (-32001, "not_signed_in")


async def test_a_backup_brings_back_who_runs_the_server_and_what_was_done(
    open_server: OpenServer, address: Address, tmp_path: Path
) -> None:
    before = await open_server()
    mei = await sign_up(before.url, "mei")
    await post(before.url, "community.claim", mei.token, code=(await before.setup_link()).partition("#")[2])
    await post(before.url, "community.update", mei.token, name="Under the plane tree")
    told = [brief(act) for act in await acts(mei)]
    await backup(address, tmp_path / "community.backup", blobs_in_memory())
    await before.__aexit__()
    await asyncio.to_thread(flush, address)
    await restore(address, tmp_path / "community.backup", blobs_in_memory())
    after = await open_server()
    signed_in = {"handle": "mei", "password": PASSWORD, "want": "token"}
    mei.url, mei.token = after.url, (await post(after.url, "account.sign_in", **signed_in))["token"]
    assert (await post(after.url, "community.get", mei.token))["name"] == "Under the plane tree"
    assert await after.setup_link() == ""
    assert [brief(act) for act in await acts(mei)] == told
    assert [user["handle"] for user in (await post(after.url, "user.list", mei.token))["users"]] == ["mei"]


def flush(address: Address) -> None:
    with redis.Redis(unix_socket_path=address.path) as link:
        link.flushall()
