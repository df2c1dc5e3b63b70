"""What lets the page be installed and its links be shown: the manifest, the service worker, a window's preview."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer as Served

from chatserver.app import Server
from chatserver.doors.pages import Pages, read_files
from tests.doors.visiting import Answer, ask
from tests.people import post, sign_up
from tests.services.accounts.test_people import admin_of

WEB = Path(__file__).parents[2] / "web"


# --- the manifest ----------------------------------------------------------------------------------------------------


async def test_the_manifest_has_the_server_s_name_and_language(server: Server) -> None:
    admin = await admin_of(server)
    await post(server.url, "community.update", admin.token, name='Under "the" plane tree', language="zh-Hant")
    answer = await ask(server.url, "/manifest.webmanifest", Accept_Encoding="gzip;q=0")
    assert answer.headers["Content-Type"].startswith("application/manifest+json")
    assert answer.headers["Cache-Control"] == "no-cache"
    manifest: dict[str, Any] = answer.json()
    assert (manifest["name"], manifest["lang"]) == ('Under "the" plane tree', "zh-Hant")
    assert (manifest["short_name"], manifest["display"]) == ('Under "the"', "standalone")
    assert (manifest["start_url"], manifest["scope"]) == ("/", "/")
    assert all(manifest[name].startswith("#") for name in ("theme_color", "background_color"))
    assert {(icon["src"], icon["sizes"], icon["purpose"]) for icon in manifest["icons"]} == {
        ("/web/icons/icon-192.png", "192x192", "any"),
        ("/web/icons/icon-512.png", "512x512", "any"),
        ("/web/icons/icon-maskable-512.png", "512x512", "maskable"),
    }


@pytest.mark.parametrize(
    ("name", "short"),
    [("Teahouse 茶馆", "Teahouse 茶馆"), ("茶" * 20, "茶" * 12), ("A home of many words", "A home of")],
)
async def test_the_name_below_an_icon_is_short(server: Server, name: str, short: str) -> None:
    admin = await admin_of(server)
    await post(server.url, "community.update", admin.token, name=name)
    assert (await ask(server.url, "/manifest.webmanifest")).json()["short_name"] == short


# --- the service worker ----------------------------------------------------------------------------------------------


def page_of(folder: Path) -> web.Application:
    """A server of these files."""
    application = web.Application()
    pages = Pages(read_files(folder), named=lambda: ("Community", "en"), window=lambda room: None)
    pages.add_routes(application.router)
    return application


async def worker_of(folder: Path) -> Answer:
    """What a page of these files gives as its service worker."""
    async with Served(page_of(folder)) as server:
        return await ask(str(server.make_url("/")).rstrip("/"), "/sw.js")


async def test_the_service_worker_minds_the_whole_page_and_is_asked_for_each_time(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html></html>")
    (tmp_path / "sw.js").write_text('const version = "__VERSION__";')
    answer = await worker_of(tmp_path)
    assert (answer.status, answer.headers["Service-Worker-Allowed"]) == (200, "/")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert b"__VERSION__" not in answer.body and len(answer.body) == len('const version = "";') + 16


async def test_a_change_of_any_file_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    files = [tmp_path / name for name in ("index.html", "sw.js", "main.css", "lib/dom.js")]
    for file in files:
        file.write_text("/* __VERSION__ */")
    bodies = {(await worker_of(tmp_path)).body, (await worker_of(tmp_path)).body}
    assert len(bodies) == 1
    for number, file in enumerate(files, 2):
        file.write_text(f"/* __VERSION__ */ {number if file.name != 'sw.js' else ''}")
        bodies.add((await worker_of(tmp_path)).body)
        assert len(bodies) == number
    files[-1].rename(tmp_path / "lib/names.js")
    assert (await worker_of(tmp_path)).body not in bodies


async def test_the_service_worker_has_the_page_s_files_and_a_page_its_version(
    tmp_path: Path,
) -> None:
    for name in ("index.html", "main.css", "icons/big.png", "lib/dom.js"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("<html></html>")
    (tmp_path / "sw.js").write_text("__VERSION__ __FILES__")
    async with Served(page_of(tmp_path)) as server:
        url = str(server.make_url("/")).rstrip("/")
        version, *files = (await ask(url, "/sw.js")).body.decode().split(" ")
        assert files == [f"/web/{version}/lib/dom.js", f"/web/{version}/main.css"]
        for path in ("/", "/room/hall", "/settings"):
            assert (await ask(url, path)).headers["Page-Version"] == version


async def test_where_two_releases_answer_in_turn_every_file_is_of_the_version_that_was_asked_for(
    tmp_path: Path,
) -> None:
    releases = []
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "index.html").write_text('<title></title><script src="/web/main.js"></script>')
        (folder / "main.js").write_text(f"release {name}")
        releases.append(page_of(folder))
    async with Served(releases[0]) as one, Served(releases[1]) as other:
        urls = [str(server.make_url("/")).rstrip("/") for server in (one, other)]
        version = (await ask(urls[0], "/")).headers["Page-Version"]
        path = f"/web/{version}/main.js"
        elsewhere = await ask(urls[1], path)
        assert (elsewhere.status, elsewhere.headers["Cache-Control"]) == (307, "no-store")
        again = path + elsewhere.headers["Location"]
        assert (await ask(urls[0], again)).body == b"release one"
        # Only the other release is left: the browser is not redirected without end, and never gets a wrong file.
        for _ in range(16):
            answer = await ask(urls[1], path + elsewhere.headers["Location"])
            if answer.status == 307:
                elsewhere = answer
        assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")


async def test_a_page_without_a_service_worker_has_none(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html></html>")
    assert (await worker_of(tmp_path)).status == 404


# --- links that are shown elsewhere ----------------------------------------------------------------------------------


class _Told(HTMLParser):
    """What a page says of itself to who is shown its link."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: dict[str, str] = {}
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if (given.get("property") or "").startswith("og:"):
            self.said[given["property"] or ""] = given["content"] or ""


async def shown(server: Server, path: str, **headers: str) -> Answer:
    """The page, once this process has heard of the last change of a room."""
    await server.stores.windows.refresh()
    return await ask(server.url, path, **headers)


async def told(server: Server, path: str) -> dict[str, str]:
    answer = await shown(server, path, Accept_Encoding="identity")
    assert answer.status == 200
    return _Told(answer.body.decode()).said


async def test_a_link_to_a_window_says_what_it_leads_to_in_the_server_s_language(server: Server) -> None:
    assert (await told(server, "/room/hall"))["og:title"] == "The hall"
    admin = await admin_of(server)
    await post(server.url, "community.update", admin.token, language="zh-Hans")
    said = await told(server, "/room/hall")
    assert said["og:title"] == "前厅" and said["og:description"]


async def test_a_room_s_title_and_description_are_inserted_as_text(server: Server) -> None:
    admin = await admin_of(server)
    title, about = 'Tea" onload="x', "</head><script>alert(1)</script> & 'more'\nlines"
    await post(server.url, "room.update", admin.token, room="hall", title=title, about=about)
    page = (await shown(server, "/room/hall", Accept_Encoding="identity")).body.decode()
    found = _Told(page)
    assert found.said.pop("og:site_name")
    assert found.said == {"og:title": title, "og:description": about}
    assert found.tags.count("script") == _Told((WEB / "index.html").read_text("utf-8")).tags.count("script")
    await post(server.url, "room.update", admin.token, room="hall", about="")
    assert "og:description" not in await told(server, "/room/hall")


async def test_nothing_of_other_rooms_is_revealed(server: Server) -> None:
    admin, mei = await admin_of(server), await sign_up(server.url, "mei")
    made = [
        (await post(server.url, "room.create", mei.token, title="Den", kind=kind))["room"]
        for kind in ("open", "closed")
    ]
    page = (await ask(server.url, "/")).body
    for room in (*made, "tea", "nowhere", "%3Cscript%3E"):
        answer = await shown(server, f"/room/{room}", Authorization=f"Bearer {mei.token}")
        assert answer.body == page, room
    await post(server.url, "room.update", admin.token, room="hall", window=False)
    assert (await shown(server, "/room/hall")).body == page
    await post(server.url, "room.update", admin.token, room=made[0], window=True)
    assert (await told(server, f"/room/{made[0]}"))["og:title"] == "Den"
    await post(server.url, "room.archive", admin.token, room=made[0], archived=True)
    assert (await shown(server, f"/room/{made[0]}")).body == page


async def test_another_title_is_another_copy(server: Server) -> None:
    admin = await admin_of(server)
    first = await shown(server, "/room/hall")
    same = await shown(server, "/room/hall", If_None_Match=first.headers["ETag"])
    assert same.status == 304
    await post(server.url, "room.update", admin.token, room="hall", title="Another hall")
    again = await shown(server, "/room/hall", If_None_Match=first.headers["ETag"])
    assert again.status == 200 and b"Another hall" in again.body
