"""The services of the ladder between two people, put together: app.py makes them by ``build_friends``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chatserver.live.hub import Hub
from chatserver.rules.days import Days
from chatserver.rules.friends.ladder import DAY_MS, Numbers
from chatserver.rules.limits import Buckets
from chatserver.services.friends.icebreakers import Icebreakers
from chatserver.services.friends.inbox import Inbox
from chatserver.services.friends.invitations import Invitations
from chatserver.services.friends.meeting import Meeting
from chatserver.services.friends.pairs import Pairs
from chatserver.services.friends.pokes import Pokes
from chatserver.services.friends.questions import Questions
from chatserver.services.friends.search import Search
from chatserver.services.friends.ties import Ties
from chatserver.services.messages.messages import Messages
from chatserver.settings import Settings, or_unlimited
from chatserver.store.accounts.accounts import AccountStore
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.friends.cards import CardStore
from chatserver.store.friends.inbox import InboxStore
from chatserver.store.friends.invitations import InvitationStore
from chatserver.store.friends.meetings import MeetingCodes
from chatserver.store.friends.ties import TieStore
from chatserver.store.messages.log import MessageLog, OnStored
from chatserver.store.rooms.questions import QuestionStore
from chatserver.store.rooms.rooms import RoomStore


@dataclass(slots=True, frozen=True)
class Friends:
    """``store`` are the ties themselves, for what else asks who is a friend."""

    tie_store: TieStore
    pokes: Pokes
    ties: Ties
    meeting: Meeting
    invitations: Invitations
    questions: Questions
    search: Search
    inbox: Inbox

    def table(self) -> Mapping[str, Any]:
        return {
            "poke.send": self.pokes.send,
            "poke.return": self.pokes.return_poke,
            "poke.withdraw": self.pokes.withdraw,
            "poke.dismiss": self.pokes.dismiss,
            "poke.rest": self.pokes.rest,
            "poke.list": self.pokes.listed,
            "curtain.answer": self.pokes.answer,
            "curtain.draw": self.pokes.draw,
            "tie.get": self.ties.get,
            "tie.list": self.ties.listed,
            "tie.keep": self.ties.keep,
            "tie.step_back": self.ties.step_back,
            "tie.rest": self.ties.rest,
            "tie.note": self.ties.note,
            "tie.show_seen": self.ties.show_seen,
            "direct.open": self.ties.open_direct,
            "direct.close": self.ties.close_direct,
            "card.get": self.ties.card,
            "card.update": self.ties.update_card,
            "card.offer": self.ties.offer_card,
            "card.take_back": self.ties.take_card_back,
            "block.add": self.ties.block,
            "block.remove": self.ties.unblock,
            "block.list": self.ties.blocked,
            "met.show": self.meeting.show,
            "met.enter": self.meeting.enter,
            "met.confirm": self.meeting.confirm,
            "invitation.create": self.invitations.create,
            "invitation.list": self.invitations.listed,
            "invitation.withdraw": self.invitations.withdraw,
            "question.get": self.questions.get,
            "question.answer": self.questions.answer,
            "user.search": self.search.find,
            "inbox.list": self.inbox.listed,
            "inbox.mark": self.inbox.mark,
        }


def build_friends(
    settings: Settings, store: Store, hub: Hub, log: MessageLog, intents: Intents, rooms: RoomStore,
    accounts: AccountStore, messages: Messages, icebreakers: Icebreakers, *, language: str, days: Days,
) -> Friends:  # fmt: skip
    """The services on this store."""
    numbers = numbers_of(settings)
    inbox = InboxStore(store)
    ties = TieStore(store, intents, inbox, secret=messages.secret, numbers=numbers)
    pairs = Pairs(hub, log, ties, rooms, icebreakers)
    limits = settings.limits
    tries, guesses, shows, searches, gives = (
        Buckets(limits.searches_burst, limits.searches_per_minute / 60) for _ in range(5)
    )  # fmt: skip
    accounts.on_invited = ties.invited
    service = Inbox(hub, log, inbox, ties, intents, most=or_unlimited(limits.replay_messages))
    messages.on_mentioned = service.mentioned
    messages.on_edited = service.edited
    return Friends(
        tie_store=ties,
        pokes=Pokes(
            hub, log, ties, pairs, icebreakers, accounts, host=settings.host.handle, language=language, days=days,
            tries=tries,
        ),
        ties=Ties(hub, ties, CardStore(store), pairs, accounts, days),
        meeting=Meeting(
            hub, MeetingCodes(store), ties, pairs, guesses=guesses, shows=shows, url=settings.server.public_url
        ),
        invitations=Invitations(
            hub, InvitationStore(store, intents, most=settings.friends.invitations), gives=gives
        ),
        questions=Questions(
            hub, QuestionStore(store), rooms, messages, icebreakers, days, hour=settings.friends.question_hour,
            language=language,
        ),
        search=Search(hub, ties, rooms, accounts, searches=searches),
        inbox=service,
    )  # fmt: skip


def numbers_of(settings: Settings) -> Numbers:
    friends = settings.friends
    return Numbers(
        places=friends.poke_places, fade_ms=friends.fade_days * DAY_MS, spoken_ms=friends.spoken_days * DAY_MS,
        again_ms=friends.again_days * DAY_MS, friend_days=friends.days_to_friends,
    )  # fmt: skip


def on_stored(
    marks: Callable[[str, str, str, int, str], None],
    read: Callable[[str, str, str, int], None],
    wrote: Callable[[str, str], None],
) -> OnStored:
    """Called for each message that this process stored: moves the author's marker, and may make two friends."""

    def stored(user: str, room: str, epoch: str, seq: int, origin: str, kind: str) -> None:
        marks(user, room, epoch, seq, origin)
        read(user, room, epoch, seq)
        if kind == "direct":
            wrote(user, room)

    return stored
