"""Greets each newcomer of the hall once, several in one line, also those who joined while the host was away.

CHATSERVER_URL=http://127.0.0.1:8080 CHATSERVER_TOKEN=chat_... python examples/host.py
"""

from chatserver.bot import Author, Bot, MemberJoined, Started

HALL = "hall"
bot = Bot.from_env()


async def greet(people: list[Author]) -> None:
    new = [person for person in people if not person.bot and f"met {person.id}" not in bot.memory]
    if not new:
        return
    names = " and ".join(person.name for person in new[:5])
    more = f" and {len(new) - 5} more" if len(new) > 5 else ""
    await bot.send(HALL, f"Welcome, {names}{more}! Take a seat, say hello if you like.")
    for person in new:
        bot.memory[f"met {person.id}"] = True


@bot.on(Started)
async def look_around(event: Started) -> None:
    await bot.join(HALL)
    since = bot.memory.setdefault("since", (await bot.call("session.ping")).at)
    await greet([member.user async for member in bot.room(HALL).members() if member.joined_at > since])


@bot.on(MemberJoined, gather=2.0)
async def came(joined: list[MemberJoined]) -> None:
    await greet([event.user for event in joined if event.room.id == HALL])


if __name__ == "__main__":
    bot.run()
