"""The page's files, what stands around them, and the headers on everything that leaves by the front door."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chatserver.app import Server
from tests.doors.visiting import Answer, ask, knock, post
from tests.people import post as people_post
from tests.services.accounts.test_people import admin_of

WEB = Path(__file__).parents[2] / "web"
FILES = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*") if path.is_file() and path.suffix != ".md")
INDEX = (WEB / "index.html").read_text(encoding="utf-8")
KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
PAGE_PATHS = [
    "/", "/rooms", "/room/tea", "/room/tea/41", "/room/0123456789abcdef01234567", "/setup", "/people", "/user/mei.lin",
    "/user/%E7%8E%8B%E5%B0%8F%E6%98%8E", "/community", "/join/tea/abcdef", "/sign-in", "/sign-up",
    "/recover", "/settings", "/settings/bots", "/notifications", "/room/tea?from=somewhere",
]  # fmt: skip
OUTSIDE = [
    "/web/../pyproject.toml", "/web/%2e%2e/pyproject.toml", "/web/..%2fpyproject.toml", "/web/%2e%2e%2fpyproject.toml",
    "/web/lib/../../pyproject.toml", "/web/....//pyproject.toml", "/web/..\\pyproject.toml",
    "/web/%5c..%5cpyproject.toml",
    "/web//etc/passwd", "/web/%2fetc%2fpasswd", "/../pyproject.toml", "/%2e%2e/etc/passwd", "//etc/passwd",
    "/web/.", "/web/..", "/web/", "/web", "/web/lib", "/web/lib/", "/web/index.html%00.js", "/web/%00",
    "/web/INDEX.html", "/web/tsconfig.json", "/web/index.html/..", "/chatserver/app.py", "/pyproject.toml",
]  # fmt: skip


# --- files -----------------------------------------------------------------------------------------------------------


async def test_every_path_of_the_page_is_the_page(server: Server) -> None:
    for path in PAGE_PATHS:
        answer = await ask(server.url, path)
        assert (answer.status, answer.headers["Content-Type"]) == (200, KINDS[".html"]), path
        assert b"<title>Teahouse " in answer.body and b'src="/web/' in answer.body, path


async def test_a_page_asks_only_for_files_of_its_own_version_which_never_change(server: Server) -> None:
    page = await ask(server.url, "/")
    version = page.headers["Page-Version"]
    asked = re.findall(r'(?:href|src)="(/web/[^"]+)"', page.body.decode())
    assert len(asked) > 25
    for path in asked:
        assert path.startswith(f"/web/{version}/") or path == "/web/too-old.js"
        assert (await ask(server.url, path)).status == 200
    main = await ask(server.url, f"/web/{version}/main.js")
    assert "immutable" in main.headers["Cache-Control"]
    assert main.body == (WEB / "main.js").read_bytes()


async def test_the_title_of_every_page_is_the_community_s_name(server: Server) -> None:
    admin = await admin_of(server)
    await people_post(server.url, "community.update", admin.token, name='Under <the> "plane" tree')
    page = (await ask(server.url, "/sign-up")).body.decode()
    assert "<title>Under &lt;the&gt; &quot;plane&quot; tree</title>" in page
    assert '<meta property="og:site_name" content="Under &lt;the&gt; &quot;plane&quot; tree">' in page


async def test_what_is_in_web_is_what_the_browser_gets(server: Server) -> None:
    for name in FILES:
        answer = await ask(server.url, f"/web/{name}")
        assert (answer.status, answer.body) == (200, (WEB / name).read_bytes()), name
        assert answer.headers["Content-Type"] == KINDS[Path(name).suffix]
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_the_first_screen_weighs_at_most_52_kb(server: Server) -> None:
    """What stands in index.html and the frame's words: that nothing else is loaded before the first paint is seen in
    tests/web/test_frame.py, by the measure of bench/page.py. The promise is 60 KB."""
    asked = re.findall(r'<(?:script|link rel="(?:modulepreload|stylesheet)") .*?"(/web/[^"]+)"', INDEX)
    words = max([await _packed(server, [f"/web/i18n/first/{name}.json"]) for name in ("en", "zh-Hans", "zh-Hant")])
    assert len(asked) > 30
    assert await _packed(server, ["/", *asked]) + words <= 52_000
    talk = [f"/web/{path}" for path in re.findall(r'"\./([^"]+)";', (WEB / "talk.js").read_text())]
    styles = re.findall(r'"(message-(?:list|item)/[^"]+\.css)"', (WEB / "main.js").read_text())
    assert len(styles) == 3
    talk += [f"/web/elements/{path}" for path in styles]
    assert await _packed(server, talk) <= 34_000, "what shows messages, loaded right after it"


async def _packed(server: Server, paths: list[str]) -> int:
    return sum([len((await ask(server.url, path, Accept_Encoding="gzip")).body) for path in paths])


async def test_files_are_packed_for_who_takes_it(server: Server) -> None:
    for name in FILES:
        if name.endswith((".png", ".woff2")):
            continue  # packed by their own kind
        answer = await ask(server.url, f"/web/{name}", Accept_Encoding="br;q=1.0, GZIP;q=0.8, *;q=0.1")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(answer.body) == (WEB / name).read_bytes()


async def test_files_are_not_packed_for_who_does_not_take_it(server: Server) -> None:
    for accepted in ("", "identity", "br", "gzip;q=0", "gzip; q=0.000", "not-gzip", "x-gzip"):
        answer = await ask(server.url, "/web/main.js", Accept_Encoding=accepted)
        assert "Content-Encoding" not in answer.headers, accepted
        assert answer.body == (WEB / "main.js").read_bytes()


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
async def test_a_copy_that_still_holds_is_not_sent_again(server: Server, accepted: str) -> None:
    for path in ("/", "/web/main.js"):
        first = await ask(server.url, path, Accept_Encoding=accepted)
        etag = first.headers["ETag"]
        for known in (etag, f'"another", W/{etag}', "*"):
            again = await ask(server.url, path, Accept_Encoding=accepted, If_None_Match=known)
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
        changed = await ask(server.url, path, Accept_Encoding=accepted, If_None_Match='"another"')
        assert (changed.status, changed.body) == (200, first.body)


async def test_an_etag_names_bytes_not_words(server: Server) -> None:
    """RFC 9110, section 8.8.3: a strong one is of one coding."""
    plain = await ask(server.url, "/web/main.js")
    packed = await ask(server.url, "/web/main.js", Accept_Encoding="gzip")
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert len({(await ask(server.url, f"/web/{name}")).headers["ETag"] for name in FILES}) == len(FILES)


async def test_the_head_of_a_file_is_its_answer_without_the_file(server: Server) -> None:
    whole, head = await ask(server.url, "/web/main.js"), await ask(server.url, "/web/main.js", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert {name: value for name, value in head.headers.items() if name != "Date"} == {
        name: value for name, value in whole.headers.items() if name != "Date"
    }


async def test_nothing_outside_of_web_can_be_reached(server: Server) -> None:
    for path in OUTSIDE:
        answer = await ask(server.url, path)
        assert answer.status == 404, path
        assert len(answer.body) < 30


# --- headers ---------------------------------------------------------------------------------------------------------


def assert_safe(answer: Answer) -> None:
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    ours = ("script-src", "style-src", "connect-src", "manifest-src", "worker-src")
    assert {policy[name] for name in ours} == {"'self'"}
    assert (policy.pop("img-src"), policy.pop("media-src")) == ("'self' data: blob:", "'self' blob:")
    sources = {value for name, value in policy.items() if name.endswith("-src")}
    assert sources <= {"'self'", "'none'"}
    assert (policy["base-uri"], policy["frame-ancestors"], policy["form-action"]) == ("'none'", "'none'", "'self'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers.getall("Server") == ["chatserver"]


ANSWERS = [
    ("GET", "/", 200),
    ("HEAD", "/room/hall", 200),
    ("GET", "/web/main.js", 200),
    ("GET", "/favicon.svg", 200),
    ("GET", "/manifest.webmanifest", 200),
    ("POST", "/manifest.webmanifest", 405),
    ("GET", "/api/openapi.json", 200),
    ("GET", "/api/openrpc.json", 200),
    ("POST", "/api/community.get", 200),
    ("GET", "/api/community.get", 400),
    ("POST", "/api/login.list", 401),
    ("POST", "/api/room.burn", 404),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/metrics", 200),
    ("GET", "/nothing", 404),
    ("GET", "/web/nothing.js", 404),
    ("POST", "/", 405),
    ("DELETE", "/web/main.js", 405),
    ("POST", "/healthz", 405),
    ("POST", "/ws", 405),
    ("GET", "/ws", 426),
]


async def test_every_answer_is_safe(server: Server) -> None:
    for method, path, status in ANSWERS:
        answer = await ask(server.url, path, method)
        assert answer.status == status, (method, path)
        assert_safe(answer)
        assert "Strict-Transport-Security" not in answer.headers


async def test_an_answer_that_a_copy_still_holds_is_safe(server: Server) -> None:
    assert_safe(await ask(server.url, "/", If_None_Match="*"))


HANDSHAKES = [
    ({"Authorization": "Bearer chat_nobody"}, 401),
    ({"Origin": "https://elsewhere.example"}, 403),
    ({"Sec-WebSocket-Version": "12"}, 400),
    ({"Sec-WebSocket-Key": "short"}, 400),
    ({"Sec-WebSocket-Protocol": "chat.v9.json"}, 400),
    ({"Connection": "close"}, 426),
]


async def test_a_refused_handshake_is_safe(server: Server) -> None:
    for headers, status in HANDSHAKES:
        answer = await knock(server.url, **headers)
        assert answer.status == status, headers
        assert_safe(answer)
        assert not server.hub.connections


async def test_a_fault_of_ours_is_safe_and_says_nothing_of_it(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.hub.connections[object()] = None  # not a connection: whoever counts them stumbles
    try:
        answer = await ask(server.url, "/metrics")
    finally:
        server.hub.connections.clear()
    assert (answer.status, answer.body) == (500, b"Internal error; it was logged.\n")
    assert_safe(answer)
    assert "AttributeError" in caplog.text


async def test_under_tls_responses_have_strict_transport_security(open_server) -> None:
    server = await open_server(server__trusted_proxies=["127.0.0.1"])
    for path in ("/", "/nothing", "/api/openapi.json"):
        answer = await ask(server.url, path, X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9")
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert "Strict-Transport-Security" not in (await ask(server.url, path)).headers


async def test_a_login_is_not_kept_by_anything_between(server: Server) -> None:
    for answer in (await post(server.url, "community.get"), await post(server.url, "login.list")):
        assert answer.headers["Cache-Control"] == "no-store"


# --- index.html and the policy ---------------------------------------------------------------------------------------


class _Reader(HTMLParser):
    """Collects what a Content-Security-Policy without 'unsafe-inline' would not run."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.links: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._within = tag
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or tag == "base" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.links += [given[name] or "" for name in ("src", "href", "action") if name in given]

    def handle_data(self, data: str) -> None:
        if self._within in {"script", "style"} and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


async def test_the_page_holds_nothing_that_its_policy_forbids_and_links_only_to_what_is_there(server: Server) -> None:
    reader = _Reader()
    reader.feed((WEB / "index.html").read_text(encoding="utf-8"))
    assert reader.inline == []
    assert reader.links
    for link in reader.links:
        assert link.startswith("/web/") or link == "/manifest.webmanifest"
        assert (await ask(server.url, link)).status == 200


@pytest.mark.parametrize(
    "bad", ["<script>1</script>", "<style>a{}</style>", "<p style='a'>", "<p onclick='1'>", "<base>"]
)
def test_inline_code_would_be_noticed(bad: str) -> None:
    reader = _Reader()
    reader.feed(bad)
    assert reader.inline
