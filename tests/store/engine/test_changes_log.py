"""A function that adds to a log or to its changes says so in its head, or the index would not learn of it."""

from __future__ import annotations

import re
from pathlib import Path

from chatserver.store.engine.functions import library

STORE = Path(__file__).parents[3] / "chatserver" / "store"
ADDS = re.compile(r"(note|add)_change\(|'XADD', log,")


def test_what_adds_to_a_log_says_so() -> None:
    functions = library(field_expiry=True).functions
    sources = {file.stem: file.read_text("utf-8") for file in STORE.rglob("*.lua")}
    adds = {name for name in functions if name != "probe" and ADDS.search(sources[name])}
    assert adds == {name for name, function in functions.items() if function.changes_log}
    assert {"append", "message_edit", "message_delete", "tie_write"} <= adds
