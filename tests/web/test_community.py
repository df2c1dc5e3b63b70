"""Who runs the community: the link that makes the first one, what they set, whom they keep out, what is written
down."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.people import PASSWORD
from tests.sites import site
from tests.web import people
from tests.web.people import Reader, Served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def empty(tmp_path) -> AsyncIterator[Served]:
    """A community that nobody runs yet."""
    server = Served(
        tmp_path / "data", HOST__ENABLED="false", COMMUNITY__PREVIEWS=None, SERVER__REACHABLE_NETWORKS="127.0.0.1"
    )
    await server.start()
    yield server
    await server.stop()


async def come_in(reader: Reader, name: str, handle: str) -> None:
    form = reader.page.locator("account-form")
    await form.locator("input[name=name]").fill(name)
    await form.locator("input[name=handle]").fill(handle)
    await form.locator("input[name=password]").fill(PASSWORD)
    await form.locator("button[type=submit]").click()
    await reader.page.get_by_role("button", name="I've saved it").click()


async def test_the_link_of_a_new_server_makes_its_first_keeper_who_sets_it_up(empty: Served, browser: Browser) -> None:
    path = f"/setup#{await empty.setup_code()}"
    ann = await people.reader(empty, browser)
    await ann.open(path)
    await ann.page.locator("community-page").get_by_role("link", name="Sign up").click()
    await come_in(ann, "Ann Lin", "ann")
    settings = ann.page.locator("community-page")
    await expect(settings.get_by_label("Community name")).to_have_value("Teahouse 茶馆")
    await settings.get_by_label("Community name").fill("河边茶馆 Riverside")
    await settings.get_by_label("Time zone").fill("Asia/Nowhere")
    await settings.get_by_role("button", name="Save").click()
    await expect(settings.get_by_label("Time zone")).to_have_attribute("aria-invalid", "true")
    await expect(settings.locator("form .error")).to_contain_text("time zone")
    await settings.get_by_label("Time zone").fill("Asia/Shanghai")
    await settings.get_by_role("button", name="Save").click()
    await expect(settings.locator("form .done")).to_have_text("Saved.")
    await expect(ann.page.locator("room-list .community-name")).to_contain_text("河边茶馆 Riverside")

    late = await people.reader(empty, browser)
    late.forgive("404")
    await late.sign_up("late", "Late")
    await late.open(path)
    await expect(late.page.locator("community-page")).to_contain_text("This link has expired")
    await late.page.get_by_role("link", name="Go to the hall").click()
    await expect(late.page.get_by_role("heading", level=1)).to_have_text("The hall")
    await expect(late.page).to_have_title("The hall · 河边茶馆 Riverside")

    visitor = await people.reader(empty, browser)
    await visitor.open("/room/books")
    await expect(visitor.box).to_be_hidden()
    books = settings.locator("li", has=ann.page.get_by_role("link", name="Books", exact=True))
    await books.get_by_label("Public").check()
    await late.call("room.join", room="books")
    await late.call("message.send", room="books", text="a window on the river", client_id="1")
    await visitor.page.reload()
    await visitor.hears("a window on the river")

    async with site() as pages:
        await late.open("/room/books")
        await late.call("message.send", room="books", text=f"{pages.url}/a", client_id="2")
        preview = late.message(pages.url).locator(".previews")
        await expect(preview.get_by_role("link")).to_have_text("LeavesTea & pagesAbout oolong and sencha")
        await expect(visitor.message(pages.url).locator(".previews a")).to_have_attribute("href", f"{pages.url}/a")
        await expect(visitor.message(pages.url).get_by_role("button", name="Remove the previews")).to_have_count(0)
        await late.message(pages.url).hover()
        await preview.get_by_role("button", name="Remove the previews").click()
        await expect(preview).to_have_count(0)
        await expect(visitor.message(pages.url).locator(".previews")).to_have_count(0)
        await settings.get_by_label("Show a preview of the pages").uncheck()
        await settings.get_by_role("button", name="Save").click()
        await expect(settings.locator("form .done")).to_have_text("Saved.")
        assert (await late.call("community.get"))["previews"] is False

    await settings.get_by_role("searchbox").fill("late")
    person = settings.locator("li", has_text="@late")
    await person.get_by_role("button", name="Suspend").click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Suspend").click()
    await expect(person.locator(".role")).to_have_text("suspended")
    await expect(late.page.locator(".banner")).to_contain_text("This account has been suspended")
    acts = settings.locator(".acts li")
    await expect(acts.filter(has_text="suspended or restored an account")).to_contain_text("Late")
    await ann.page.reload()
    await expect(acts.filter(has_text="changed whether a room is public")).to_have_count(1)
    await person.get_by_role("button", name="Lift suspension").click()
    await expect(person.get_by_role("button", name="Suspend")).to_be_visible()
    for reader in (ann, late, visitor):
        await reader.context.close()
        reader.check()


async def test_who_does_not_run_the_server_is_led_on(new_reader) -> None:
    bob = await new_reader("Bob")
    await bob.open("/community")
    await expect(bob.page.locator("community-page")).to_contain_text("Only admins can do that")
    await expect(bob.page.locator("community-page").get_by_role("link", name="Rooms").last).to_be_visible()
