"""The embedded store: one Valkey per folder, that ends with us and keeps what it was given."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from chatserver.errors import StartError
from chatserver.store.embedded import programs
from chatserver.store.embedded.server import EmbeddedStore, running_socket

PROGRAMS = ["", pytest.param("redis-server", marks=pytest.mark.redis7)]

# A stand-in for the server: it starts the store, says where, and waits to be killed.
OWNER = """
import sys, time
from chatserver.store.embedded.server import EmbeddedStore
store = EmbeddedStore(sys.argv[1], durability=sys.argv[2], say=lambda text: print("say", text, flush=True))
store.start()
print("pid", store.pid, flush=True)
print("socket", store.address, flush=True)
sys.stdin.read()
store.stop()
"""


@pytest.fixture(params=PROGRAMS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EmbeddedStore]:
    if request.param and not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    made = EmbeddedStore(tmp_path / "data", program=request.param)
    yield made
    made.stop()


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def client(socket: str) -> redis.Redis:
    return redis.Redis(unix_socket_path=socket, decode_responses=True)


def own(folder: Path, durability: str = "primary") -> tuple[subprocess.Popen[str], int, str]:
    """A process that owns a store: the process, Valkey's id, the socket."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), durability], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    said = dict(line.split(maxsplit=1) for line in (owner.stdout.readline(), owner.stdout.readline()))
    return owner, int(said["pid"]), said["socket"].strip()


def end(owner: subprocess.Popen[str]) -> None:
    """Let the owner stop its store and end."""
    owner.communicate("", timeout=20)


def test_a_started_store_serves_and_keeps_its_promises_about_files(store: EmbeddedStore) -> None:
    store.start()
    with client(store.address) as valkey:
        settings = valkey.config_get()
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["aof-use-rdb-preamble"] == "no"
    assert settings["save"] == ""
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["port"] == "0"
    assert Path(store.address).stat().st_mode & 0o777 == 0o700
    assert store.folder.stat().st_mode & 0o777 == 0o700


def test_what_was_stored_is_there_after_a_stop_and_a_start(store: EmbeddedStore) -> None:
    store.start()
    with client(store.address) as valkey:
        valkey.set("kept", "yes")
    store.stop()
    assert not store.alive
    store.start()
    with client(store.address) as valkey:
        assert valkey.get("kept") == "yes"


def test_strict_writes_every_append_to_the_disk(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path, durability="strict")
    store.start()
    try:
        with client(store.address) as valkey:
            assert valkey.config_get("appendfsync") == {"appendfsync": "always"}
    finally:
        store.stop()


def test_killing_the_owner_leaves_no_orphan_and_loses_nothing(tmp_path: Path) -> None:
    owner, pid, socket = own(tmp_path)
    with client(socket) as valkey:
        for number in range(100):
            valkey.xadd("log", {"m": str(number)})
    owner.kill()
    owner.communicate()
    until(lambda: not is_running(pid))
    store = EmbeddedStore(tmp_path)
    store.start()
    try:
        with client(store.address) as valkey:
            assert [entry["m"] for _, entry in valkey.xrange("log")] == [str(number) for number in range(100)]
    finally:
        store.stop()


def test_the_next_start_waits_for_the_last_store_to_end_and_says_so(tmp_path: Path) -> None:
    owner, pid, socket = own(tmp_path)
    with client(socket) as valkey:
        valkey.set("kept", "yes")
    os.kill(pid, signal.SIGSTOP)
    owner.kill()
    owner.communicate()
    said: list[str] = []

    def let_it_end(text: str) -> None:
        said.append(text)
        assert is_running(pid), "the lock was free while the last store was still there"
        os.kill(pid, signal.SIGCONT)

    store = EmbeddedStore(tmp_path, say=let_it_end)
    store.start()
    try:
        assert len(said) == 1 and str(owner.pid) in said[0]
        assert not is_running(pid)
        with client(store.address) as valkey:
            assert valkey.get("kept") == "yes"
    finally:
        store.stop()


def test_a_second_owner_of_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    owner, pid, _ = own(tmp_path)
    try:
        with pytest.raises(StartError, match=f"Another chatserver uses .*process {owner.pid}"):
            EmbeddedStore(tmp_path, lock_seconds=0.1, say=lambda _: None).start()
        assert is_running(pid)
    finally:
        end(owner)
    assert not is_running(pid)


def test_a_running_store_is_found_by_its_folder(store: EmbeddedStore) -> None:
    assert running_socket(store.folder) is None
    store.start()
    assert str(running_socket(store.folder)) == store.address
    store.stop()
    assert running_socket(store.folder) is None


def test_a_folder_with_a_path_too_long_for_a_socket_gets_a_private_one_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 30).strip()
    store = EmbeddedStore(folder)
    store.start()
    outside = Path(store.address).parent
    assert len(store.address) < 108
    assert outside != folder and outside.stat().st_mode & 0o777 == 0o700
    assert running_socket(folder) == Path(store.address)
    store.stop()
    assert not outside.exists()


def test_a_private_socket_folder_that_others_may_enter_is_not_used_again(tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 30).strip()
    folder.mkdir()
    trap = tmp_path / "trap"
    trap.mkdir(mode=0o755)
    (folder / "run").symlink_to(trap)
    store = EmbeddedStore(folder)
    store.start()
    try:
        assert Path(store.address).parent != trap
    finally:
        store.stop()


def test_data_of_a_newer_program_is_refused_before_it_is_touched(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("valkey 99.1.0\n")
    with pytest.raises(StartError, match=r"written by valkey 99\.1\.0; valkey .* cannot read it"):
        EmbeddedStore(tmp_path).start()
    assert not (tmp_path / "appendonlydir").exists()
    assert (tmp_path / "store").read_text() == "valkey 99.1.0\n"


@pytest.mark.redis7
@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
def test_data_of_redis_is_adopted_by_valkey_and_not_the_other_way_round(tmp_path: Path) -> None:
    old = EmbeddedStore(tmp_path, program="redis-server")
    old.start()
    with client(old.address) as valkey:
        valkey.xadd("log", {"m": "from redis"})
    old.stop()
    new = EmbeddedStore(tmp_path)
    new.start()
    with client(new.address) as valkey:
        assert [entry for _, entry in valkey.xrange("log")] == [{"m": "from redis"}]
    new.stop()
    with pytest.raises(StartError, match="cannot read it"):
        old.start()


@pytest.mark.parametrize(
    ("reader", "writer", "reads"),
    [
        ("valkey 9.1.2", "valkey 9.1.7", True),
        ("valkey 9.1.2", "valkey 9.2.0", False),
        ("valkey 9.1.2", "valkey 8.0.1", True),
        ("valkey 7.2.5", "redis 7.2.4", True),
        ("valkey 9.1.2", "redis 7.4.0", False),
        ("redis 8.2.0", "valkey 7.2.5", False),
        ("redis 7.0.15", "redis 7.2.0", False),
    ],
)
def test_who_can_read_whose_data(reader: str, writer: str, reads: bool) -> None:
    versions = programs.parse_version(reader), programs.parse_version(writer)
    assert versions[0] is not None and versions[1] is not None
    assert versions[0].reads(versions[1]) is reads


def test_a_program_that_is_no_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"store\.program: .*nothing-here is not a program"):
        EmbeddedStore(tmp_path, program=str(tmp_path / "nothing-here")).start()
    with pytest.raises(StartError, match="neither Valkey nor Redis"):
        EmbeddedStore(tmp_path, program="python3").start()


def test_a_broken_file_is_shown_in_the_words_of_the_log(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    store.start()
    with client(store.address) as valkey:
        valkey.set("kept", "yes")
    store.stop()
    manifest = next((tmp_path / "appendonlydir").glob("*.manifest"))
    manifest.write_text("no manifest at all\n")
    with pytest.raises(StartError, match=r"(?s)could not start.*valkey\.log"):
        store.start()
    assert not store.alive


def test_starting_from_a_worker_thread_is_an_error(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    met: list[BaseException] = []

    def work() -> None:
        try:
            store.start()
        except RuntimeError as error:
            met.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "main thread" in str(met[0])
    assert running_socket(tmp_path) is None


async def test_a_store_that_dies_is_started_again_with_all_it_held(store: EmbeddedStore) -> None:
    store.start()
    first = store.pid
    with client(store.address) as valkey:
        valkey.set("kept", "yes")
    watching = asyncio.create_task(store.watch(poll_seconds=0.01))
    try:
        for _ in range(2):
            killed = store.pid
            os.kill(killed, signal.SIGKILL)
            async with asyncio.timeout(10):
                while store.pid == killed or not answers(store.address):
                    await asyncio.sleep(0.01)
        assert store.pid != first
        with client(store.address) as valkey:
            assert valkey.get("kept") == "yes"
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def answers(socket: str) -> bool:
    try:
        with client(socket) as valkey:
            return bool(valkey.ping())
    except redis.exceptions.ConnectionError:
        return False
