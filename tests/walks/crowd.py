"""A crowd that does whatever can be done, by every method, over both doors; what each of them hears is kept.

For each method there is a coroutine named after it, which makes up its params (``Moves``); where a method changes who
may hear whom, one named ``after_…`` tells the law.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable
from typing import Any

from aiohttp import ClientSession

from chatserver import ids
from chatserver.app import Server
from chatserver.protocol.methods import METHODS
from chatserver.rules.friends.tie import DAY_MS
from tests.people import PASSWORD, Person, Refused
from tests.walks.consent import Law

Params = dict[str, Any]
HANDLES = ("ann", "bob", "cat", "dan", "eve")


class Ear(Person):
    """A person who keeps all that comes by the socket or as an answer over HTTP, as (text, whether pushed)."""

    gone = False

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.heard_raw: list[tuple[str, bool]] = []

    @property
    def id(self) -> str:
        return str(self.user.get("id", ""))

    async def _heard(self, message: Params) -> None:
        self.heard_raw.append((json.dumps(message, ensure_ascii=False), "method" in message))
        await super()._heard(message)


class Crowd:
    """``people`` have a socket each, the last of them being a visitor; ``bots`` answer nobody by themselves."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self.server = server
        self.session = session
        self.law = Law()
        self.people: list[Ear] = []
        self.chance = random.Random()
        self.rooms: list[str] = ["hall"]
        self.pokes: list[tuple[str, str, str]] = []
        self.codes: dict[str, str] = {}
        self.invites: dict[str, tuple[str, str]] = {}
        self.links: list[str] = []
        self.lasting: list[str] = []
        self.spare_bots: list[str] = []
        self.host = ""
        self.partner = ""
        self.spare_token = ""
        self.days = 0
        self.accepted: set[tuple[str, str]] = set()

    @property
    def users(self) -> list[Ear]:
        return [person for person in self.people if person.id and not person.gone]

    def ear(self, user: str) -> Ear | None:
        return next((person for person in self.people if person.id == user), None)

    # --- beginning ---------------------------------------------------------------------------------------------------

    async def gather(self) -> None:
        """Five people who have spoken in the hall, the first of them an admin; a bot of hers, the host, a visitor."""
        for handle in HANDLES:
            await self.sign_up(handle=handle, name=handle.title(), password=PASSWORD, want="token")
        link = await self.server.setup_link()
        ann = self.people[0]
        await self.ask(ann, "community.claim", code=link.rpartition("#")[2])
        await ann.closed()
        await self.come(ann)
        made = await self.ask(ann, "bot.create", handle="dice", name="Dice")
        await self.add_bot(made["user"], made["token"])
        token = await self.server.services.accounts.community_bot("host", "Host")
        self.host = str((await self.post("session_user", token))["id"])
        self.law.bots.add(self.host)
        await self.ask(None, "room.join", token=token, room="hall")
        self.people.append(await self.come(Ear(self.server.url)))
        for person in self.people[:-1]:
            await self.ask(person, "room.join", room="hall")
            await person.say("hall", "Hello")

    async def sign_up(self, **params: Any) -> Ear:
        body = await self.ask(None, "account.create", **params)
        person = await self.come(Ear(self.server.url, body["token"], body["user"]))
        self.people.insert(len(self.users), person)
        for room in person.session["rooms"]:
            if room["kind"] == "open":
                self.law.open_rooms.add(room["room"])
                self.law.enter(room["room"], person.id)
        return person

    async def add_bot(self, user: Params, token: str) -> None:
        self.law.bots.add(user["id"])
        self.people.append(await self.come(Ear(self.server.url, token, user)))

    async def come(self, person: Ear) -> Ear:
        await person.leave()
        await person.connect()
        person.session = await person.call("session.start")
        return person

    async def leave(self) -> None:
        for person in self.people:
            await person.leave()

    # --- asking ------------------------------------------------------------------------------------------------------

    async def post(self, method: str, token: str, **params: Any) -> Any:
        """Over HTTP; gives the answer, and keeps it for whoever asked. Raises ``Refused``."""
        if method == "session_user":
            method, params = "user.get", {"handle": "host"}
            return (await self.post(method, token, **params))["users"][0]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.post(f"{self.server.url}/api/{method}", json=params, headers=headers) as answer:
            text = await answer.text()
        asker = next((person for person in self.people if person.token == token), None)
        if asker is not None:
            asker.heard_raw.append((text, False))
        body = json.loads(text)
        if "error" in body:
            raise Refused(body["error"])
        return body

    async def ask(self, person: Ear | None, method: str, *, token: str = "", **params: Any) -> Any:
        if person is None:
            return await self.post(method, token, **params)
        if METHODS[method].connection or self.chance.random() < 0.6:
            return await person.call(method, **params)
        return await self.post(method, person.token, **params)

    # --- stepping ----------------------------------------------------------------------------------------------------

    async def step(self, method: str, who: int, seed: int) -> list[str]:
        """Somebody does something; gives what was heard that should not have been."""
        self.chance.seed(seed)
        self.partner = ""
        if method == "days pass":
            self.days = min(self.days + self.chance.choice([1, 1, 2, 8]), 25)
            ids.move_clock(self.days * DAY_MS)
            return []
        if method == "climb":
            method, person = await self._climb(who)
        else:
            person = self._somebody(method, who)
        name = method.replace(".", "_")
        params = await getattr(Moves, name)(self, person)
        try:
            result = await self.ask(person, method, **params)
        except Refused:
            pass
        else:
            after: Callable[..., Any] | None = getattr(Moves, f"after_{name}", None)
            if after is not None:
                await after(self, person, params, result)
        return await self.wrongs()

    def _somebody(self, method: str, who: int) -> Ear:
        present = [person for person in self.people if not person.gone]
        authentication = present if METHODS[method].who == "anyone" else [person for person in present if person.id]
        return authentication[who % len(authentication)]

    async def _climb(self, who: int) -> tuple[str, Ear]:
        """What leads on between two people: without it a walk by chance seldom comes to where things can go wrong."""
        users = [person for person in self.users if person.id not in self.law.bots]
        person, partner = users[who % len(users)], users[(who + 1 + self.chance.randrange(2)) % len(users)]
        state = await person.call("tie.get", user=partner.id)
        if state["next"] in {"sent", "wait"}:
            person, partner = partner, person
            state = await person.call("tie.get", user=partner.id)
        self.partner = partner.id
        leading = {"poke": "poke.send", "sent": "poke.send", "return": "poke.return", "answer": "curtain.answer"}
        leading |= {"unblock": "block.remove", "rests": "poke.send"}
        further = ["met.show", "met.enter"] if state["rung"] != "friend" else ["card.offer", "card.get", "tie.rest"]
        return leading.get(state["next"]) or self.chance.choice(["message.send", "message.edit", *further]), person

    async def wrongs(self) -> list[str]:
        """Wait until everyone was given what is on its way, and judge what they heard."""
        found: list[str] = []
        for person in self.people:
            if not person.gone:
                await person.call("session.ping")
            for text, pushed in person.heard_raw:
                found += self.law.wrongs(person.id, text, pushed=pushed)
            person.heard_raw.clear()
        return found

    # --- making up params --------------------------------------------------------------------------------------------

    def user(self, who: Ear) -> str:
        """Somebody else, mostly a person."""
        if self.partner and self.partner != who.id:
            return self.partner
        others = [person.id for person in self.users if person is not who]
        return self.chance.choice([*others, self.host]) if others else self.host

    def room(self, who: Ear) -> str:
        """Mostly a room of theirs; now and then any that there is, or the conversation of any two."""
        if self.partner and self.partner != who.id:
            return self.between(who.id, self.partner)
        mine = [room for room in self.rooms if who.id in self.law.entered.get(room, ())]
        mine += [self.between(who.id, other) for one in self.law.agreed if who.id in one for other in one - {who.id}]
        if mine and self.chance.random() < 0.8:
            return self.chance.choice(mine)
        two = self.chance.sample(self.users, 2)
        return self.chance.choice([*self.rooms, "hall", self.between(two[0].id, two[1].id)])

    def between(self, one: str, other: str) -> str:
        return self.server.stores.ties.room_of(one, other)

    def words(self, who: Ear, room: str) -> str:
        """A text for a room, whichever kind it is of."""
        for other in [*(person.id for person in self.users), self.host]:
            if other != who.id and self.between(who.id, other) == room:
                return self.law.say(who.id, "pair", room, other)
        return self.law.say(who.id, "room", room)

    def mark(self, who: Ear, kind: str) -> str:
        return self.law.say(who.id, kind)

    def query(self, who: Ear) -> str:
        """Words to look for: one's own, or somebody else's secret."""
        secrets = [mark for mark, said in self.law.said.items() if said.kind != "public"]
        return self.chance.choice(secrets) if secrets and self.chance.random() < 0.7 else self.mark(who, "private")

    def received(self, who: Ear) -> str:
        mine = [poke for poke, by, to in self.pokes if to == who.id and self.partner in {"", by}]
        every = [poke for poke, _, _ in self.pokes]
        return self.chance.choice(mine or every or ["none"])

    def code(self, known: dict[str, Any]) -> str:
        return self.chance.choice([*known, "none"][-3:])

    async def seq(self, who: Ear, room: str) -> int:
        """A message of theirs in the room, if there is one."""
        try:
            page = await who.call("message.history", room=room, limit=20)
        except Refused:
            return 1
        mine = [message["seq"] for message in page["messages"] if message["author"]["id"] == who.id]
        return self.chance.choice(mine or [1])

    async def topic(self, who: Ear, room: str) -> str:
        """A topic of the room, if there is one; else one that never was."""
        try:
            page = await who.call("topic.list", room=room)
        except Refused:
            return "none"
        return self.chance.choice([*(topic["id"] for topic in page["topics"]), "none"])

    async def card_before(self, who: Ear) -> tuple[str, str, str]:
        """The tie, card and other of a card before somebody, if there is one."""
        cards = (await who.call("tie.list"))["ties"]
        waiting = [state for state in cards if "curtain" in state and self.partner in {"", state["user"]["id"]}]
        state = self.chance.choice(waiting) if waiting else None
        if state is None:
            other = self.user(who)
            return self.between(who.id, other), "none", other
        return state["curtain"]["tie"], state["curtain"]["card"], state["user"]["id"]

    def poked(self, state: Params, who: Ear) -> None:
        if "sent" in state:
            self.pokes.append((state["sent"]["poke"], who.id, state["user"]["id"]))


async def _nothing(crowd: Crowd, who: Ear) -> Params:
    return {}


async def _a_user(crowd: Crowd, who: Ear) -> Params:
    return {"user": crowd.user(who)}


async def _a_switch(crowd: Crowd, who: Ear) -> Params:
    return {"user": crowd.user(who), "on": crowd.chance.random() < 0.5}


async def _a_room(crowd: Crowd, who: Ear) -> Params:
    return {"room": crowd.room(who)}


async def _a_member(crowd: Crowd, who: Ear) -> Params:
    return {"room": crowd.room(who), "user": crowd.user(who)}


async def _a_bot(crowd: Crowd, who: Ear) -> Params:
    return {"bot": crowd.chance.choice(sorted(crowd.law.bots))}


async def _a_spare_bot(crowd: Crowd, who: Ear) -> Params:
    return {"bot": crowd.chance.choice([*crowd.spare_bots, "none"])}


async def _a_poke(crowd: Crowd, who: Ear) -> Params:
    return {"poke": crowd.received(who)}


async def _a_wrong_password(crowd: Crowd, who: Ear) -> Params:
    return {"password": crowd.mark(who, "private")}


class Moves:
    """The params of each method, as somebody might send them."""

    community_get = community_log = login_list = token_list = bot_list = session_ping = _nothing
    poke_list = tie_list = block_list = met_show = invitation_list = inbox_list = _nothing
    tie_get = tie_step_back = card_offer = card_take_back = block_add = block_remove = met_confirm = _a_user
    tie_rest = tie_show_seen = _a_switch
    room_pins = room_leave = room_bans = typing_start = presence_watch = presence_unwatch = _a_room
    room_remove = room_ban = room_unban = _a_member
    direct_open = direct_close = _a_bot
    bot_renew_token = bot_close = _a_spare_bot
    poke_dismiss = _a_poke
    account_close = account_renew_recovery = _a_wrong_password

    # --- the community and accounts ----------------------------------------------------------------------------------

    async def community_update(self: Crowd, who: Ear) -> Params:
        return {"name": self.mark(who, "public"), "language": "en", "time_zone": "Asia/Taipei", "sign_up": "open"}

    async def community_claim(self: Crowd, who: Ear) -> Params:
        return {"code": self.mark(who, "private")}

    async def account_create(self: Crowd, who: Ear) -> Params:
        named = {"handle": self.mark(who, "public"), "name": self.mark(who, "public")}
        return {**named, "password": self.mark(who, "private"), "invite": self.code(self.invites), "want": "token"}

    async def after_account_create(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        """One newcomer is enough; whoever came by an invitation has followed it."""
        user = result["user"]["id"]
        by, room = self.invites.pop(params["invite"], ("", ""))
        if by:
            self.law.agree(user, by)
            self.law.enter(room, user)
        person = await self.come(Ear(self.server.url, result["token"], result["user"]))
        self.people.insert(0, person)
        for joined in person.session["rooms"]:
            if joined["kind"] == "open":
                self.law.enter(joined["room"], user)

    async def account_sign_in(self: Crowd, who: Ear) -> Params:
        handle = who.user.get("handle", "ann")
        return {
            "handle": handle,
            "password": self.chance.choice([PASSWORD, self.mark(who, "private")]),
            "want": "token",
        }

    async def account_sign_out(self: Crowd, who: Ear) -> Params:
        """Who signs out comes back by another token."""
        self.spare_token = (await who.call("token.create", label=self.mark(who, "private")))["token"]
        return {}

    async def after_account_sign_out(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        await who.closed()
        who.token = self.spare_token
        await self.come(who)

    async def account_set_password(self: Crowd, who: Ear) -> Params:
        return {"old": self.mark(who, "private"), "new": self.mark(who, "private")}

    async def account_recover(self: Crowd, who: Ear) -> Params:
        return {"handle": "bob", "code": self.mark(who, "private"), "password": self.mark(who, "private")}

    async def account_suspend(self: Crowd, who: Ear) -> Params:
        return {"user": self.user(who), "suspended": self.chance.random() < 0.5}

    async def after_account_suspend(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        person = self.ear(params["user"])
        if person is None or person.gone == params["suspended"]:
            return
        if params["suspended"]:
            await person.closed()
            person.gone = True
        elif person.user["handle"] in HANDLES:
            body = await self.post("account.sign_in", "", handle=person.user["handle"], password=PASSWORD, want="token")
            person.token, person.gone = body["token"], False
            await self.come(person)

    async def login_end(self: Crowd, who: Ear) -> Params:
        return {"login": self.mark(who, "private")}

    async def token_create(self: Crowd, who: Ear) -> Params:
        label = self.mark(who, "private")
        if who.user.get("owner"):  # who runs a bot sees its tokens
            self.law.said[label].audience.add(who.user["owner"])
        return {"label": label}

    async def after_token_create(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.lasting.append(result["id"])

    async def token_revoke(self: Crowd, who: Ear) -> Params:
        return {"token": self.chance.choice([*self.lasting, "none"])}

    async def bot_create(self: Crowd, who: Ear) -> Params:
        return {"handle": self.mark(who, "public"), "name": self.mark(who, "public")}

    async def after_bot_create(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.spare_bots.append(result["user"]["id"])
        self.law.bots.add(result["user"]["id"])

    async def handle_suggest(self: Crowd, who: Ear) -> Params:
        return {"name": self.mark(who, "private")}

    async def profile_update(self: Crowd, who: Ear) -> Params:
        said = {name: self.mark(who, "public") for name in ("name", "headline", "about", "home_town")}
        said["presence"] = self.chance.choice(["shown", "hidden"])
        said["findable"] = self.chance.choice(["interests", "name", "nothing"])
        said["for_friends"] = self.mark(who, "friends")
        lists = {"interests": [self.mark(who, "public")], "languages": ["en"], "shown_rooms": [self.room(who)]}
        kept = self.chance.sample(sorted(said | lists), 2)
        return {name: value for name, value in (said | lists | {"time_zone": "Asia/Taipei"}).items() if name in kept}

    async def user_get(self: Crowd, who: Ear) -> Params:
        return {"users": [person.id for person in self.users]} if self.chance.random() < 0.7 else {"handle": "bob"}

    async def user_list(self: Crowd, who: Ear) -> Params:
        return {"query": self.chance.choice(["", self.query(who)]), "after": ""}

    async def session_start(self: Crowd, who: Ear) -> Params:
        """Reconnect, with cursors if there are any; a second session.start on that socket is refused."""
        await who.leave()
        await who.connect()
        cursors = {
            room["room"]: {"epoch": room["epoch"], "seq": room["last_seq"], "id": room["last_id"], "rev": room["rev"]}
            for room in who.session["rooms"]
        }
        inbox = {"epoch": "", "seq": 0} if self.chance.random() < 0.5 else None
        who.session = await who.call("session.start", cursors=cursors, inbox=inbox)
        return {"token": self.mark(who, "private")}

    # --- rooms and messages ------------------------------------------------------------------------------------------

    async def room_create(self: Crowd, who: Ear) -> Params:
        """What a closed room says of itself is for its members; which room it is, is known afterwards."""
        kind = self.chance.choice(["open", "closed"])
        words = {name: self.mark(who, "room") for name in ("title", "about")}
        return {**words, "tags": [self.mark(who, "room")], "kind": kind}

    async def after_room_create(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        for mark in (params["title"], params["about"], *params["tags"]):
            self.law.said[mark].where = result["room"]
        self.rooms.append(result["room"])
        self.law.enter(result["room"], who.id)
        if params["kind"] == "open":
            self.law.open_rooms.add(result["room"])

    async def room_discover(self: Crowd, who: Ear) -> Params:
        return {"query": self.chance.choice(["", self.query(who)]), "tag": self.chance.choice(["", "", "tea"])}

    async def after_room_discover(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        said = self.law.said.get(params["query"])
        assert said is None or said.kind == "room" or not result["rooms"], (said, result)

    async def room_join(self: Crowd, who: Ear) -> Params:
        return {
            "room": self.chance.choice([*self.rooms, self.room(who)]),
            "link": self.chance.choice([*self.links, ""]),
        }

    async def after_room_join(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.enter(params["room"], who.id)

    async def room_update(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        words = {name: self.words(who, room) for name in ("title", "about")}
        more = {"slow_mode": 0, "pokes": self.chance.random() < 0.8, "window": self.chance.random() < 0.3}
        more["topics"] = self.chance.choice(["everyone", "moderators"])
        return {"room": room, **words, "tags": [self.words(who, room)], **more}

    async def room_members(self: Crowd, who: Ear) -> Params:
        return {"room": self.room(who), "query": self.chance.choice(["", "@", self.query(who)[:100]])}

    async def room_archive(self: Crowd, who: Ear) -> Params:
        room = self.chance.choice(self.rooms)
        return {"room": room, "archived": room != "hall" and self.chance.random() < 0.3}

    async def room_link(self: Crowd, who: Ear) -> Params:
        return {"room": self.room(who)}

    async def after_room_link(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.links.append(result["link"])

    async def room_invite(self: Crowd, who: Ear) -> Params:
        user = self.chance.choice([self.user(who), *sorted(self.law.bots)])
        return {"room": self.room(who), "user": user}

    async def room_set_role(self: Crowd, who: Ear) -> Params:
        role = self.chance.choice(["owner", "moderator", "member"])
        return {"room": self.room(who), "user": self.user(who), "role": role}

    async def room_notify(self: Crowd, who: Ear) -> Params:
        return {"room": self.room(who), "level": self.chance.choice(["all", "mentions", "none"])}

    async def message_send(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        text, called = self.words(who, room), self.chance.choice(self.users).user["handle"]
        more: Params = {"topic": await self.topic(who, room)} if self.chance.random() < 0.2 else {}
        more |= {"reply_to": self.chance.randint(1, 5)} if self.chance.random() < 0.5 else {}
        called = self.chance.choice([called, called, "everyone"])
        return {"room": room, "text": f"@{called} {text}", "client_id": self.words(who, room), **more}

    async def message_edit(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        seq = await self.seq(who, room)
        return {"room": room, "seq": seq, "text": self.words(who, room)}

    async def message_delete(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        return {"room": room, "seq": await self.seq(who, room)}

    async def message_history(self: Crowd, who: Ear) -> Params:
        where = self.chance.choice([{}, {"after": 0}, {"around": 3}])
        return {"room": self.room(who), "limit": 100, **where}

    async def message_search(self: Crowd, who: Ear) -> Params:
        where = {"room": self.room(who)} if self.chance.random() < 0.5 else {}
        return {"query": self.query(who), **where}

    async def message_get(self: Crowd, who: Ear) -> Params:
        return {"room": self.room(who), "seqs": list(range(1, 60))}

    async def message_react(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        return {"room": room, "seq": await self.seq(who, room), "emoji": self.chance.choice(["👍", "🌱"])}

    message_reactors = message_react

    async def message_unreact(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        whose = self.chance.choice([{"emoji": "👍"}, {"emoji": "👍", "user": self.user(who)}, {"all": True}])
        return {"room": room, "seq": await self.seq(who, room), **whose}

    async def message_pin(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        return {"room": room, "seq": await self.seq(who, room), "pinned": self.chance.random() < 0.8}

    async def message_hide_previews(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        return {"room": room, "seq": await self.seq(who, room)}

    async def message_move(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        return {"room": room, "seqs": [await self.seq(who, room)], "topic": await self.topic(who, room)}

    async def topic_create(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        words = {name: self.words(who, room) for name in ("title", "text", "client_id")}
        return {"room": room, **words}

    async def topic_list(self: Crowd, who: Ear) -> Params:
        return {"room": self.room(who), "sort": self.chance.choice(["active", "new"])}

    async def topic_update(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        words = {name: self.words(who, room) for name in ("title", "note")}
        return {"room": room, "topic": await self.topic(who, room), **words}

    async def topic_delete(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        return {"room": room, "topic": await self.topic(who, room)}

    async def topic_notify(self: Crowd, who: Ear) -> Params:
        room = self.room(who)
        return {"room": room, "topic": await self.topic(who, room), "level": self.chance.choice(["all", "none"])}

    async def read_mark(self: Crowd, who: Ear) -> Params:
        return {"room": self.room(who), "seq": 3}

    # --- the ladder --------------------------------------------------------------------------------------------------

    async def poke_send(self: Crowd, who: Ear) -> Params:
        return {"to": self.user(who), "room": "hall", "gesture": self.chance.choice(["hi", "same_here", "talk"])}

    async def after_poke_send(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        """To poke back is to return; to poke the host is to rehearse with it."""
        other = params["to"]
        self.law.wake(who.id, other)
        self.law.lay_card(who.id, other)
        if other == self.host:
            self.law.agree(who.id, other)
        self.poked(result, who)

    async def poke_return(self: Crowd, who: Ear) -> Params:
        return {"poke": self.received(who), "answer": self.chance.choice(["", self.mark(who, "answer")])}

    async def after_poke_return(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        other = result["user"]["id"]
        self.law.wake(who.id, other)
        self.law.lay_card(who.id, other)
        if params["answer"]:
            self.law.answer(who.id, other, params["answer"])

    async def poke_withdraw(self: Crowd, who: Ear) -> Params:
        mine = [poke for poke, by, _ in self.pokes if by == who.id]
        return {"poke": self.chance.choice(mine or ["none"])}

    async def poke_allow(self: Crowd, who: Ear) -> Params:
        return {"from": self.chance.choice(["room", "room", "room", "answered", "nobody"])}

    async def curtain_answer(self: Crowd, who: Ear) -> Params:
        tie, card, _ = await self.card_before(who)
        return {"tie": tie, "card": card, "text": self.mark(who, "answer")}

    async def after_curtain_answer(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        other = result["user"]["id"]
        if other == self.host:
            self.law.said[params["text"]].audience.add(other)
        else:
            self.law.answer(who.id, other, params["text"])

    async def curtain_draw(self: Crowd, who: Ear) -> Params:
        return {"tie": (await self.card_before(who))[0]}

    async def after_curtain_draw(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.draw(who.id, result["user"]["id"])

    async def after_tie_rest(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        rests = {(who.id, params["user"])}
        self.law.rests = self.law.rests | rests if params["on"] else self.law.rests - rests

    async def after_tie_step_back(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.step_back(who.id, params["user"])

    async def tie_want(self: Crowd, who: Ear) -> Params:
        return {"user": self.user(who), "yes": self.chance.random() < 0.7}

    async def tie_note(self: Crowd, who: Ear) -> Params:
        return {"user": self.user(who), "note": self.mark(who, "private")}

    async def after_direct_open(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.agree(who.id, params["bot"])

    async def after_direct_close(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.rests.add((who.id, params["bot"]))

    # --- cards, blocks, meeting --------------------------------------------------------------------------------------

    async def card_get(self: Crowd, who: Ear) -> Params:
        return {"user": self.chance.choice(["", self.user(who)])}

    async def card_update(self: Crowd, who: Ear) -> Params:
        lines = ("company", "title", "phone", "mail", "wechat", "line", "whatsapp", "looking_for", "can_offer")
        return {name: self.mark(who, "card") for name in lines}

    async def after_card_offer(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.offers.add((who.id, params["user"]))
        self.law.closed.discard((who.id, params["user"]))

    async def after_card_take_back(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.offers.discard((who.id, params["user"]))
        self.law.closed.add((who.id, params["user"]))

    async def after_block_add(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.block(who.id, params["user"])

    async def after_block_remove(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.blocks.discard((who.id, params["user"]))

    async def after_met_show(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.codes[result["code"]] = who.id

    async def met_enter(self: Crowd, who: Ear) -> Params:
        shown = [code for code, by in self.codes.items() if by != who.id and self.partner in {"", by}]
        return {"code": self.chance.choice(shown or [self.mark(who, "private")])}

    async def after_met_enter(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        """Mostly both confirm at once; who has blocked the other finds no meeting."""
        other = self.codes.pop(params["code"])
        self.law.meet(who.id, other)
        for one, two in ((who, other), (self.ear(other), who.id)):
            if one is not None and not one.gone and self.chance.random() < 0.8:
                with contextlib.suppress(Refused):
                    await one.call("met.confirm", user=two)
                    self.law.confirm(one.id, two)

    async def after_met_confirm(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.law.confirm(who.id, params["user"])

    # --- invitations, questions, finding, the inbox ------------------------------------------------------------------

    async def invitation_create(self: Crowd, who: Ear) -> Params:
        return {"room": self.chance.choice(["", self.room(who)]), "uses": self.chance.choice([1, 3])}

    async def after_invitation_create(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        self.invites[result["code"]] = (who.id, params["room"])

    async def invitation_get(self: Crowd, who: Ear) -> Params:
        return {"code": self.code(self.invites)}

    async def invitation_accept(self: Crowd, who: Ear) -> Params:
        """Accepting makes one a member of its room."""
        code = self.code(self.invites)
        if code in self.invites and self.invites[code][1]:
            self.law.enter(self.invites[code][1], who.id)
        return {"code": code}

    async def after_invitation_accept(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        """If each accepted one of the other's, both have said yes."""
        by = self.invites[params["code"]][0]
        self.accepted.add((by, who.id))
        if (who.id, by) in self.accepted:
            self.law.agree(by, who.id)

    async def invitation_confirm(self: Crowd, who: Ear) -> Params:
        asking = [user for by, user in self.accepted if by == who.id]
        return {"user": self.chance.choice([*asking, self.user(who)]), "yes": self.chance.random() < 0.7}

    async def after_invitation_confirm(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        if params["yes"]:
            self.law.agree(who.id, params["user"])

    async def invitation_withdraw(self: Crowd, who: Ear) -> Params:
        return {"id": self.mark(who, "private")}

    async def question_get(self: Crowd, who: Ear) -> Params:
        return {"room": "hall"}

    async def after_question_get(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        if result["id"] not in self.rooms:
            self.rooms.append(result["id"])

    async def question_answer(self: Crowd, who: Ear) -> Params:
        """Answering is what makes one a member."""
        question = (await who.call("question.get"))["id"]
        self.law.enter(question, who.id)
        text, client_id = (self.law.say(who.id, "room", question) for _ in range(2))
        return {"question": question, "text": text, "client_id": client_id}

    async def user_search(self: Crowd, who: Ear) -> Params:
        return {"query": self.query(who)}

    async def after_user_search(self: Crowd, who: Ear, params: Params, result: Params) -> None:
        """Nobody is found by what they have said to others."""
        said = self.law.said[params["query"]]
        assert said.kind == "room" or said.author == who.id or not result["users"], (said, result)

    async def inbox_mark(self: Crowd, who: Ear) -> Params:
        return {"seq": 3}
