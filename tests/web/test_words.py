"""The page's words and colours: an answer to every refusal of the server, and text that is read by day and by night."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chatserver.errors import TABLE
from tests.web.people import ROOT

WEB = ROOT / "web"
HEX = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
# The words of these kinds of refusal are for programs; a page that speaks the protocol does not meet them.
FOR_PROGRAMS = {"parse", "request", "method"}


def reasons() -> set[str]:
    """Every reason that docs/protocol.md lists; a test of the docs holds that list to the server."""
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    table = text.split("### Reasons", 1)[1].split("Something that exists", 1)[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`([a-z_]+)`", "".join(rows)))


def test_every_refusal_of_the_server_has_words_of_its_own() -> None:
    words = {
        key: text
        for path in ("first/en.json", "en.json")
        for key, text in json.loads((WEB / "i18n" / path).read_text(encoding="utf-8")).items()
    }
    assert len(reasons()) > 40
    missing = {reason for reason in reasons() if not has_words(words, reason)}
    assert not missing
    assert not {kind.name for kind in TABLE if f"refused.{kind.name}" not in words} - FOR_PROGRAMS


def has_words(words: dict[str, str], reason: str) -> bool:
    return f"refused.{reason}" in words or f"refused.any_{reason.rsplit('_', 1)[-1]}" in words


def luminance(colour: str) -> float:
    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it: from 1 to 21."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def themes() -> dict[str, dict[str, str]]:
    nights = re.compile(r"@media \(prefers-color-scheme: dark\)|:root\[data-theme=\"dark\"\]")
    light, system, chosen = nights.split(tokens())[:3]
    day = dict(HEX.findall(light))
    assert dict(HEX.findall(system)) == dict(HEX.findall(chosen)), "night by the system and by choice differ"
    return {"day": day, "night": day | dict(HEX.findall(system))}


def tokens() -> str:
    return Path(WEB / "styles" / "tokens.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", ["day", "night"])
def test_every_colour_of_text_has_enough_contrast_with_its_background(theme: str) -> None:
    colours = themes()[theme]
    papers = ("paper", "paper-deep", "paper-light", "celadon-soft")
    pairs = [(ink, paper) for ink in ("ink", "ink-soft", "celadon", "tea", "lantern") for paper in papers]
    pairs += [("on-celadon", "celadon"), ("on-tea", "tea"), ("on-lantern", "lantern")]
    weak = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < 4.5}
    for paper in papers[:3]:
        assert contrast(colours["edge"], colours[paper]) >= 3, f"the edge of a field on {paper}"


def test_every_seal_can_be_read() -> None:
    base = (WEB / "styles" / "base.css").read_text(encoding="utf-8")
    ink, *_ = re.findall(r"color: (#[0-9a-f]{6});", base.split(".seal {", 1)[1].replace("background-color", ""))
    tints = re.findall(r"--glaze[:,] (#[0-9a-f]{6})", base)
    assert len(tints) == 6
    assert all(contrast(ink, tint) >= 4.5 for tint in tints)


def imported(module: Path, seen: set[Path]) -> set[Path]:
    """A module and all that it cannot begin without."""
    seen.add(module)
    text = module.read_text(encoding="utf-8")
    for name in re.findall(r"""^(?:import|export) (?:.*?from )?"(\.[^"]+)";""", text, re.MULTILINE):
        wanted = (module.parent / name).resolve()
        if wanted not in seen:
            imported(wanted, seen)
    return seen


def test_the_page_asks_for_all_its_modules_at_once() -> None:
    """Else a browser finds them one import after another: five round trips where one would do."""
    index = (WEB / "index.html").read_text(encoding="utf-8")
    asked = re.findall(r'(?:rel="modulepreload" href|type="module" src)="/web/([^"]+)"', index)
    modules = {module.relative_to(WEB).as_posix() for module in imported(WEB / "main.js", set())}
    assert sorted(asked) == sorted(modules | {"talk.js", "write.js"})


def test_what_shows_messages_and_what_one_writes_with_are_asked_for_at_once() -> None:
    """They are loaded after the first paint; a module that talk.js or write.js does not name would be found one round
    trip later."""
    there = imported(WEB / "main.js", set())
    for name in ("talk.js", "write.js"):
        list_of = WEB / name
        named = {(WEB / path).resolve() for path in re.findall(r'"\./([^"]+)";', list_of.read_text("utf-8"))}
        assert imported(list_of, set()) - there == named | {list_of}
        there |= named


def test_the_frame_has_its_words_before_all_others() -> None:
    """What it says, and what it says where a part could not be loaded; everything else waits for all words."""
    unready = ("main.js", "elements/app-shell/shell-acts.js", "elements/lost-page.js")
    modules = set().union(*(imported(WEB / name, set()) for name in unready))
    said = set(re.findall(r'"([a-z_]+(?:\.[a-z_0-9]+)+)"', "\n".join(path.read_text("utf-8") for path in modules)))
    first, others = (json.loads((WEB / "i18n" / path).read_text("utf-8")) for path in ("first/en.json", "en.json"))
    assert {key for key in first if key.removesuffix(".one").removesuffix(".other") not in said} == set()
    wanted = {key for key in others if key.removesuffix(".one").removesuffix(".other") in said}
    assert wanted - {"room.join"} == set(), "room.join is the name of a method there"
