"""All services between two people, and the table of their protocol methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatserver.services.friends.inbox import Inbox
from chatserver.services.friends.invitations import Invitations
from chatserver.services.friends.meeting import Meeting
from chatserver.services.friends.pokes import Pokes
from chatserver.services.friends.questions import Questions
from chatserver.services.friends.search import Search
from chatserver.services.friends.ties import Ties


@dataclass(slots=True, frozen=True)
class Friends:
    """``table`` is what the doors call."""

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
            "poke.allow": self.pokes.allow,
            "poke.list": self.pokes.listed,
            "curtain.answer": self.pokes.answer,
            "curtain.draw": self.pokes.draw,
            "tie.get": self.ties.get,
            "tie.list": self.ties.listed,
            "tie.want": self.ties.want,
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
            "invitation.get": self.invitations.get,
            "invitation.accept": self.invitations.accept,
            "invitation.confirm": self.invitations.confirm,
            "invitation.list": self.invitations.listed,
            "invitation.withdraw": self.invitations.withdraw,
            "question.get": self.questions.get,
            "question.answer": self.questions.answer,
            "user.search": self.search.find,
            "inbox.list": self.inbox.listed,
            "inbox.mark": self.inbox.mark,
        }
