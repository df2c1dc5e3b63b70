"""The command as people use it: servers are processes of their own, each on a folder of its own."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from chatserver import cli
from chatserver.store.embedded.server import running_socket

PASSWORD = "jasmine-green-7\n"
# Hashing is slow by design and the host talks to newcomers: these tests are about neither.
QUICK = {
    "CHATSERVER_ACCOUNTS__ARGON2_MEMORY": "8",
    "CHATSERVER_SERVER__DRAIN_SECONDS": "0.2",
    "CHATSERVER_LIMITS__USER_SENDS_BURST": "0",
    "CHATSERVER_HOST__ENABLED": "false",
}


def environment(**more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CHATSERVER_")}
    return {**ours, **QUICK, **more}


class Done(NamedTuple):
    """What came of a command."""

    status: int
    stdout: str
    stderr: str


class Home:
    """A data folder, the commands on it, and the server when it is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: subprocess.Popen[str] | None = None
        self.url = ""

    def command(self, *words: str, typed: str = "") -> Done:
        """Run a command in this process: it is the same code, without an interpreter's second of start."""
        out, errors, stdin, root = io.StringIO(), io.StringIO(), sys.stdin, logging.getLogger()
        handlers, level = root.handlers[:], root.level
        sys.stdin = io.StringIO(typed)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
                status = cli.main([*words, "--data", str(self.folder / "data")], QUICK)
        finally:
            sys.stdin = stdin
            root.handlers[:], root.level = handlers, level
        return Done(status, out.getvalue(), errors.getvalue())

    def said(self, *words: str, typed: str = "") -> str:
        done = self.command(*words, typed=typed)
        assert done.status == 0, done.stderr
        return done.stdout.strip()

    def open(self, **more: str) -> str:
        """Start the server; returns all it says until it is open."""
        errors = (self.folder / "errors").open("a")
        self.server = subprocess.Popen(
            [sys.executable, "-m", "chatserver", "serve", "--port", "0", "--data", str(self.folder / "data")],
            stdout=subprocess.PIPE, stderr=errors, text=True, env=environment(**more),
        )  # fmt: skip
        said = ""
        assert self.server.stdout is not None
        for line in self.server.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        errors.close()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found, (self.folder / "errors").read_text()
        self.url = found[0]
        return said

    def serve_in_vain(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A server that cannot open."""
        return subprocess.run(
            [sys.executable, "-m", "chatserver", "serve", *words, "--data", str(self.folder / "data")],
            capture_output=True, text=True, timeout=40, check=False, env=environment(),
        )  # fmt: skip

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.server is not None
        self.server.send_signal(number)
        self.server.communicate(timeout=20)
        return self.server.returncode

    def ask(self, method: str, token: str = "", **params: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(f"{self.url}/api/{method}", json.dumps(params).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Callable[[], Home]]:
    """Makes homes; a server that a failing test leaves open is ended."""
    made: list[Home] = []

    def make() -> Home:
        folder = tmp_path / f"home{len(made)}"
        folder.mkdir()
        made.append(Home(folder))
        return made[-1]

    yield make
    for one in made:
        if one.server is not None and one.server.poll() is None:
            one.end(signal.SIGKILL)


@pytest.fixture
def home(homes: Callable[[], Home]) -> Home:
    return homes()


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


def test_serve_says_where_the_server_is_and_what_to_do_next(home: Home) -> None:
    began = time.monotonic()
    said = home.open()
    assert time.monotonic() - began < 10
    assert "Teahouse 茶馆 is open: http://127.0.0.1:" in said and "chatserver token create HANDLE" in said
    with urllib.request.urlopen(f"{home.url}/readyz", timeout=5) as answer:
        assert answer.status == 200
    assert home.end() == 0


def test_serve_prints_a_link_to_claim_the_server_until_somebody_did(home: Home) -> None:
    first = re.search(r"http://127\.0\.0\.1:\d+/setup#([0-9A-Z-]{23})\n", home.open())
    assert first
    assert home.end() == 0
    again = re.search(r"/setup#([0-9A-Z-]{23})\n", home.open(CHATSERVER_SERVER__PUBLIC_URL="https://tea.example.org/"))
    assert again and again[1] != first[1]
    made = home.ask("account.create", handle="mei", name="Mei", password=PASSWORD.strip(), want="token")
    with pytest.raises(urllib.error.HTTPError):
        home.ask("community.claim", made["token"], code=first[1])
    assert home.ask("community.claim", made["token"], code=again[1])["unclaimed"] is False
    assert home.end() == 0
    assert "/setup#" not in home.open()
    assert home.end() == 0
    assert again[1] not in (home.folder / "errors").read_text()


def test_killing_the_server_leaves_no_orphan_and_no_lost_message_and_the_next_one_goes_on(home: Home) -> None:
    home.open()
    home.said("user", "add", "mei", "--name", "Mei", typed=PASSWORD)
    token = home.said("token", "create", "mei")
    sent = [home.ask("message.send", token, room="hall", text=f"line {n}", client_id=str(n)) for n in range(20)]
    home.end(signal.SIGKILL)
    until(lambda: running_socket(home.folder / "data") is None)
    home.open()
    history = home.ask("message.history", token, room="hall", limit=100)
    assert [(m["seq"], m["id"], m["text"]) for m in history["messages"]] == [
        (answer["seq"], answer["id"], f"line {n}") for n, answer in enumerate(sent)
    ]
    again = home.ask("message.send", token, room="hall", text="line 3", client_id="3")
    assert again["duplicate"] is True and again["seq"] == sent[3]["seq"]
    assert home.end() == 0


def test_the_store_may_die_under_an_open_server(home: Home) -> None:
    home.open()
    home.said("user", "add", "mei", typed=PASSWORD)
    token = home.said("token", "create", "mei")
    first = home.ask("message.send", token, room="hall", text="before", client_id="1")
    assert home.server is not None
    children = Path(f"/proc/{home.server.pid}/task/{home.server.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    second = home.ask("message.send", token, room="hall", text="after", client_id="2")
    assert second["seq"] == first["seq"] + 1 and second["epoch"] == first["epoch"]
    assert home.end() == 0


def test_ctrl_c_closes_the_server_as_sigterm_does(home: Home) -> None:
    home.open()
    assert home.end(signal.SIGINT) == 0
    assert running_socket(home.folder / "data") is None


def test_a_second_ctrl_c_ends_the_drain(home: Home) -> None:
    home.open(CHATSERVER_SERVER__DRAIN_SECONDS="600", CHATSERVER_SERVER__SESSION_SECONDS="0")
    assert home.server is not None
    with contextlib.ExitStack() as stack:
        address = home.url.replace("http", "ws") + "/ws"
        sockets = [stack.enter_context(connect(address, proxy=None, close_timeout=1)) for _ in range(3)]
        home.server.send_signal(signal.SIGINT)
        while not any(is_closed(socket) for socket in sockets):
            """One is closed at once, the others each after 200 s."""
        assert home.end(signal.SIGINT) == 0


def is_closed(socket: ClientConnection) -> bool:
    with contextlib.suppress(TimeoutError):
        try:
            socket.recv(timeout=0.02)
        except ConnectionClosed:
            return True
    return False


def test_the_same_folder_is_not_served_twice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.open()
    assert home.server is not None
    store = running_socket(home.folder / "data")
    second = subprocess.Popen(
        [sys.executable, "-m", "chatserver", "serve", "--port", "0", "--data", str(home.folder / "data")],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment(),
    )  # fmt: skip
    assert second.stderr is not None
    waiting = second.stderr.readline()
    second.kill()
    second.communicate()
    assert waiting.startswith("Waiting for the store of the last run") and f"process {home.server.pid}" in waiting
    assert running_socket(home.folder / "data") == store
    home.end()


def test_accounts_are_made_and_kept_with_the_server_closed_and_open(home: Home) -> None:
    assert "recovery code" in home.said("user", "add", "Mei", "--admin", typed=PASSWORD)
    taken = home.command("user", "add", "mei", typed=PASSWORD)
    assert (taken.status, taken.stderr) == (1, "This handle, or one that looks like it, is taken: choose another\n")
    short = home.command("user", "add", "tom", typed="tea\n")
    assert short.status == 1 and "8 characters" in short.stderr
    nobody = home.command("user", "make-admin", "nobody")
    assert (nobody.status, nobody.stderr) == (1, "No such user\n")
    home.open()
    signed_in = home.ask("account.sign_in", handle="mei", password=PASSWORD.strip(), want="token")
    assert signed_in["user"]["handle"] == "mei"
    home.said("user", "set-password", "@mei", typed="oolong-milk-8\n")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        home.ask("login.list", signed_in["token"])
    token = home.ask("account.sign_in", handle="mei", password="oolong-milk-8", want="token")["token"]
    home.said("user", "suspend", "mei")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        home.ask("login.list", token)
    home.said("user", "suspend", "mei", "--lift")
    fresh = home.said("token", "create", "mei", "--label", "script")
    assert [login["label"] for login in home.ask("token.list", fresh)["tokens"]] == ["script"]
    assert home.end() == 0


def test_acts_on_the_command_line_are_in_the_record_of_acts(home: Home) -> None:
    home.said("user", "add", "mei", typed=PASSWORD)
    home.said("user", "make-admin", "mei")
    home.said("user", "add", "ann", "--admin", typed=PASSWORD)
    home.said("user", "set-password", "ann", typed="oolong-milk-8\n")
    home.said("user", "suspend", "ann")
    home.said("user", "suspend", "ann", "--lift")
    home.said("user", "invite")
    token = home.said("token", "create", "mei")
    home.open()
    acts = home.ask("community.log", token)["acts"]
    assert [(act["what"], act.get("user", {}).get("handle"), act.get("detail")) for act in reversed(acts)] == [
        ("account.create", "mei", None), ("account.make_admin", "mei", None), ("account.create", "ann", "admin"),
        ("account.set_password", "ann", None), ("account.suspend", "ann", "on"), ("account.suspend", "ann", "off"),
        ("account.invite", None, None), ("token.create", "mei", None),
    ]  # fmt: skip
    assert not any("by" in act for act in acts)
    assert home.end() == 0


def test_a_backup_of_an_open_server_is_restored_into_an_empty_one(homes: Callable[[], Home], tmp_path: Path) -> None:
    home = homes()
    home.open()
    home.said("user", "add", "mei", typed=PASSWORD)
    token = home.said("token", "create", "mei")
    for number in range(30):
        home.ask("message.send", token, room="hall", text=f"第 {number} 杯", client_id=str(number))
    home.ask("message.delete", token, room="hall", seq=5)
    home.ask("message.edit", token, room="hall", seq=6, text="another cup")
    before = home.ask("message.history", token, room="hall", limit=100)
    file = str(tmp_path / "backup")
    assert "messages: 29" in home.said("backup", file)
    refused = home.command("restore", file)
    assert refused.status == 1 and "This store has users already" in refused.stderr
    home.end()
    other = homes()
    assert "nothing was changed" in other.said("restore", file, "--dry-run")
    assert "All of it is restored" in other.said("restore", file)
    other.open()
    after = other.ask("message.history", token, room="hall", limit=100)
    assert after["messages"] == before["messages"] and len(after["messages"]) == 30
    assert after["rev"] == before["rev"] and after["epoch"] != before["epoch"]
    assert other.end() == 0


def test_a_server_that_is_open_and_new_takes_a_backup_in(homes: Callable[[], Home], tmp_path: Path) -> None:
    home = homes()
    home.open()
    home.said("user", "add", "mei", typed=PASSWORD)
    token = home.said("token", "create", "mei")
    home.ask("message.send", token, room="hall", text="hello", client_id="1")
    home.said("backup", str(tmp_path / "backup"))
    home.end()
    other = homes()
    other.open()
    other.said("restore", str(tmp_path / "backup"))
    texts = [message["text"] for message in other.ask("message.history", token, room="hall")["messages"]]
    assert texts == ["hello"]
    assert other.ask("message.send", token, room="hall", text="and on", client_id="2")["seq"] == 2
    assert other.end() == 0


def test_an_external_store_is_used_where_one_is_named(home: Home, tmp_path: Path) -> None:
    from chatserver.store.embedded.server import EmbeddedStore

    store = EmbeddedStore(tmp_path / "store")
    store.start()
    try:
        home.open(CHATSERVER_STORE__URL=store.url)
        assert {file.name for file in (home.folder / "data").glob("*")} <= {"index"}
        assert "recovery code" in home.said("user", "add", "mei", "--store", store.url, typed=PASSWORD)
        assert home.end() == 0
        assert store.alive
    finally:
        store.stop()


def test_a_port_that_is_taken_is_said_plainly(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = home.serve_in_vain("--port", str(port))
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_systemd_is_notified_when_the_server_is_ready_and_when_it_stops(home: Home, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "n"))
        listening.settimeout(10)
        home.open(NOTIFY_SOCKET=str(tmp_path / "n"), WATCHDOG_USEC="200000")
        words: set[bytes] = set()
        while len(words) < 2:
            words.add(listening.recv(100))
        assert words == {b"READY=1", b"WATCHDOG=1"}
        assert home.end() == 0
        listening.setblocking(False)
        while listening.recv(100) != b"STOPPING=1":
            pass


def run(*words: str, **variables: str) -> int:
    return cli.main(words, variables)


def test_config_show_says_what_holds_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "community.toml"
    file.write_text("[server]\nport = 9000\n")
    assert run("config", "show", "--origin", "--config", str(file), CHATSERVER_STORE__URL="redis://:p4ss@a") == 0
    said = capsys.readouterr().out
    assert f"port = 9000  # {file}" in said
    assert 'url = "redis://***@a"  # CHATSERVER_STORE__URL' in said
    assert "slow_seconds = 10  # default" in said


def test_config_check_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config", "check") == 0
    assert "are valid" in capsys.readouterr().out
    assert run("config", "check", CHATSERVER_SERVER__PROT="1") == 1
    assert "did you mean server.port?" in capsys.readouterr().err
    assert run("config", "check", CHATSERVER_ROOMS__FILE=str(tmp_path / "no.toml")) == 1
    assert "rooms.file" in capsys.readouterr().err


def test_a_refusal_is_one_sentence_and_a_mistake_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--store", "cluster://a") == 1
    assert capsys.readouterr().err.startswith("command line: store.url names a cluster:// store")
    with pytest.raises(SystemExit, match="2"):
        run("serve", "--porty", "1")


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    config, user = (("show", "check"), ("add", "set-password", "make-admin", "suspend"))
    commands = [["serve"], ["backup"], ["restore"], ["token", "create"]]
    for words in [*commands, *(["config", word] for word in config), *(["user", word] for word in user)]:
        with pytest.raises(SystemExit, match="0"):
            run(*words, "--help")
        assert "--config" in capsys.readouterr().out


def test_a_closed_terminal_drains_and_an_ascii_output_gets_the_welcome(homes: Callable[[], Home]) -> None:
    home = homes()
    hidden = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, under which tests may run, is inherited
    try:
        home.open(PYTHONIOENCODING="ascii", CHATSERVER_COMMUNITY__NAME="茶馆")
    finally:
        signal.signal(signal.SIGHUP, hidden)
    assert home.end(signal.SIGHUP) == 0


def test_a_damaged_file_is_repaired_by_a_command(home: Home) -> None:
    assert "There is no data folder" in home.command("repair").stderr
    assert "names an external store" in home.command("repair", "--store", "redis://localhost").stderr
    home.open()
    home.end()
    (file,) = (home.folder / "data" / "appendonlydir").glob("*.incr.aof")
    whole = file.read_bytes()
    file.write_bytes(whole + bytes(100) + whole)
    assert "cut off and kept in" in home.said("repair")
    assert file.read_bytes() == whole
    assert "can be read to its end" in home.said("repair")
    assert "is open" in home.open()
