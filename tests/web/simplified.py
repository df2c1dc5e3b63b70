"""Makes the page's table of traditional characters from OpenCC's, as the server folds them. It is committed.

    .venv/bin/python -m tests.web.simplified

``web/vendor/opencc/simplified.js`` exports two strings of the same length: a character of the first is written as the
one at the same place in the second. Characters beyond U+FFFF are left out: they would make it half as long again.
"""

from __future__ import annotations

from importlib.metadata import distribution, version
from pathlib import Path

from chatserver.rules.text.searching import fold

FOLDER = Path(__file__).parents[2] / "web/vendor/opencc"
HAN = range(0x3400, 0xA000)
_TABLE = """/** Traditional characters, and the simplified ones they are written as; made by tests/web/simplified.py. */

export const TRADITIONAL = "{traditional}";
export const SIMPLIFIED = "{simplified}";
"""
_README = """# OpenCC

Characters from [OpenCC](https://github.com/BYVoid/OpenCC) {version}, the table with which the server folds texts, as
`tests/web/simplified.py` writes it for the page. Apache License 2.0.
"""


def table() -> str:
    """The module's text."""
    pairs = [(char, simple) for char in map(chr, HAN) if (simple := fold(char)) != char and ord(simple) <= 0xFFFF]
    columns = ("".join(column) for column in zip(*pairs, strict=True))
    return _TABLE.format(**dict(zip(("traditional", "simplified"), columns, strict=True)))


def main() -> None:
    (FOLDER / "simplified.js").write_text(table(), "utf-8")
    (FOLDER / "README.md").write_text(_README.format(version=version("opencc")), "utf-8")
    licence = next(file for file in distribution("opencc").files or () if file.name == "LICENSE")
    (FOLDER / "LICENSE.md").write_text(Path(str(licence.locate())).read_text("utf-8"), "utf-8")


if __name__ == "__main__":
    main()
