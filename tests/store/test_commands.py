"""Only the stores (``chatserver/store``) may send commands. That only they know keys is a contract in pyproject.toml;
that nobody else sends a command is checked here.
"""

from __future__ import annotations

import ast
from pathlib import Path

import chatserver

ROOT = Path(chatserver.__file__).parent
# What sends: of a ``Store``, and its plain connection, which only checks at a start and the operator's commands take.
SENDING = {"command", "together", "send_packed", "ask", "redis", "scan", "on_each_node", "nodes"}
HELD = {"store", "_store"}


def sends_in(file: Path) -> list[str]:
    """``store.command`` and the like, also ``self._store.call``."""
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not (isinstance(node, ast.Attribute) and node.attr in SENDING | {"call"}):
            continue
        owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        if owner in HELD:
            found.append(f"{file.relative_to(ROOT)}: {owner}.{node.attr}")
    return found


def test_nobody_but_the_stores_sends_a_command() -> None:
    others = [file for file in ROOT.rglob("*.py") if file.relative_to(ROOT).parts[0] not in {"store", "bot"}]
    found = {line for file in others for line in sends_in(file)}
    assert found == {"app.py: store.redis", "commands/accounts.py: store.redis"}
    assert any(sends_in(file) for file in (ROOT / "store").rglob("*.py"))
