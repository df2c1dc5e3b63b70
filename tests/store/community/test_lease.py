"""The host's lease: one process has it, and nobody takes or ends another's."""

from __future__ import annotations

from chatserver.store.community.lease import LEASE_MS, HostLease
from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store
from tests.conftest import running


async def test_a_lease_is_one_processs_until_it_ends_or_runs_out(address: Address) -> None:
    async with running(Store(address)) as first, running(Store(address)) as second:
        one, other = HostLease(first), HostLease(second)
        assert await one.take() and await one.take()
        assert not await other.take() and not other.holds
        await other.end()
        assert not await other.take()
        await first.command("{community}", "DEL", "{community}:host")  # it ran out, and another was quicker
        assert await other.take()
        await one.end()
        assert not await one.take() and await other.take()
        left: int = await first.command("{community}", "PTTL", "{community}:host")
        assert 0 < left <= LEASE_MS
        await other.end()
        assert await one.take()
