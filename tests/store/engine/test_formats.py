"""The format of a store: written into an empty one, and refused if it differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatserver.errors import StartError
from chatserver.settings import load
from chatserver.store.backup.backup import backup, connected
from chatserver.store.backup.restore import restore
from chatserver.store.engine.address import Address
from chatserver.store.engine.formats import FORMAT_KEY, STORE_FORMAT, check_format
from tests.conftest import OpenServer, blobs_in_memory


async def test_an_empty_store_is_given_the_format_and_opens_again(address: Address, open_server: OpenServer) -> None:
    await open_server()
    async with connected(address) as store:
        assert int(await store.get(FORMAT_KEY)) == STORE_FORMAT
    await open_server()


async def forget(address: Address, number: int | None) -> None:
    async with connected(address) as store:
        await (store.delete(FORMAT_KEY) if number is None else store.set(FORMAT_KEY, number))


@pytest.mark.parametrize(("number", "said"), [(None, "release 0.1"), (1, "has format 1"), (99, "has format 99")])
async def test_a_store_of_another_format_is_refused_in_one_sentence(
    address: Address, open_server: OpenServer, tmp_path: Path, number: int | None, said: str
) -> None:
    await open_server()
    await forget(address, number)
    with pytest.raises(StartError, match=said):
        await open_server()
    with pytest.raises(StartError, match=said):
        await backup(address, tmp_path / "never", blobs_in_memory())
    assert not (tmp_path / "never").exists()


async def test_what_the_first_release_left_is_never_taken_for_an_empty_store(address: Address) -> None:
    async with connected(address) as store:
        await store.hset("{house}", "secret", "x")
        with pytest.raises(StartError, match=r"release 0\.1"):
            await check_format(store)
        assert await store.get(FORMAT_KEY) is None


async def test_a_store_of_something_else_is_not_told_apart_from_an_empty_one(address: Address) -> None:
    async with connected(address) as store:
        await store.set("another:program", 1)
        await check_format(store)
        assert int(await store.get(FORMAT_KEY)) == STORE_FORMAT


async def test_a_restored_store_has_the_format(address: Address, open_server: OpenServer, tmp_path: Path) -> None:
    await open_server()
    await backup(address, tmp_path / "all", blobs_in_memory())
    async with connected(address) as store:
        await store.flushall()
    await restore(address, tmp_path / "all", blobs_in_memory())
    async with connected(address) as store:
        assert int(await store.get(FORMAT_KEY)) == STORE_FORMAT


def test_a_section_or_variable_of_the_first_release_is_refused_with_its_new_name(tmp_path: Path) -> None:
    file = tmp_path / "old.toml"
    file.write_text('[house]\nname = "Riverside"\n')
    with pytest.raises(StartError, match=r"the section \[house\] is called \[community\] now"):
        load(file)
    with pytest.raises(StartError, match=r"CHATSERVER_HOUSE__NAME: house\.name is called community\.name now"):
        load(None, {"CHATSERVER_HOUSE__NAME": "Riverside"})
