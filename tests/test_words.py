"""Words that the project no longer uses, because the glossary replaced them or because they are quaint.

Add a word here when it was replaced everywhere. The page's texts in three languages are checked like everything else.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]

INSTEAD: Final = {
    r"(?<!tea)house(?!keeping)": "community, server",
    r"\bdesks?\b": "service",
    r"\bshel(?:f|ves)\b": "store",
    r"furnish": "build",
    r"\bkeepers?\b": "admin, owner",
    r"\banew\b": "again",
    r"\bthemself\b": "themselves",
    r"\bfor ever\b": "without end, no limit",
    r"\bhearers?\b": "receiver",
    r"\btakes? leave\b": "leaves, closes",
    r"\bgood-bye\b": "drain, close",
    r"\bwho is (?:no|none)\b": "users who are not",
    r"\bof who\b": "of users who",
    r"\bsave (?:for|by|where)\b": "except",
    r"\bblot(?:s|ted)? out\b": "replaced",
    r"\bin the air\b": "in flight",
    r"\bcomes? to be\b": "is created",
    r"\bas it stands\b": "current",
    r"\bstanding\b": "undeleted, status, head",
    r"\bfor who (?:has|is|comes?|came|began|starts?)\b": "for somebody who, for its author",
}
"""A pattern, and what to write instead."""

ALLOWED: Final = {
    "LICENSE": "its text is not ours",
    "web/emoji/LICENSE.md": "its text is not ours",
    "web/emoji/en.json": "what emoji are called",
    "tests/test_docs.py": "lists words, too",
    "tests/test_words.py": "this list",
    "chatserver/rules/accounts/handles.py": "handles that nobody may take",
    "chatserver/settings/reading.py": "the name of a section in 0.1",
    "chatserver/store/engine/formats.py": "the name of a key in 0.1",
    "tests/store/engine/test_formats.py": "names of 0.1",
    "web/main.js": "imports keeper.js",
    "tests/web/unit/client.test.js": "imports keeper.js",
    "web/state/keeper.js": "a module's name",
    "docs/architecture.md": "refers to keeper.js",
}
"""Files in which a word has to stay, and why."""

_TEXT: Final = {
    ".py", ".lua", ".js", ".mjs", ".css", ".html", ".json", ".toml", ".md", ".c", ".yaml", ".yml", ".conf", ".service",
    ".webmanifest", "",
}  # fmt: skip


def text_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    if not any(listed):  # an unpacked release has no git
        pytest.skip("this is no checkout")
    files = (ROOT / name for name in listed if name and name not in ALLOWED and not name.endswith("package-lock.json"))
    return [file for file in files if file.suffix in _TEXT and file.is_file()]


def test_no_file_uses_a_word_that_was_replaced() -> None:
    files = text_files()
    assert len(files) > 300
    found = [
        f"{file.relative_to(ROOT)}:{number}: {match[0]!r}: write {instead}"
        for file in files
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        for pattern, instead in INSTEAD.items()
        if (match := re.search(pattern, line, re.IGNORECASE))
    ]
    assert found == []


def test_files_in_which_a_word_stays_still_have_it() -> None:
    every = re.compile("|".join(INSTEAD), re.IGNORECASE)
    assert [name for name in ALLOWED if not every.search((ROOT / name).read_text("utf-8"))] == []
