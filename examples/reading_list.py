"""A reading list by topics: /book Dune begins a topic about it, /books lists them, /done in a topic says that you are.

CHATSERVER_URL=http://127.0.0.1:8080 CHATSERVER_TOKEN=chat_... python examples/reading_list.py
"""

from chatserver.bot import Bot, MessagePosted, Topic, TopicChanged

bot = Bot.from_env()


def readers(topic: str) -> list[str]:
    return list(bot.memory.get(topic, []))


@bot.command("book", help="the title of a book that is to be read.")
async def book(event: MessagePosted, title: str) -> str:
    async for topic in event.room.topics(mine=True):
        if topic.title.casefold() == title.casefold():
            return f"{topic.title} is on the list already, with {topic.messages} messages."
    await event.room.create_topic(title, f"{event.author.name} wants to read {title}. Who else?")
    return f"{title} is on the list now: talk about it in its topic."


def line(topic: Topic) -> str:
    done = len(readers(topic.id))
    return f"{topic.title}: {topic.messages} messages" + (f", read by {done}" if done else "")


@bot.command("books", help="all books, the one last talked about first.")
async def books(event: MessagePosted) -> str:
    return "\n".join([line(topic) async for topic in event.room.topics(mine=True)][:20]) or "No book yet: /book Dune"


@bot.command("done", help="in the topic of a book that you have read.")
async def done(event: MessagePosted) -> str:
    if not event.topic:
        return "Write /done in the topic of a book."
    bot.memory[event.topic] = sorted({*readers(event.topic), event.author.id})
    return f"{event.author.name} has read it, as the {len(readers(event.topic))}. of us. No spoilers yet!"


@bot.on(TopicChanged)
async def forget(event: TopicChanged) -> None:
    if event.topic.deleted:
        bot.memory.pop(event.topic.id, None)


if __name__ == "__main__":
    bot.run()
