"""The host: exactly one runs, whatever the number of processes, and after a failure another starts soon."""

from __future__ import annotations

import pytest

from chatserver.app import Server
from tests.people import Person, sign_up


def host_lines(person: Person) -> list[str]:
    return [message["text"] for message in person.heard("message.posted") if message["author"]["handle"] == "host"]


async def test_who_comes_into_a_new_server_is_greeted_once_and_answered_when_alone(open_server) -> None:
    server: Server = await open_server(host__enabled=True)
    ann = await (await sign_up(server.url, "ann", "Ann Lin")).start()
    await ann.until(lambda: host_lines(ann), "a greeting")
    assert "Ann Lin" in host_lines(ann)[0]
    await ann.say("hall", "is anybody here?")
    await ann.until(lambda: len(host_lines(ann)) == 2, "an answer")
    greeting = ann.heard("message.posted")[0]
    assert greeting["author"]["bot"] is True
    await ann.leave()


@pytest.mark.soak
async def test_two_processes_have_one_host_and_the_second_takes_over(open_server) -> None:
    first: Server = await open_server(host__enabled=True)
    ann = await (await sign_up(first.url, "ann")).start()
    await ann.until(lambda: host_lines(ann), "a greeting")
    second: Server = await open_server(host__enabled=True)
    bob = await (await sign_up(second.url, "bob")).start()
    await bob.until(lambda: host_lines(bob), "a greeting for bob")
    assert len(host_lines(bob)) == 1
    await first.__aexit__()
    cat = await (await sign_up(second.url, "cat")).start()
    await cat.until(lambda: any("Cat" in line for line in host_lines(cat)), "the second process greets")
    assert sum("Cat" in line for line in host_lines(cat)) == 1
    await bob.leave()
    await cat.leave()
