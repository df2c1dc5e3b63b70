"""Log lines: for people on a terminal, JSON elsewhere, and never a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from chatserver import logs

TOKEN = "chat_58a43506bf4eeacdb6e11996Y1KuxglVBPG3hGj86RLqJwIqm6z3Z3VIM"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_a_line_is_a_json_object() -> None:
    stream = io.StringIO()
    logs.set_up("auto", "info", stream)
    logging.getLogger("chatserver.doors.socket").info("opened", extra={"user": "u1", "sockets": 3})
    line = json.loads(stream.getvalue())
    assert line.pop("at").endswith("Z")
    assert line == {"level": "info", "from": "doors.socket", "say": "opened", "user": "u1", "sockets": 3}


def test_on_a_terminal_a_line_is_for_people() -> None:
    stream = Terminal()
    logs.set_up("auto", "info", stream)
    logging.getLogger("chatserver.store").warning("ended, %s", "restarting", extra={"pid": 12})
    assert stream.getvalue()[8:] == " WARN  store: ended, restarting  pid=12\n"


@pytest.mark.parametrize("log_format", ["json", "human"])
def test_a_fault_comes_with_its_trace(log_format: str) -> None:
    stream = io.StringIO()
    logs.set_up(log_format, "info", stream)
    try:
        int("broken")
    except ValueError:
        logging.getLogger("chatserver").exception("a fault")
    assert "test_a_fault_comes_with_its_trace" in stream.getvalue()
    assert "ValueError: invalid literal" in stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "human"])
@pytest.mark.parametrize(
    "text", [f"got {TOKEN}", "Authorization: Bearer s3cr3t-value", "redis://me:s3cr3t-value@store:6379"]
)
def test_a_secret_that_slips_in_is_blotted_out(log_format: str, text: str) -> None:
    stream = io.StringIO()
    logs.set_up(log_format, "info", stream)
    logging.getLogger("chatserver").info("said %s", text, extra={"also": text})
    assert stream.getvalue().count("***") == 2
    assert "s3cr3t" not in stream.getvalue() and TOKEN[20:] not in stream.getvalue()


def test_less_than_the_level_is_not_logged() -> None:
    stream = io.StringIO()
    logs.set_up("json", "warning", stream)
    logging.getLogger("chatserver").info("quiet")
    assert stream.getvalue() == ""
