"""The documents are true: generated parts are up to date, and everything they name exists."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from chatserver import __version__, cli, errors
from chatserver.app import Server
from chatserver.bot import Bot
from chatserver.doors import page_limits
from chatserver.protocol import closing
from chatserver.protocol.documents import examples
from chatserver.protocol.documents import generate as documents
from chatserver.protocol.events import EVENTS
from chatserver.protocol.methods import METHODS
from chatserver.settings import TABLE
from tests.people import post, sign_up

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
SCENES = examples.read(DOCS / "examples.json")
CODE = {path: path.read_text("utf-8") for path in sorted((ROOT / "chatserver").rglob("*.py"))}


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


# --- what is made from the code --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", documents.FILES)
def test_the_made_parts_are_up_to_date(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")
    assert documents.refreshed(text, SCENES) == text, "run make docs"


def test_the_page_knows_how_long_texts_may_be() -> None:
    assert text_of("web/lib/limits.js") == page_limits.script(), "run make docs"


def test_protocol_has_a_part_for_every_method_event_shape_and_error() -> None:
    parts = set(documents.parts_of(text_of("docs/protocol.md")))
    wanted = {("method", name) for name in METHODS} | {("event", name) for name in EVENTS}
    wanted |= {("shape", name) for name in documents.SHAPES} | {("error", kind.name) for kind in errors.TABLE}
    wanted |= {("table", name) for name in ("methods", "events", "errors", "closes")}
    assert parts == wanted


def test_operating_names_every_setting() -> None:
    text = text_of("docs/operating.md")
    assert [row.path for row in TABLE if f"| `{row.path}` |" not in text] == []


def test_a_part_that_is_not_up_to_date_is_noticed() -> None:
    text = "<!-- table closes -->\nnothing\n<!-- end -->\n"
    assert "4505" in documents.refreshed(text, SCENES)


def test_every_close_code_is_said_to_come_about_somehow() -> None:
    ways = text_of("docs/protocol.md").partition("When each is sent")[2]
    assert [row.code for row in closing.TABLE if f"| `{row.code}` |" not in ways] == []


def test_every_reason_of_a_refusal_is_explained() -> None:
    told = set(re.findall(r"`(\w+)`", text_of("docs/protocol.md").partition("### Reasons")[2].partition("### ")[0]))
    assert sorted(set(reasons()) - told) == []


def reasons() -> Iterator[str]:
    """The reasons that the code gives, as they stand in calls."""
    call = re.compile(r'(?:not_allowed|conflict|Refusal)\(\s*(?:[\w.]+,\s*)?f?"[^"]*",\s*"(\w+)"')
    for path, source in CODE.items():
        if path.parent.name == "bot":
            continue  # what the SDK says of itself does not come over the wire
        yield from call.findall(source)
    for part in ("handle", "password"):
        yield from (f"{part}_{word}" for word in words_of(f"rules/accounts/{part}s.py"))
    yield from (f"name_{word}" for word in words_of("rules/accounts/names.py"))
    yield from map(
        "_".join, re.findall(r'_refusal\("(\w+)", "(\w+)"', CODE[ROOT / "chatserver/rules/messages/text.py"])
    )


def words_of(module: str) -> list[str]:
    """The first or second argument of each ``_refusal(…)``: the word behind the field's name."""
    return re.findall(r'_refusal\((?:path, )?"(\w+)"', CODE[ROOT / "chatserver" / module])


def test_the_reasons_of_the_code_are_found() -> None:
    assert {"client_id_used", "handle_reserved", "banned", "text_empty", "password_short", "suspended"} <= set(
        reasons()
    )


# --- commands and metrics --------------------------------------------------------------------------------------------


def commands_of(parser: argparse.ArgumentParser, above: str = "chatserver") -> Iterator[tuple[str, list[str]]]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield above, [option for action in parser._actions for option in action.option_strings if option != "-h"]
    for group in groups:
        for name, below in group.choices.items():
            yield from commands_of(below, f"{above} {name}")


@pytest.mark.parametrize(("command", "options"), list(commands_of(cli.parser())))
def test_operating_names_every_command_and_its_options(command: str, options: list[str]) -> None:
    text = text_of("docs/operating.md")
    assert re.search(rf"^\| `{command}[ `]", text, re.MULTILINE), command
    assert [option for option in options if option != "--help" and option not in text] == []


async def test_operating_names_every_metric_and_no_other(server: Server) -> None:
    # Counters with labels say nothing of themselves before their first count.
    await post(server.url, "community.get")
    person = await (await sign_up(server.url, "ann")).start()
    await person.leave()
    async with ClientSession() as session, session.get(f"{server.url}/metrics") as answer:
        said = await answer.text()
    given = {name for name in re.findall(r"^# TYPE (chat_\w+)", said, re.MULTILINE) if not name.endswith("_created")}
    assert set(re.findall(r"\| `(chat_\w+)` \|", text_of("docs/operating.md"))) == given


# --- the README ------------------------------------------------------------------------------------------------------


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(name), re.DOTALL | re.MULTILINE)


def test_the_python_of_all_documents_can_be_read() -> None:
    found = [block for document in DOCUMENTS for block in blocks(str(document.relative_to(ROOT)), "python")]
    assert found
    for block in found:
        ast.parse(block)


async def test_the_bot_of_the_readme_rolls(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATSERVER_STATE", str(tmp_path / "bot.state"))
    (source,) = blocks("README.md", "python")
    lines = [line for line in source.splitlines() if line]
    assert len(lines) == 10
    names: dict[str, Bot] = {}
    exec(source.replace("bot.run()\n", ""), names)
    ann = await (await sign_up(server.url, "ann")).start()
    made = await post(server.url, "bot.create", ann.token, handle="dice", name="Dice")
    async with names["bot"].running(server.url, made["token"]):
        await ann.hears("member.joined", room="hall")
        await ann.say("hall", "/roll 1")
        await ann.hears("message.posted", text="Ann rolled 1")
    await ann.leave()


def test_every_make_command_of_the_documents_has_a_target() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    said = "\n".join(document.read_text("utf-8") for document in DOCUMENTS)
    assert set(re.findall(r"(?:^|`)make (\w+)", said, re.MULTILINE)) - targets == set()


def test_ci_runs_the_commands_of_the_readme_as_they_stand() -> None:
    work = next(block for block in blocks("README.md", "sh") if "make test" in block)
    ran = text_of(".ci/run").splitlines()
    assert [line for line in work.splitlines() if line not in ran] == []


# --- what is named is there ------------------------------------------------------------------------------------------


def slugs(text: str) -> list[str]:
    """The anchors that a page's headings get, as the usual hosts make them."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", plain, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    assert len(slugs(text)) == len(set(slugs(text))), "two headings of one page have the same anchor"
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        if not target.exists() or (anchor and anchor not in slugs(target.read_text("utf-8"))):
            wrong.append(link)
    assert wrong == []


def test_architecture_names_files_and_functions_that_exist() -> None:
    text = text_of("docs/architecture.md")
    files = re.findall(r"`((?:chatserver|web|docs|bench|config|tests)/[\w./-]*)`", text)
    assert files
    assert [file for file in files if not (ROOT / file).exists()] == []
    names = re.findall(r"`([A-Z]\w+)\.(\w+)`", text)
    assert names
    assert [f"{owner}.{name}" for owner, name in names if not is_there(owner, name)] == []


def is_there(owner: str, name: str) -> bool:
    return any(
        re.search(rf"^class {owner}\b", source, re.MULTILINE) and re.search(rf'def {name}\b|"{name}"', source)
        for source in CODE.values()
    )


def test_every_name_of_the_glossary_is_used_in_the_code() -> None:
    named = set(re.findall(r"`([A-Z]\w+)`", text_of("docs/glossary.md")))
    everything = "\n".join(CODE.values())
    assert named
    assert sorted(name for name in named if not re.search(rf"^(?:class )?{name}\b", everything, re.MULTILINE)) == []


REPLACED = re.compile(r"house(?!keeping)|desk|shelf|furnish|standing", re.IGNORECASE)
"""Words that the glossary replaced: community and server, service, store, build, and a name for each meaning."""


def test_no_class_or_function_has_a_word_that_the_glossary_replaced() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, source in CODE.items()
        for name in re.findall(r"^\s*(?:class|def|async def) (\w+)", source, re.MULTILINE)
        if REPLACED.search(name)
    ]
    assert found == []


def test_the_changelog_tells_of_this_version() -> None:
    assert f"\n## {__version__}\n" in text_of("CHANGELOG.md")
