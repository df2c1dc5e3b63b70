"""Authentication: origins, cookies, forged requests, proxies, and the security headers."""

from __future__ import annotations

import contextlib
from http.cookies import SimpleCookie
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError
from multidict import CIMultiDict

from chatserver.app import Server
from tests.people import PASSWORD, post, sign_up

PROXIED = {"server__trusted_proxies": ["127.0.0.1"]}


async def cookie_of(server: Server, handle: str = "ann", **headers: str) -> tuple[str, str, str]:
    """Sign up as a browser does; gives the whole Set-Cookie header, the cookie's name and its value."""
    params = {"handle": handle, "name": handle.title(), "password": PASSWORD}
    async with (
        ClientSession() as session,
        session.post(f"{server.url}/api/account.create", json=params, headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()
        header = answer.headers["Set-Cookie"]
    ((name, morsel),) = SimpleCookie(header).items()
    return header, name, morsel.value


async def handshake(server: Server, headers: CIMultiDict[str]) -> int:
    """The status of a WebSocket handshake; 101 where the connection also knows its user if it should."""
    async with ClientSession() as session:
        try:
            async with session.ws_connect(f"{server.url}/ws", headers=headers) as socket:
                assert isinstance(socket, ClientWebSocketResponse)
                return 101
        except WSServerHandshakeError as refused:
            return refused.status


async def signed_in(server: Server, headers: CIMultiDict[str]) -> bool:
    async with ClientSession() as session, session.ws_connect(f"{server.url}/ws", headers=headers) as socket:
        await socket.send_json({"id": 1, "method": "session.start"})
        return "user" in (await socket.receive_json())["result"]


def _host(server: Server) -> str:
    return server.url.removeprefix("http://")


def _foreign(server: Server) -> list[str]:
    host = _host(server)
    name, _, port = host.partition(":")
    return [
        "https://evil.example", "null", "", "file://", f"https://{host}", f"http://{name}", f"http://{name}:1{port}",
        f"http://{host}.evil.example", f"http://evil.example/{host}", f"http://{host}@evil.example",
        f"http://evil{host}", f"http://{host}:80", f"http://{host} http://evil.example", f"http://sub.{host}",
        f"ws://{host}", host, f"http://{host}/", "http://[::1]", "http://127.0.0.1.nip.example", "*",
    ]  # fmt: skip


async def test_a_cookie_works_from_our_own_page_and_from_no_other(server: Server) -> None:
    _, name, value = await cookie_of(server)
    cookie = f"{name}={value}"
    assert await signed_in(server, CIMultiDict(Cookie=cookie, Origin=server.url))
    assert await handshake(server, CIMultiDict(Cookie=cookie, Origin=server.url.upper().replace("HTTP", "http"))) == 101
    for origin in _foreign(server):
        assert await handshake(server, CIMultiDict(Cookie=cookie, Origin=origin)) == 403, origin
    assert await handshake(server, CIMultiDict(Cookie=cookie)) == 403
    for site, status in {"cross-site": 403, "same-site": 403, "same-origin": 101, "none": 101}.items():
        assert await handshake(server, CIMultiDict({"Cookie": cookie, "Sec-Fetch-Site": site})) == status, site


async def test_without_a_cookie_a_foreign_page_is_refused_and_a_program_is_not(server: Server) -> None:
    for origin in _foreign(server):
        assert await handshake(server, CIMultiDict(Origin=origin)) == 403, origin
    assert await handshake(server, CIMultiDict()) == 101


async def test_a_token_needs_no_origin_and_a_wrong_one_is_refused_with_any(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    token = f"Bearer {ann.token}"
    assert await signed_in(server, CIMultiDict(Authorization=token))
    assert await handshake(server, CIMultiDict(Authorization=token, Origin="https://elsewhere.example")) == 101
    for wrong in ("Bearer nonsense", f"Bearer {ann.token}x", "Bearer"):
        assert await handshake(server, CIMultiDict(Authorization=wrong, Origin=server.url)) == 401, wrong


async def test_a_proxy_s_own_password_leaves_the_cookie_its_login(server: Server) -> None:
    _, name, value = await cookie_of(server)
    for other in ("Basic dXNlcjpwYXNz", 'Digest username="a"', "Negotiate abc"):
        headers = CIMultiDict(Authorization=other, Origin=server.url, Cookie=f"{name}={value}")
        assert await signed_in(server, headers), other
        assert await handshake(server, CIMultiDict(Authorization=other, Origin="https://elsewhere.example")) == 403


async def test_a_cookie_that_proves_nothing_any_more_is_a_visitor(server: Server) -> None:
    _, name, value = await cookie_of(server)
    headers = CIMultiDict({"Cookie": f"{name}={value}", "Origin": server.url})
    sign_out = f"{server.url}/api/account.sign_out"
    async with ClientSession() as session, session.post(sign_out, json={}, headers=headers) as answer:
        assert answer.status == 200
        gone = SimpleCookie(answer.headers["Set-Cookie"])[name]
        assert (gone.value, gone["max-age"], gone["path"]) == ("", "0", "/")
    assert not await signed_in(server, headers)


async def test_further_origins_are_those_of_the_settings(open_server: Any) -> None:
    server = await open_server(
        server__origins=["https://app.example"], server__public_url="https://chat.example.org", **PROXIED
    )
    _, name, value = await cookie_of(server)
    for origin, status in {
        "https://app.example": 101, "https://chat.example.org": 101, "https://app.example.evil.example": 403,
        "http://app.example": 403, "https://app.example:444": 403,
    }.items():  # fmt: skip
        assert await handshake(server, CIMultiDict(Cookie=f"{name}={value}", Origin=origin)) == status, origin


# --- the cookie ------------------------------------------------------------------------------------------------------


async def test_the_cookie_is_for_this_site_s_requests_only(server: Server) -> None:
    header, name, value = await cookie_of(server)
    flags = {flag.strip().lower() for flag in header.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert "secure" not in flags
    assert not any(flag.startswith("domain") for flag in flags)
    assert name == f"chatserver-{server.url.rpartition(':')[2]}"
    assert len(value) >= 32 and len(f"{name}={value}") < 4096
    _, _, other = await cookie_of(server, "bob")
    assert other != value


async def test_under_tls_the_cookie_is_bound_to_host_and_transport(open_server: Any) -> None:
    server = await open_server(**PROXIED)
    header, name, _ = await cookie_of(server, **{"X-Forwarded-Proto": "https"})
    flags = {flag.strip().lower() for flag in header.split(";")[1:]}
    assert name == f"__Host-chatserver-{server.url.rpartition(':')[2]}"
    assert {"httponly", "samesite=lax", "path=/", "secure"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)


async def test_what_a_stranger_says_of_tls_and_addresses_is_not_believed(server: Server) -> None:
    header, name, _ = await cookie_of(server, **{"X-Forwarded-Proto": "https"})
    assert name.startswith("chatserver") and "Secure" not in header
    async with ClientSession() as session:
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        async with session.get(f"{server.url}/", headers=headers) as answer:
            assert "Strict-Transport-Security" not in answer.headers
    ann = await sign_up(server.url, "bob")
    assert {login["address"] for login in (await post(server.url, "login.list", ann.token))["logins"]} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, 127.0.0.1"], "203.0.113.9"),
        # A proxy that adds a line of its own instead of lengthening what the client sent.
        (["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        (["nonsense, 203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, nonsense"], "127.0.0.1"),
        (["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9:51234"], "203.0.113.9"),
        (["[2001:db8:1:2::1]:51234"], "2001:db8:1:2::/64"),
        (["[2001:db8:1:2::1]"], "2001:db8:1:2::/64"),
    ],
)
async def test_behind_a_trusted_proxy_the_address_is_the_last_that_it_vouches_for(
    open_server: Any, lines: list[str], seen: str
) -> None:
    server = await open_server(**PROXIED)
    params = {"handle": "ann", "name": "Ann", "password": PASSWORD, "want": "token"}
    headers = CIMultiDict([("X-Forwarded-For", line) for line in lines])
    async with (
        ClientSession() as session,
        session.post(f"{server.url}/api/account.create", json=params, headers=headers) as answer,
    ):
        token = (await answer.json())["token"]
    (login,) = (await post(server.url, "login.list", token))["logins"]
    assert login["address"] == seen


async def test_the_last_of_several_words_about_tls_counts(open_server: Any) -> None:
    server = await open_server(**PROXIED)
    for lines, secure in ((["http", "https"], True), (["https", "http"], False), (["https, http"], False)):
        headers = CIMultiDict([("X-Forwarded-Proto", line) for line in lines])
        async with ClientSession() as session, session.get(f"{server.url}/", headers=headers) as answer:
            assert ("Strict-Transport-Security" in answer.headers) is secure, lines


# --- forged requests -------------------------------------------------------------------------------------------------


async def test_a_page_elsewhere_cannot_call_the_api_with_our_cookie(server: Server) -> None:
    _, name, value = await cookie_of(server)
    cookie = {"Cookie": f"{name}={value}"}
    forged: list[dict[str, str]] = [{"Origin": origin} for origin in _foreign(server)]
    forged += [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}]
    forged += [{"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}]
    async with ClientSession() as session:
        for headers in forged:
            call = session.post(
                f"{server.url}/api/profile.update", json={"headline": "hacked"}, headers={**cookie, **headers}
            )
            async with call as answer:
                assert answer.status == 403, headers
                assert (await answer.json())["error"]["data"]["reason"] == "origin", headers
        async with session.post(
            f"{server.url}/api/user.get", json={"handle": "ann"}, headers={**cookie, "Origin": server.url}
        ) as answer:
            assert "headline" not in (await answer.json())["users"][0]
        for verb in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
            async with session.request(
                verb, f"{server.url}/api/account.sign_out", headers={**cookie, "Origin": server.url}
            ) as answer:
                assert answer.status == 400, verb


async def test_a_form_s_kinds_of_body_are_refused_even_from_our_own_page(server: Server) -> None:
    _, name, value = await cookie_of(server)
    headers = {"Cookie": f"{name}={value}", "Origin": server.url}
    async with ClientSession() as session:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            call = session.post(
                f"{server.url}/api/profile.update", data=b'{"headline": "x"}', headers={**headers, "Content-Type": kind}
            )
            async with call as answer:
                assert answer.status == 400, kind


async def test_no_answer_lets_another_origin_read_it(server: Server) -> None:
    async with ClientSession() as session:
        for path in ("/", "/api/community.get", "/api/openapi.json"):
            async with session.options(
                f"{server.url}{path}",
                headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
            ) as answer:
                assert "Access-Control-Allow-Origin" not in answer.headers, path


# --- headers ---------------------------------------------------------------------------------------------------------

ROUTES = (
    ("GET", "/"), ("GET", "/room/hall"), ("GET", "/sign-in"), ("GET", "/web/main.js"), ("GET", "/web/no-such.js"),
    ("GET", "/no/such/page"), ("POST", "/"), ("DELETE", "/room/hall"), ("POST", "/api/community.get"),
    ("POST", "/api/no.such"), ("GET", "/api/community.get"), ("POST", "/api/token.list"), ("GET", "/api/openapi.json"),
    ("GET", "/api/openrpc.json"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/ws"),
    ("HEAD", "/"), ("OPTIONS", "/api/community.get"),
)  # fmt: skip


@pytest.mark.parametrize(("verb", "path"), ROUTES)
async def test_every_answer_carries_the_headers_that_keep_the_page_safe(server: Server, verb: str, path: str) -> None:
    async with ClientSession() as session, session.request(verb, f"{server.url}{path}") as answer:
        headers = answer.headers
    rules = dict(rule.strip().partition(" ")[::2] for rule in headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == "'none'"
    for source in ("script-src", "style-src", "connect-src"):
        assert rules[source] == "'self'", source
    for nothing in ("base-uri", "object-src", "frame-ancestors"):
        assert rules[nothing] == "'none'", nothing
    assert rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_a_refused_handshake_carries_them_too(server: Server) -> None:
    async with ClientSession() as session:
        for more in ({"Origin": "https://evil.example"}, {"Sec-WebSocket-Version": "7"}, {"Sec-WebSocket-Key": "x"}):
            headers = {
                "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **more,
            }  # fmt: skip
            async with session.get(f"{server.url}/ws", headers=headers) as answer:
                assert 400 <= answer.status < 500, more
                assert answer.headers["X-Content-Type-Options"] == "nosniff", more


async def test_under_tls_pages_have_strict_transport_security(open_server: Any) -> None:
    server = await open_server(**PROXIED)
    async with ClientSession() as session:
        async with session.get(f"{server.url}/", headers={"X-Forwarded-Proto": "https"}) as answer:
            assert "max-age" in answer.headers["Strict-Transport-Security"]
        async with session.get(f"{server.url}/") as answer:
            assert "Strict-Transport-Security" not in answer.headers


async def test_what_the_api_answers_is_kept_by_no_cache(server: Server) -> None:
    async with ClientSession() as session:
        for path in ("community.get", "no.such"):
            async with session.post(f"{server.url}/api/{path}", json={}) as answer:
                assert answer.headers["Cache-Control"] == "no-store"


async def test_sockets_of_one_address_and_of_one_user_are_counted(open_server: Any) -> None:
    server = await open_server(limits__connections_per_address=4, limits__connections_per_user=2)
    ann = await sign_up(server.url, "ann")
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())
        waits: list[int] = []

        async def another(**headers: str) -> int:
            try:
                socket = await session.ws_connect(f"{server.url}/ws", headers=headers)
            except WSServerHandshakeError as refused:
                waits.append(int((refused.headers or {})["Retry-After"]))
                return refused.status
            if headers:
                await socket.send_json({"id": 1, "method": "session.start"})
                await socket.receive()
            stack.push_async_callback(socket.close)
            return 101

        token = f"Bearer {ann.token}"
        assert [await another(Authorization=token) for _ in range(3)] == [101, 101, 503]
        assert [await another() for _ in range(3)] == [101, 101, 503]
        assert all(wait > 0 for wait in waits)


@pytest.mark.parametrize(
    ("settings", "host", "origin"),
    [
        ({"server__public_url": "https://chat.example.org:443"}, "chat.example.org", "https://chat.example.org"),
        ({"server__public_url": "https://茶館.example"}, "xn--cl1al36b.example", "https://xn--cl1al36b.example"),
        ({"server__origins": ["https://App.example:443/"]}, "chat.example.org", "https://app.example"),
        ({}, "Chat.Example.org:443", "https://chat.example.org"),
        ({}, "chat.example.org", "https://chat.example.org"),
    ],
)
async def test_one_address_in_two_writings_is_one(
    open_server: Any, settings: dict[str, Any], host: str, origin: str
) -> None:
    server = await open_server(**settings, **PROXIED)
    headers = {"Host": host, "Origin": origin, "X-Forwarded-Proto": "https"}
    assert await handshake(server, CIMultiDict(headers)) == 101
    assert await handshake(server, CIMultiDict({**headers, "Origin": origin + ".evil.example"})) == 403


async def test_two_servers_on_one_machine_sign_nobody_out_of_the_other(open_server: Any) -> None:
    one, other = await open_server(), await open_server()
    _, name, value = await cookie_of(one, "ann")
    _, other_name, other_value = await cookie_of(other, "bob")
    assert name != other_name
    both = f"{name}={value}; {other_name}={other_value}"
    for server in (one, other):
        assert await signed_in(server, CIMultiDict(Cookie=both, Origin=server.url))


async def test_processes_behind_one_address_know_each_other_s_cookies(open_server: Any) -> None:
    public = {"server__public_url": "https://chat.example.org", **PROXIED}
    one, other = await open_server(**public), await open_server(**public)
    _, name, value = await cookie_of(one, "ann", **{"X-Forwarded-Proto": "https"})
    assert name == "__Host-chatserver"
    headers = {"Cookie": f"{name}={value}", "Origin": "https://chat.example.org", "X-Forwarded-Proto": "https"}
    for server in (one, other):  # each is asked by its own Host
        assert await signed_in(server, CIMultiDict(headers))


async def test_a_page_of_a_further_origin_may_call_the_api(open_server: Any) -> None:
    server = await open_server(server__origins=["https://app.example"])
    call = f"{server.url}/api/community.get"
    async with ClientSession() as session:
        for origin, allowed in {"https://app.example": True, "https://evil.example": False}.items():
            asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            async with session.options(call, headers=asks) as answer:
                assert (answer.status == 204) is allowed
                assert (answer.headers.get("Access-Control-Allow-Headers") is not None) is allowed
            async with session.post(call, json={}, headers={"Origin": origin}) as answer:
                assert answer.status == (200 if allowed else 403)
                assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
                assert answer.headers.get("Access-Control-Allow-Credentials") == ("true" if allowed else None)
                assert "Origin" in answer.headers["Vary"]
        async with session.post(f"{server.url}/api/no.such", headers={"Origin": "https://app.example"}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
