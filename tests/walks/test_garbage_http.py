"""Broken and malicious requests to the HTTP API."""

from __future__ import annotations

import zlib
from typing import Any

from aiohttp import ClientSession, TCPConnector

from chatserver.app import Server
from tests.walks.strangers import bare, undisturbed

BODIES: dict[str, tuple[dict[str, str], bytes, int]] = {
    "no JSON": ({}, b"nonsense", 400),
    "half of it": ({}, b'{"room": "hall"', 400),
    "a list": ({}, b"[]", 400),
    "null": ({}, b"null", 400),
    "deep": ({}, b"[" * 20_000, 400),
    "not UTF-8": ({}, b'{"room": "\xff"}', 400),
    "a lone surrogate": ({}, b'{"room": "\\ud800"}', 400),
    "another kind": ({"Content-Type": "text/plain"}, b"{}", 400),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, b"room=hall", 400),
    "no kind": ({"Content-Type": ""}, b"{}", 400),
    "an odd charset": ({"Content-Type": "application/json; charset=no-such"}, b'{"room": 1}', 400),
    "too large": ({}, b" " * 65_537, 413),
    "packed and not": ({"Content-Encoding": "gzip"}, b"this is no gzip", 400),
    "packed in an unknown way": ({"Content-Encoding": "no-such"}, b"{}", 400),
    "a bomb": ({"Content-Encoding": "deflate"}, zlib.compress(b" " * 20_000_000), 413),
}


async def test_bodies_that_are_none_are_refused_in_our_own_words(server: Server, caplog: Any) -> None:
    async with (
        undisturbed(server, caplog) as ann,
        ClientSession(connector=TCPConnector(force_close=True)) as session,
    ):
        login = {"Authorization": f"Bearer {ann.token}"}
        for what, (headers, body, status) in BODIES.items():
            all_headers = {"Content-Type": "application/json", **login, **headers}
            async with session.post(f"{server.url}/api/room.members", data=body, headers=all_headers) as answer:
                assert answer.status == status, what
                assert (await answer.json())["error"]["code"] < 0, what
                assert answer.headers["X-Content-Type-Options"] == "nosniff", what


async def test_methods_that_are_none_over_http(server: Server, caplog: Any) -> None:
    async with undisturbed(server, caplog), ClientSession() as session:
        for verb, name, status in (
            ("POST", "no.such", 404), ("POST", "session.start", 404), ("POST", "typing.start", 404),
            ("GET", "community.get", 400), ("PUT", "community.get", 400), ("DELETE", "account.close", 400),
            ("POST", "x" * 3000, 404), ("POST", "%00", 404), ("POST", "%2e%2e%2fetc", 404),
        ):  # fmt: skip
            async with session.request(verb, f"{server.url}/api/{name}") as answer:
                assert answer.status == status, (verb, name)
                assert (await answer.json())["error"]["code"] < 0


async def test_bodies_that_never_come_or_stop_halfway(server: Server, caplog: Any) -> None:
    heads = (
        b"Content-Length: 500\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"Content-Length: -1\r\n\r\n{}",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    )
    async with undisturbed(server, caplog):
        for head in heads:
            async with bare(server) as client:
                client.writer.write(
                    b"POST /api/community.get HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                )
                client.writer.write(head)
                client.writer.write_eof()
                answer = await client.all_of_it()
                assert b" 500 " not in answer.partition(b"\r\n")[0], head


async def test_the_page_s_paths_hold_nothing_but_the_page(server: Server) -> None:
    for path in (
        "/web/../chatserver/app.py",
        "/web/%2e%2e/pyproject.toml",
        "/web//etc/passwd",
        "/web/\\..\\x",
        "/.git",
    ):
        async with bare(server) as client:
            client.writer.write(b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode())
            assert (await client.all_of_it()).startswith(b"HTTP/1.1 404"), path
