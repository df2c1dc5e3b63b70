"""Makes the lists of emoji from the npm package emojibase-data. They are committed; nothing needs the package later.

    npm pack emojibase-data@17.0.0 && tar xzf emojibase-data-17.0.0.tgz
    .venv/bin/python -m tests.web.emoji package

The server's list, ``chatserver/rules/messages/emoji.txt``, has every fully qualified emoji that Unicode recommends for
general interchange, one a line, without flags and without tones of skin on their own. The page's lists,
``web/emoji/<language>.json``, have the same ones without tones, with what they are called::

    {"package": "emojibase-data 17.0.0", "tones": [name, …],
     "groups": [{"name", "emoji": [[emoji, name, words, toned?], …]}, …],
     "since": {version: [emoji, …]}, "sounds"?: {syllable: characters}, "read"?: {word: syllables}}

``words`` are parted by ``|``; ``toned`` is the emoji with a ``.`` wherever a tone of skin goes; ``since`` has those
that an older machine may not be able to draw. Chinese lists say how their characters sound, and separately the words in
which one sounds otherwise (``音乐`` is ``yin yue``).
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pypinyin import lazy_pinyin

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "chatserver/rules/messages/emoji.txt"
PAGE = ROOT / "web/emoji"
VERSION = "17.0.0"
TONES = "🏻🏼🏽🏾🏿"
COMPONENTS, FLAGS = 2, 9
OLDEST = 13  # of 2020: what is older every machine draws
FOLDERS = {"en": "en", "zh-Hans": "zh", "zh-Hant": "zh-hant"}
SHORTCODES = ("github", "emojibase")
GROUPS = {
    "en": ["Smileys", "People", "Animals and nature", "Food and drink", "Travel and places", "Activities", "Objects",
           "Symbols"],
    "zh-Hans": ["表情", "人物", "动物和自然", "吃的喝的", "旅行和地点", "活动", "物品", "符号"],
    "zh-Hant": ["表情", "人物", "動物和自然", "吃的喝的", "旅行和地點", "活動", "物品", "符號"],
}  # fmt: skip
TONE_NAMES = {
    "en": ["Light", "Medium light", "Medium", "Medium dark", "Dark"],
    "zh-Hans": ["浅色", "中浅色", "中等", "中深色", "深色"],
    "zh-Hant": ["淺色", "中淺色", "中等", "中深色", "深色"],
}
HAN = re.compile(r"[\u3400-\u9fff]")
PARTED = re.compile(r"\s*[，,、|；;/]\s*")


def main(package: Path) -> None:
    assert json.loads((package / "package.json").read_text())["version"] == VERSION
    SERVER.write_text("".join(f"{emoji}\n" for emoji in recommended(read(package, "en/data.json"))))
    PAGE.mkdir(exist_ok=True)
    (PAGE / "LICENSE.md").write_text((package / "LICENSE").read_text())
    for language, folder in FOLDERS.items():
        made = page_list(package, language, folder)
        text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
        text = text.replace('[["', '[\n["').replace('],["', '],\n["')
        (PAGE / f"{language}.json").write_text(text + "\n")


def read(package: Path, path: str) -> Any:
    return json.loads((package / path).read_text())


def kept(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """In Unicode's order; what has no group is a half of a flag."""
    ours = [one for one in data if one.get("group") not in {None, COMPONENTS, FLAGS}]
    return sorted(ours, key=lambda one: one["order"])


def recommended(data: list[dict[str, Any]]) -> Iterator[str]:
    for one in kept(data):
        yield qualified(one)
        yield from map(qualified, one.get("skins", []))


def qualified(one: dict[str, Any]) -> str:
    """The package marks as an emoji, by U+FE0F, also what is one without the mark."""
    points = one["hexcode"].split("-")
    return "".join(chr(int(point, 16)) for point in points) + (
        "\ufe0f" if len(points) == 1 and one["type"] == 0 else ""
    )


def page_list(package: Path, language: str, folder: str) -> dict[str, Any]:
    codes = shortcodes(package) if language == "en" else {}
    groups: dict[int, list[list[str]]] = {}
    for one in kept(read(package, f"{folder}/data.json")):
        groups.setdefault(one["group"], []).append(row(one, codes.get(one["hexcode"], [])))
    named = [
        {"name": name, "emoji": groups[group]} for name, group in zip(GROUPS[language], sorted(groups), strict=True)
    ]
    made = {
        "package": f"emojibase-data {VERSION}",
        "tones": TONE_NAMES[language],
        "groups": named,
        "since": since(read(package, "en/data.json")),
    }
    return made if language == "en" else made | readings(named)


def since(data: list[dict[str, Any]]) -> dict[str, list[str]]:
    """By the version of Unicode's emoji that has them all: what came between two is counted to the later one."""
    found: dict[str, list[str]] = {}
    for one in kept(data):
        version = math.ceil(one["version"])
        if version >= OLDEST:
            found.setdefault(str(version), []).append(qualified(one))
    return found


def shortcodes(package: Path) -> dict[str, list[str]]:
    """What people are used to type between colons: ``tada``, ``+1``."""
    codes: dict[str, list[str]] = {}
    for name in SHORTCODES:
        for hexcode, said in read(package, f"en/shortcodes/{name}.json").items():
            codes.setdefault(hexcode, []).extend([said] if isinstance(said, str) else said)
    return codes


def row(one: dict[str, Any], codes: list[str]) -> list[str]:
    name = one["label"]
    words = [word for tag in one.get("tags", []) for word in PARTED.split(tag)]
    known = {*name.split(), *words}
    words += [code for code in codes if not {*code.split("_")} <= known]
    words = [word for word in dict.fromkeys(words) if word and word not in name.split() and word != name]
    made = [qualified(one), name, "|".join(words)]
    return [*made, toned(one)] if one.get("skins") else made


def toned(one: dict[str, Any]) -> str:
    """With one tone throughout; those with two are the server's to accept and not the page's to offer."""
    for skin in one["skins"]:
        emoji = qualified(skin)
        parts = re.split(f"[{TONES}]", emoji)
        if re.sub(f"[^{TONES}]", "", emoji) == TONES[0] * (len(parts) - 1):
            return ".".join(parts)
    raise AssertionError(one)


def readings(groups: list[dict[str, Any]]) -> dict[str, Any]:
    texts = [text for group in groups for _, name, words, *_ in group["emoji"] for text in [name, *words.split("|")]]
    alone = {char: lazy_pinyin(char)[0] for text in texts for char in HAN.findall(text)}
    sounds: dict[str, str] = {}
    for char, syllable in sorted(alone.items()):
        sounds[syllable] = sounds.get(syllable, "") + char
    read = {}
    for text in dict.fromkeys(texts):
        syllables = lazy_pinyin("".join(HAN.findall(text)))
        if syllables != [alone[char] for char in HAN.findall(text)]:
            read[text] = " ".join(syllables)
    return {"sounds": dict(sorted(sounds.items())), "read": read}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
