"""People who use the page, as the browser tests see them: a community that can be killed, and readers in Chromium.

Everything that a browser complains of (console errors, uncaught errors, refused content, dialogs nobody asked for) is
kept in ``Reader.faults`` and fails the story when its reader leaves. Nothing here waits for a duration.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    async_playwright,
    expect,
)

from tests.people import PASSWORD, Person, post

CHROMIUM = Path("/usr/bin/chromium-headless-shell")
ARGUMENTS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-quic",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    # Two processes less to talk to for each file that the page asks for: a tenth of what loading it costs.
    "--in-process-gpu", "--enable-features=NetworkServiceInProcess2",
]  # fmt: skip
PATIENCE_MS = 15_000
START_S = 30.0
ROOT = Path(__file__).parents[2]
expect.set_options(timeout=PATIENCE_MS)
# Hashing is slow by design, and limits make people wait; neither is what the stories are about. Nobody is a newcomer,
# however many came before them, or a story would end differently after fifty others.
ENVIRONMENT = {
    "NEWCOMER__FIRST_ACCOUNTS": "100000",
    "ACCOUNTS__ARGON2_MEMORY": "8",
    "ACCOUNTS__ARGON2_PASSES": "1",
    "ACCOUNTS__SIGN_UP_PER_ADDRESS_HOUR": "0",
    "ACCOUNTS__SIGN_IN_ADDRESS_BURST": "0",
    "ACCOUNTS__SIGN_IN_NAME_BURST": "0",
    "LIMITS__USER_SENDS_BURST": "0",
    "LIMITS__ROOM_SENDS_BURST": "0",
    "LIMITS__ADDRESS_SENDS_BURST": "0",
    "LIMITS__BOT_SENDS_BURST": "0",
    "LIMITS__REQUESTS_BURST": "0",
    "LIMITS__JOINS_BURST": "0",
    "LIMITS__CREATES_BURST": "0",
    "LIMITS__SEARCHES_BURST": "0",
    "FILES__UPLOADS_BURST": "0",
    "LIMITS__CONNECTIONS_PER_ADDRESS": "0",
    "LIMITS__CONNECTIONS_PER_USER": "0",
    "SERVER__DRAIN_SECONDS": "0.1",
    "COMMUNITY__PREVIEWS": "false",
}
SETUP = re.compile(r"/setup#([\w-]+)\s")

# What a click on a link of the page does; done when what stood there is gone.
FOLLOW = """async (path) => {
  const [shell, left, from] = [document.querySelector("app-shell"), document.querySelector("main > *"), address()];
  function address() { return location.pathname + location.hash; }
  const link = Object.assign(document.createElement("a"), { href: path });
  shell.append(link);
  link.click();
  link.remove();
  const late = performance.now() + 15_000;
  while (left?.isConnected && address() !== from) {
    if (performance.now() > late) throw new Error(`what stood before ${path} still stands`);
    await new Promise((done) => setTimeout(done, 10));
  }
}"""
NEVER_IDLE = "window.requestIdleCallback = () => 0"
# Playwright says so where a story does without the service worker.
NO_WORKER = "Service Worker registration blocked by Playwright"
# What a browser says by itself when the line is down; forgiven only where a story takes the line down.
LINE_DOWN = re.compile(r"WebSocket connection to|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")


def _patient(act: Callable[..., Any]) -> Callable[..., Any]:
    """The keys and the focus wait until their element is in sight: what is hidden cannot be focused, and Playwright
    would press them elsewhere without a word."""

    @functools.wraps(act)
    async def patient(element: Locator, *given: Any, **more: Any) -> Any:
        await element.wait_for()
        return await act(element, *given, **more)

    return patient


for _act in ("focus", "press", "press_sequentially"):
    setattr(Locator, _act, _patient(getattr(Locator, _act)))


class Served:
    """``chatserver serve`` as a process of its own, with its embedded store in ``data``."""

    def __init__(self, data: Path, *, root: Path = ROOT, **settings: str | None) -> None:
        """``settings`` are added to ``ENVIRONMENT``; None leaves one at its default."""
        self.data = data
        self.root = root
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = {f"CHATSERVER_{name}": value for name, value in (ENVIRONMENT | settings).items() if value}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Open the community; it is ready when this returns."""
        log = (self.data.parent / f"{self.data.name}.log").open("ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "chatserver", "serve", "--data", str(self.data), "--port", str(self.port),
                cwd=self.root, env=os.environ | self._settings, stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(START_S):
            while not await self._is_ready():
                if self._process.returncode is not None:
                    raise AssertionError(f"the community did not open; it says why in {log.name}")
                await asyncio.sleep(0.05)

    async def _is_ready(self) -> bool:
        try:
            async with ClientSession(timeout=ClientTimeout(2)) as session, session.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except (ClientError, TimeoutError):
            return False

    async def setup_code(self) -> str:
        """What the link carries that makes somebody the first to run the community; printed once the community is
        open."""
        log = self.data.parent / f"{self.data.name}.log"
        found: list[str] = []
        await until(
            lambda: found.extend(SETUP.findall(log.read_text("utf-8"))) or found, "a link to set the community up"
        )
        return found[-1]

    async def kill(self) -> None:
        """kill -9: nothing is said to anybody, nothing is written down."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(how)
        await process.wait()


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


class Reader:
    """One person at one browser (a context of its own, so cookies and storage are theirs)."""

    def __init__(self, server: Served, context: BrowserContext, page: Page) -> None:
        self.server = server
        self.context = context
        self.user: dict[str, Any] = {}
        self.faults: list[str] = []
        self._forgiven: list[re.Pattern[str]] = []
        self._answers: list[bool] = []
        self.page = page
        self._listen(page)

    def _listen(self, page: Page) -> None:
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._complain)
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        page.on("dialog", self._answer)

    def _complain(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning") and said.text != NO_WORKER:
            self.faults.append(said.text)

    async def _answer(self, dialog: Dialog) -> None:
        if not self._answers:
            self.faults.append(f"dialog: {dialog.message}")
            await dialog.dismiss()
        elif self._answers.pop(0):
            await dialog.accept()
        else:
            await dialog.dismiss()

    def forgive(self, pattern: str | re.Pattern[str]) -> None:
        """This story makes the browser say this by itself, as for an answer of 401 or a line that is down."""
        self._forgiven.append(re.compile(pattern))

    def will_answer(self, *, yes: bool) -> None:
        """The next question of the page (``confirm``) is expected, and answered."""
        self._answers.append(yes)

    def check(self) -> None:
        """Nothing went wrong in this browser that the story did not expect."""
        left = [fault for fault in self.faults if not any(pattern.search(fault) for pattern in self._forgiven)]
        assert not left, left
        assert not self._answers, "a question of the page was expected and not asked"

    # --- coming in ---------------------------------------------------------------------------------------------------

    async def sign_up(self, handle: str, name: str = "") -> Reader:
        """A new account by the HTTP door; its cookie is this browser's."""
        given = {"handle": handle, "name": name or handle.title(), "password": PASSWORD}
        self.user = (await self.call("account.create", **given))["user"]
        return self

    async def call(self, method: str, **params: Any) -> Any:
        """A call over HTTP as this person."""
        address, headers = f"{self.server.url}/api/{method}", {"Origin": self.server.url}
        answer = await self.context.request.post(address, data=params, headers=headers)
        body = await answer.json()
        assert answer.ok, body
        return body

    async def open(self, path: str = "/room/hall") -> Reader:
        await self.page.goto(f"{self.server.url}{path}")
        return self

    async def follow(self, path: str) -> Reader:
        """Go on by a link of the page, which loads nothing again, to where something else is shown."""
        await self.page.evaluate(FOLLOW, path)
        return self

    async def wakes(self) -> None:
        """The browser says that the network is back, so that nobody waits for the next attempt by itself."""
        await self.page.evaluate("dispatchEvent(new Event('online'))")

    async def another_page(self, path: str) -> Page:
        """A second tab of the same browser."""
        page = await self.context.new_page()
        self._listen(page)
        await page.goto(f"{self.server.url}{path}")
        return page

    # --- talking and looking -----------------------------------------------------------------------------------------

    @property
    def box(self) -> Locator:
        return self.page.locator("message-composer textarea")

    async def say(self, *texts: str) -> None:
        for text in texts:
            await self.box.fill(text)
            await self.box.press("Enter")

    def message(self, text: str) -> Locator:
        """The row of the message that holds this text."""
        return self.page.locator("message-item", has=self.page.locator(".text", has_text=text))

    async def act(self, text: str, name: str) -> None:
        """Choose something from the menu of the message that holds this text."""
        message = self.message(text)
        await message.hover()
        await message.locator(".actions").get_by_role("button").last.click()
        await self.page.get_by_role("menuitem", name=name, exact=True).click()

    async def hold(self, text: str, *, end: str = "touchEnd") -> None:
        """A long press on the first message that holds this text, until its sheet is there."""
        box = await self.message(text).first.locator(".text").bounding_box()
        assert box
        finger = await self.context.new_cdp_session(self.page)
        points = [{"x": box["x"] + 20, "y": box["y"] + 10}]
        await finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
        await expect(self.page.locator("message-menu .sheet")).to_be_visible()
        await finger.send("Input.dispatchTouchEvent", {"type": end, "touchPoints": []})

    def texts(self) -> Locator:
        return self.page.locator("message-item .text")

    async def sees(self, *texts: str) -> None:
        """The room shows exactly these, in this order, each once and from the log."""
        await expect(self.texts()).to_have_text(list(texts))
        await expect(self.page.locator("message-item.waiting")).to_have_count(0)

    async def hears(self, text: str) -> None:
        await expect(self.message(text)).to_have_count(1)

    def room(self, title: str) -> Locator:
        """A room's row in the list."""
        return self.page.locator("room-list .rooms a", has_text=title)


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def reader(
    server: Served, browser: Browser, *, locale: str = "en-US", idle: bool = False, **options: Any
) -> Reader:
    """Somebody at a new browser that loads only what is asked for.

    It is never ``idle``, so the page does not bring the rest of its elements beforehand, and it installs no service
    worker. Each asks for every file of the page: half of what a story costs. ``service_workers="allow"`` is for the
    stories of ``test_offline``.
    """
    given = {"viewport": {"width": 1280, "height": 800}, "service_workers": "block", **options}
    context = await browser.new_context(locale=locale, timezone_id="Europe/Zurich", **given)
    if not idle:
        await context.add_init_script(NEVER_IDLE)
    return Reader(server, context, await context.new_page())


async def until(condition: Callable[[], object], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while not condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"did not come about: {what}") from None


async def sign_up(server: Served, handle: str, name: str = "") -> Person:
    """Somebody who comes by a plain WebSocket and not by the page."""
    given = {"handle": handle, "name": name or handle.title(), "password": PASSWORD, "want": "token"}
    body = await post(server.url, "account.create", **given)
    return Person(server.url, body["token"], body["user"])
