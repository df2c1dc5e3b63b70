"""Settings: their sources, and the errors for invalid ones."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from chatserver.errors import StartError
from chatserver.settings import (
    TABLE,
    Settings,
    as_toml,
    config_folder,
    load,
    or_unlimited,
    rooms_file,
    shown,
    web_folder,
)

CONFIG = Path(__file__).parents[1] / "config" / "chatserver.toml"


def file_of(folder: Path, text: str) -> Path:
    file = folder / "community.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(**sources: Any) -> str:
    with pytest.raises(StartError) as met:
        load(**sources)
    return str(met.value)


def test_without_any_source_every_setting_has_its_default() -> None:
    settings = load()
    assert settings == Settings()
    assert {row.path: settings.value(row.path) for row in TABLE} == {row.path: row.default for row in TABLE}
    assert all(settings.origin(row.path) == "default" for row in TABLE)


def test_a_later_source_wins_and_is_named_as_the_origin(tmp_path: Path) -> None:
    file = file_of(tmp_path, '[server]\nport = 1\nhost = "::1"\ndata = "a"\n[limits]\ntext_bytes = 9000\n')
    settings = load(
        file,
        {"CHATSERVER_SERVER__PORT": "2", "CHATSERVER_SERVER__DATA": "b", "CHATSERVER_SERVER__COMPRESSION": "true"},
        {"server.port": 3},
    )
    assert (settings.server.port, settings.server.host, settings.server.data) == (3, "::1", "b")
    assert settings.limits.text_bytes == 9000 and settings.server.compression is True
    assert settings.origin("server.port") == "command line"
    assert settings.origin("server.data") == "CHATSERVER_SERVER__DATA"
    assert settings.origin("server.host") == str(file)
    assert settings.origin("server.slow_seconds") == "default"


def test_the_file_may_be_named_in_the_environment(tmp_path: Path) -> None:
    file = file_of(tmp_path, "[server]\nport = 4\n")
    assert load(environment={"CHATSERVER_CONFIG": str(file)}).server.port == 4


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("server.port", "9000", 9000),
        ("server.drain_seconds", "2.5", 2.5),
        ("server.ping_seconds", "0", 0.0),
        ("server.compression", "yes", True),
        ("server.compression", "0", False),
        ("server.origins", "https://a.example, https://b.example", ["https://a.example", "https://b.example"]),
        ("server.origins", '["https://a.example"]', ["https://a.example"]),
        ("server.origins", "", []),
        ("community.name", "茶馆, open late", "茶馆, open late"),
        ("host.name", '{"en": "Tea"}', {"en": "Tea"}),
    ],
)
def test_the_environment_is_text_and_becomes_what_the_setting_holds(path: str, text: str, value: object) -> None:
    section, name = path.upper().split(".")
    assert load(environment={f"CHATSERVER_{section}__{name}": text}).value(path) == value


def test_a_secret_can_be_read_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("redis://:p4ss@127.0.0.1:6379\nnot this\n")
    settings = load(environment={"CHATSERVER_STORE__URL_FILE": str(secret)})
    assert settings.store.url == "redis://:p4ss@127.0.0.1:6379"
    assert settings.origin("store.url") == "CHATSERVER_STORE__URL_FILE"
    said = refusal(environment={"CHATSERVER_STORE__URL_FILE": str(tmp_path / "missing")})
    assert said.startswith("CHATSERVER_STORE__URL_FILE: ") and "missing" in said


def test_what_an_orchestrator_sets_for_a_service_of_our_name_is_not_ours() -> None:
    assert load(environment={"CHATSERVER_PORT": "tcp://10.0.0.1:80", "CHATSERVER_SERVICE_HOST": "x"}) == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nprot = 1", "there is no setting server.prot; did you mean server.port?"),
        ("[limits]\nport = 1", "there is no setting limits.port; did you mean server.port?"),
        ("[serer]\nport = 1", "there is no section [serer]; did you mean server?"),
        ("server = 1", "server is a section: write [server]"),
        ("[server]\nport = 'x'", "server.port must be a whole number from 0 to 65535"),
        ("[server]\nport = 70000", "server.port must be a whole number from 0 to 65535"),
        ("[server]\nport = true", "server.port must be a whole number"),
        ("[server]\nping_seconds = nan", "server.ping_seconds must be a number of 0 or more"),
        ("[limits]\ntext_bytes = -1", "limits.text_bytes must be a whole number of 0 or more"),
        ("[community]\nsign_up = 'closed'", 'community.sign_up must be one of "open", "invite"'),
        (
            "[community]\ntime_zone = 'Mars/Base'",
            "community.time_zone is not a time zone this machine knows: 'Mars/Base'",
        ),
        ("[host]\nname = { fr = 'x' }", "host.name must be a table from language (en, zh-Hans, zh-Hant) to text"),
        ("[server]\norigins = ['a.example']", "server.origins must hold origins such as"),
        ("[server]\npublic_url = 'https://a.example/chat'", "server.public_url must be an address such as"),
        ("[server]\ntrusted_proxies = ['proxy']", "server.trusted_proxies must hold addresses or networks"),
        ("[store]\ndurability = 'replicated'", "needs a store with replicas, which this release does not support"),
        ("[store]\nurl = 'cluster://a'", "store.url names a cluster:// store: this release supports a single"),
        (
            "[store]\nurl = 'redis+sentinel://a'",
            "store.url names a redis+sentinel:// store: this release supports a single",
        ),
        ("[store]\nurl = '127.0.0.1:6379'", "store.url must begin with redis://, rediss:// or unix://"),
        ("[store]\nurl = 'unix://'", "store.url must name a socket"),
        ("[store]\nurl = 'redis://'", "store.url must name a host"),
        ("[store]\nurl = 'redis://[::1'", "store.url has a machine or port that cannot be read"),
        ("[store]\nurl = 'redis://h:port'", "store.url has a machine or port that cannot be read"),
        ("[store]\nurl = 'redis://h:99999'", "store.url has a machine or port that cannot be read"),
        ("[server]\npublic_url = 'http://[::1'", "server.public_url must be an address such as"),
        ("[server]\npublic_url = 'https://h:port'", "server.public_url must be an address such as"),
        ("[server]\norigins = ['https://h:99999']", "server.origins must hold origins such as"),
        ("[limits]\nframe_bytes = 2000", "limits.frame_bytes must be at least limits.text_bytes (16384)"),
        ("[accounts]\npassword_max = 7", "accounts.password_max must be at least accounts.password_min (8)"),
        ("not toml", "is not TOML"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_path(tmp_path: Path, text: str, said: str) -> None:
    file = file_of(tmp_path, text)
    met = refusal(config_file=file)
    assert said in met
    assert str(file) in met


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    file = file_of(tmp_path, "[server]\nprot = 1\nport = 'x'\n")
    said = refusal(config_file=file, environment={"CHATSERVER_COMMUNITY__LANGUAGE": "fr"}).splitlines()
    assert len(said) == 3
    assert said[2] == 'CHATSERVER_COMMUNITY__LANGUAGE: community.language must be one of "en", "zh-Hans", "zh-Hant"'


def test_a_file_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    assert refusal(config_file=tmp_path / "no.toml").endswith("no.toml cannot be read: No such file or directory")


def test_every_limit_can_be_off_and_off_is_a_number_nothing_reaches(tmp_path: Path) -> None:
    names = [row.name for row in TABLE if row.section == "limits" and row.least == 0]
    settings = load(file_of(tmp_path, "[limits]\n" + "\n".join(f"{name} = 0" for name in names)))
    assert all(getattr(settings.limits, name) == 0 for name in names)
    assert or_unlimited(0) > 2**60 and or_unlimited(7) == 7


def test_the_printed_file_is_the_table(tmp_path: Path) -> None:
    printed = CONFIG.read_text(encoding="utf-8")
    assert printed == as_toml(), "run: chatserver config show --default > config/chatserver.toml"
    assert load(CONFIG) == load(), "as it comes it changes nothing"
    switched_on = "\n".join(
        line.removeprefix("#") if line[:1] == "#" and line[1:2] != " " else line for line in printed.splitlines()
    )
    content = tomllib.loads(switched_on)
    assert {f"{section}.{name}": value for section, entries in content.items() for name, value in entries.items()} == {
        row.path: row.default for row in TABLE
    }
    load(file_of(tmp_path, switched_on))


def test_every_setting_has_help_that_is_a_sentence_and_a_unit_where_it_is_an_amount() -> None:
    for row in TABLE:
        assert row.help.endswith("."), row.path
        if row.type in (int, float) and row.path != "server.port":
            assert row.unit, row.path


def test_every_setting_is_read_somewhere() -> None:
    """A switch that nothing is wired to would be a promise not kept."""
    package = Path(__file__).parents[1] / "chatserver"
    code = "".join(
        file.read_text(encoding="utf-8") for file in package.rglob("*.py") if file.parent.name != "settings"
    ) + (package / "settings" / "places.py").read_text(encoding="utf-8")
    unread = [row.path for row in TABLE if f".{row.name}" not in code]
    assert not unread


def test_a_password_in_an_address_is_never_shown() -> None:
    row = next(row for row in TABLE if row.path == "store.url")
    assert shown(row, "redis://someone:p4ss@store.example:6379/0") == '"redis://***@store.example:6379/0"'
    assert shown(row, "unix:///run/valkey.sock") == '"unix:///run/valkey.sock"'


def test_the_files_that_come_with_the_program_are_found(tmp_path: Path) -> None:
    assert (web_folder() / "index.html").is_file()
    assert rooms_file(Settings()) == config_folder() / "rooms.toml"
    assert rooms_file(load(overrides={"rooms.file": "mine.toml"})) == Path("mine.toml")


@pytest.mark.parametrize(("word", "value"), [("on", True), ("y", True), ("OFF", False), ("n", False)])
def test_a_switch_takes_the_usual_words_and_refuses_others_in_a_sentence(word: str, value: bool) -> None:
    assert load(None, {"CHATSERVER_SERVER__COMPRESSION": word}).server.compression is value
    assert "server.compression must be" in refusal(environment={"CHATSERVER_SERVER__COMPRESSION": f"{word}ish"})


def test_files_of_settings_and_secrets_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert load(file_of(tmp_path, "\ufeff[server]\nport = 7\n")).server.port == 7
    secret = file_of(tmp_path, "\ufeffa.example\n")
    assert load(None, {"CHATSERVER_SERVER__HOST_FILE": str(secret)}).server.host == "a.example"


def test_a_blank_around_a_word_is_not_part_of_it(tmp_path: Path) -> None:
    settings = load(file_of(tmp_path, "[store]\nurl = ' redis://localhost:6379 '\n[server]\nhost = '::1 '"))
    assert (settings.store.url, settings.server.host) == ("redis://localhost:6379", "::1")
