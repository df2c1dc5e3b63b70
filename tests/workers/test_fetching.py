"""Fetching pages of others: what the guard refuses, and what is bounded."""

import asyncio
import ipaddress

import pytest

from chatserver.workers.fetching import Fetcher
from chatserver.workers.guard import Guard
from tests.sites import site

HTML = ("text/html",)
INNER = [
    "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255",
    "192.0.0.8", "198.18.0.1", "224.0.0.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "::7f00:1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "fe80::1%eth0", "fec0::1", "fd00::1",
    "ff02::1", "", "localhost",
]  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_no_inner_address_is_allowed(address):
    assert not Guard().allows(address, 443)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_allowed_where_web_servers_listen(address):
    assert Guard().allows(address, 443) and Guard().allows(address, 80)
    assert not Guard().allows(address, 25) and not Guard().allows(address, 6379)


def test_an_operator_may_allow_networks_of_their_own():
    guard = Guard(["10.0.0.0/8", "fd00::/8"])
    assert guard.allows("10.1.2.3", 9000) and guard.allows("::ffff:10.1.2.3", 9000) and guard.allows("fd00::1", 80)
    assert not guard.allows("127.0.0.1", 80)


def local(**options):
    return Fetcher(Guard(["127.0.0.1"]), agent="tests", **options)


async def test_the_guard_sees_names_literals_and_redirects():
    async with site() as one:
        port = one.url.rsplit(":", 1)[1]
        fetcher = Fetcher(Guard(), agent="tests")
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
            assert await fetcher.get(f"http://{host}:{port}/", types=HTML, most=1000) is None
        assert one.asked == []
        await fetcher.close()
        other = local()
        for target in ("http://169.254.169.254/latest", "http://[::1]:1/", "ftp://127.0.0.1/", "file:///etc/passwd"):
            assert await other.get(f"{one.url}/to?url={target}", types=HTML, most=1000) is None
        followed = await other.get(f"{one.url}/to?url=/page", types=HTML, most=100_000)
        assert followed is not None and followed.url == f"{one.url}/page"
        assert one.asked.count("/to") == 5
        await other.close()


async def test_a_name_that_leads_inside_is_refused_when_it_is_resolved_again(monkeypatch):
    """The guard decides by the address of each socket, so a resolver that changes its mind gains nothing."""
    answers = iter(["8.8.8.8", "127.0.0.1"])
    seen = []

    class Watching(Guard):
        def allows(self, address, port):
            seen.append(next(answers))
            return super().allows(seen[-1], port) and not ipaddress.ip_address(address).is_loopback

    fetcher = Fetcher(Watching(), agent="tests", seconds=2)
    for _ in range(2):
        assert await fetcher.get("http://127.0.0.1:9/", types=HTML, most=10) is None
    assert seen == ["8.8.8.8", "127.0.0.1"]
    await fetcher.close()


async def test_bytes_time_and_kinds_are_bounded():
    async with site() as one:
        fetcher = local(seconds=0.5, at_once=1)
        assert await fetcher.get(f"{one.url}/picture", types=HTML, most=1000) is None
        assert await fetcher.get(f"{one.url}/brotli", types=HTML, most=1000) is None
        bomb = await fetcher.get(f"{one.url}/bomb", types=HTML, most=100_000)
        assert bomb is not None and len(bomb.body) == 100_000 and bomb.body.startswith(b"<title>")
        endless = await fetcher.get(f"{one.url}/endless", types=HTML, most=5_000)
        assert endless is not None and len(endless.body) == 5_000
        async with asyncio.timeout(10):
            await one.gone.wait()
        assert await fetcher.get(f"{one.url}/endless", types=HTML, most=1 << 40) is None
        closed = asyncio.create_task(fetcher.get(f"{one.url}/closed", types=HTML, most=10))
        page = await fetcher.get(f"{one.url}/page", types=HTML, most=100_000)
        assert page is not None and page.charset == "utf-8"
        assert await closed is None
        loop = await fetcher.get(f"{one.url}/to?url=/to?url=/to?url=/to?url=/to?url=/to?url=/page", types=HTML, most=10)
        assert loop is None
        await fetcher.close()
