"""Builds all parts of a server once, in order, by constructors: stores, live parts, services, doors. ``app.Server``
calls these four functions and keeps the parts.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chatserver import __version__
from chatserver.doors.api import Api
from chatserver.doors.authentication import Authentication
from chatserver.doors.files import Files
from chatserver.doors.front import Front
from chatserver.doors.gate import Addresses, Gate, most_connections
from chatserver.doors.metrics import Metrics
from chatserver.doors.pages import PageFiles, Pages, read_files
from chatserver.doors.requests import Requests
from chatserver.doors.socket import Sockets
from chatserver.errors import Refusal, StartError
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.live.marks import Marks
from chatserver.live.tasks import Tasks
from chatserver.protocol.shapes import Limits, ServerInfo
from chatserver.rules.accounts.newcomers import Numbers as NewcomerNumbers
from chatserver.rules.days import Days, midnight
from chatserver.rules.friends.tie import DAY_MS, Numbers
from chatserver.rules.limits import Buckets
from chatserver.services.accounts.accounts import Accounts
from chatserver.services.accounts.authority import Authority
from chatserver.services.accounts.bots import Bots
from chatserver.services.accounts.hashing import Hashing
from chatserver.services.accounts.newcomers import Newcomers
from chatserver.services.accounts.people import People
from chatserver.services.accounts.profiles import Profiles
from chatserver.services.accounts.suggestions import Suggestions
from chatserver.services.community.administration import Administration
from chatserver.services.files.downloads import Downloads
from chatserver.services.files.making import Making
from chatserver.services.files.uploads import Uploads
from chatserver.services.friends.friends import Friends
from chatserver.services.friends.icebreakers import Icebreakers, read_icebreakers
from chatserver.services.friends.inbox import Inbox
from chatserver.services.friends.invitations import Invitations
from chatserver.services.friends.meeting import Meeting
from chatserver.services.friends.pairs import Pairs
from chatserver.services.friends.pokes import Pokes
from chatserver.services.friends.questions import Questions
from chatserver.services.friends.search import Search
from chatserver.services.friends.ties import Ties
from chatserver.services.messages.limits import SendLimits
from chatserver.services.messages.linked_pages import LinkedPages
from chatserver.services.messages.messages import Messages
from chatserver.services.messages.previews import Previews
from chatserver.services.messages.reactions import Reactions
from chatserver.services.messages.search import MessageFinder
from chatserver.services.messages.sync import Sync
from chatserver.services.messages.topics import Topics
from chatserver.services.recovery import Recovery
from chatserver.services.rooms.activity import Activity
from chatserver.services.rooms.discovery import Discovery
from chatserver.services.rooms.member_search import MemberSearch
from chatserver.services.rooms.membership import Membership
from chatserver.services.rooms.rooms import Rooms
from chatserver.services.rooms.starter import ensure_starter_rooms, newcomers_rooms, read_starter_rooms
from chatserver.services.services import Services
from chatserver.settings import Settings, icebreakers_file, or_unlimited, rooms_file, web_folder
from chatserver.store.accounts.accounts import AccountStore
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.accounts.logins import LoginStore
from chatserver.store.accounts.newcomers import NewcomerStore
from chatserver.store.accounts.users import UserStore
from chatserver.store.blobs.blobs import Blobs
from chatserver.store.community.community import CommunityStore
from chatserver.store.community.secret import Secret
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.files.erasing import Erasing
from chatserver.store.files.files import FileStore, Quota
from chatserver.store.files.own_pictures import OwnPictures
from chatserver.store.friends.cards import CardStore
from chatserver.store.friends.inbox import InboxStore
from chatserver.store.friends.invitations import InvitationStore
from chatserver.store.friends.meetings import MeetingCodes
from chatserver.store.friends.ties import TieStore
from chatserver.store.index.index import SearchIndex
from chatserver.store.index.opening import index_folder, open_messages
from chatserver.store.index.sqlite_people import SqlitePeople
from chatserver.store.index.sqlite_rooms import SqliteRooms
from chatserver.store.messages.deletions import Deletions
from chatserver.store.messages.log import LogReader, MessageLog, Stored
from chatserver.store.messages.previews import PreviewStore
from chatserver.store.messages.reactions import ReactionStore
from chatserver.store.messages.topics import TopicStore
from chatserver.store.rooms.open_rooms import WindowRooms
from chatserver.store.rooms.questions import QuestionStore
from chatserver.store.rooms.rooms import RoomStore
from chatserver.workers.fetching import Fetcher
from chatserver.workers.guard import Guard
from chatserver.workers.pool import Pool

HISTORY_PAGE: Final = 100


@dataclass(slots=True, frozen=True)
class Stores:
    """All stores. ``starter_rooms`` are the ids of the starter rooms."""

    store: Store
    intents: Intents
    authors: AuthorCache
    users: UserStore
    rooms: RoomStore
    windows: WindowRooms
    community: CommunityStore
    secret: Secret
    starter_rooms: list[str]
    ties: TieStore
    inbox: InboxStore
    invitations: InvitationStore
    accounts: AccountStore
    newcomers: NewcomerStore
    logins: LoginStore
    log: LogReader
    reactions: ReactionStore
    files: FileStore
    index: SearchIndex
    pictures: OwnPictures
    topics: TopicStore


@dataclass(slots=True, frozen=True)
class Live:
    """The parts that hold this process's connections."""

    authority: Authority
    hub: Hub
    marks: Marks
    fetcher: Fetcher


@dataclass(slots=True, frozen=True)
class Working:
    """The services and what they use: the log, and the recovery after the link was lost."""

    services: Services
    log: MessageLog
    recovery: Recovery
    server: ServerInfo
    uploads: Uploads
    pool: Pool


@dataclass(slots=True, frozen=True)
class Doors:
    """The parts that the network reaches."""

    gate: Gate
    front: Front
    metrics: Metrics


async def build_stores(settings: Settings, store: Store, blobs: Blobs, tasks: Tasks) -> Stores:
    """Build the stores, with the link up and the starter rooms created. Raises ``StartError``."""
    intents, rooms_wanted = Intents(store), read_starter_rooms(rooms_file(settings))
    authors, rooms = AuthorCache(store, tasks.spawn), RoomStore(
        store, intents, mentions_above=or_unlimited(settings.rooms.mentions_above)
    )  # fmt: skip
    community = CommunityStore(store, intents, rooms, settings, tasks.spawn)
    await _link(settings, store, tasks)
    await authors.start()
    await community.start()
    secret, inbox = Secret(await community.secret()), InboxStore(store)
    ties = TieStore(store, intents, inbox, secret=secret, numbers=_numbers(settings))
    invitations = InvitationStore(store, intents, rooms, ties, most=settings.friends.invitations)
    newcomers = newcomers_rooms(rooms_wanted)
    newcomer_store = NewcomerStore(store, most=max(1, settings.newcomer.messages))
    erasing = Erasing(store, blobs)
    pictures = OwnPictures(store, intents, authors, erasing)

    async def closed(user: str, intent: str, now: int) -> None:
        await ties.leave_all(user, intent, now)
        await invitations.withdraw_all(user, now)
        await pictures.forget(user)

    await ensure_starter_rooms(rooms, rooms_wanted, language=community.profile.language, now=now_ms())
    await QuestionStore(store).begin(newcomers)
    return Stores(
        store=store, intents=intents, authors=authors, users=UserStore(store), rooms=rooms,
        windows=WindowRooms(store), community=community, secret=secret,
        starter_rooms=[room.id for room in rooms_wanted], ties=ties, inbox=inbox, invitations=invitations,
        accounts=AccountStore(
            store, intents, authors, rooms, newcomers=newcomers, first_accounts=settings.newcomer.first_accounts,
            on_invited=ties.invited, on_closed=closed,
        ),
        newcomers=newcomer_store, topics=TopicStore(store, intents, newcomer_store, erasing),
        logins=LoginStore(store, days=settings.accounts.login_days), log=LogReader(store),
        reactions=ReactionStore(store),
        files=FileStore(store, blobs, erasing, Quota(settings.files.user_bytes, settings.files.day_bytes)),
        pictures=pictures,
        index=_index(settings, store, community, secret),
    )  # fmt: skip


def _index(settings: Settings, store: Store, community: CommunityStore, secret: Secret) -> SearchIndex:
    folder, index = index_folder(settings), settings.index
    return SearchIndex(
        store, LogReader(store), open_messages(settings, secret), SqlitePeople(folder), SqliteRooms(folder),
        threads=index.search_threads, seconds=index.search_seconds,
        midnight=lambda: midnight(now_ms(), community.profile.time_zone),
    )  # fmt: skip


async def _link(settings: Settings, store: Store, tasks: Tasks) -> None:
    tasks.spawn(store.run())
    try:
        async with asyncio.timeout(settings.store.connect_seconds):
            await store.ready.wait()
    except TimeoutError:
        raise StartError("The store answers, but the link to it fails: see the log") from None
    with contextlib.suppress(Refusal):  # a store that takes no writes can still be read
        await store.remove_old_libraries(now_ms())


def _numbers(settings: Settings) -> Numbers:
    friends = settings.friends
    return Numbers(
        places=friends.poke_places, shown_a_day=friends.pokes_shown, fade_ms=friends.fade_days * DAY_MS,
        return_ms=friends.return_days * DAY_MS, spoken_ms=friends.spoken_days * DAY_MS,
        again_ms=friends.again_days * DAY_MS, friend_days=friends.days_to_friends,
    )  # fmt: skip


def _newcomer_numbers(settings: Settings) -> NewcomerNumbers:
    newcomer = settings.newcomer
    return NewcomerNumbers(newcomer.days, newcomer.messages, newcomer.mentions, newcomer.topics_per_day)


async def build_live(settings: Settings, stores: Stores, tasks: Tasks) -> Live:
    """Build the hub, which from here on is notified of window rooms and logins."""
    limits, authority = settings.limits, Authority(stores.logins)
    hub = Hub(
        stores.store, stores.log, stores.authors, tasks, on_auth=authority.on_auth, tail_records=limits.tail_records,
        replay_reactions=limits.replay_reactions, tail_bytes=or_unlimited(limits.tail_bytes),
        large_room=limits.large_room,
        most_per_user=limits.connections_per_user,
    )  # fmt: skip
    windows = stores.windows

    def show_windows() -> None:
        tasks.spawn(hub.show_windows(windows.windows()))

    await windows.start(tasks.spawn, show_windows)
    fetcher = Fetcher(Guard(settings.server.reachable_networks), agent=f"chatserver/{__version__} (link previews)")
    return Live(authority, hub, Marks(stores.users), fetcher)


def build_services(settings: Settings, stores: Stores, live: Live, tasks: Tasks, hashing: Hashing) -> Working:
    """Build the services and what they use."""
    limits, hub, community = settings.limits, live.hub, stores.community
    days = Days(lambda: community.profile.time_zone)
    icebreakers = read_icebreakers(icebreakers_file(settings))
    pairs = Pairs(hub, stores.log, stores.ties, stores.inbox, stores.rooms, icebreakers)
    ties = Ties(hub, stores.ties, CardStore(stores.store), pairs, stores.accounts, days)
    inbox = Inbox(
        hub, stores.log, stores.inbox, stores.ties, stores.reactions, stores.intents,
        most=or_unlimited(limits.replay_messages),
    )  # fmt: skip
    log = _log(settings, stores, live, ties, days, tasks)
    newcomers = Newcomers(hub, stores.log, stores.newcomers, stores.intents, _newcomer_numbers(settings))
    deletions = Deletions(stores.store, stores.intents, stores.newcomers, stores.files.erasing)
    sends = _send_limits(settings)
    pool = _pool(settings)
    making = Making(stores.files.blobs, pool, pixels=settings.files.pixels)
    previews = Previews(
        hub, PreviewStore(stores.store, stores.intents, stores.files.erasing), stores.ties, newcomers,
        LinkedPages(live.fetcher, making, stores.files, tasks), sends,
        looks=Buckets(limits.previews_burst, limits.previews_per_minute / 60),
        takes=Buckets(limits.preview_pictures_burst, limits.preview_pictures_per_hour / 3600),
        on=lambda: community.profile.previews, own=settings.server.public_url,
    )  # fmt: skip
    messages = Messages(
        hub, log, stores.users, stores.topics, deletions, sends, inbox, newcomers, previews,
        secret=stores.secret, characters=limits.text_characters, size=limits.text_bytes,
        most_files=settings.files.message_files,
    )  # fmt: skip
    reactions = Reactions(
        hub, stores.log, stores.reactions, messages, inbox, pins=sends, off=lambda: settings.community.reactions_off,
        reacts=Buckets(limits.reactions_burst, limits.reactions_per_minute / 60),
    )  # fmt: skip
    topics = Topics(hub, stores.topics, messages, newcomers, sends)
    friends = _friends(settings, stores, hub, messages, pairs, ties, inbox, newcomers, icebreakers, days)
    server = _server_info(settings)
    services = _services(settings, stores, live, messages, topics, reactions, previews, friends, server, hashing)
    recovery = Recovery(stores.store, hub, live.authority, inbox.replay, tasks)
    return Working(services, log, recovery, server, _uploads(settings, stores, newcomers, days, making), pool)


def _pool(settings: Settings) -> Pool:
    files = settings.files
    return Pool(processes=files.processes, memory=files.memory, file_bytes=2 * files.file_bytes, seconds=files.seconds)


def _uploads(settings: Settings, stores: Stores, newcomers: Newcomers, days: Days, making: Making) -> Uploads:
    files = settings.files
    return Uploads(
        stores.files, making, newcomers, Buckets(files.uploads_burst, files.uploads_per_minute / 60),
        today=days.number, file_bytes=files.file_bytes, newcomers_may=settings.newcomer.files,
    )  # fmt: skip


def _log(settings: Settings, stores: Stores, live: Live, ties: Ties, days: Days, tasks: Tasks) -> MessageLog:
    def stored(message: Stored) -> None:
        """Move the author's read marker, and make two people friends if they now are."""
        live.marks.note(message)
        live.hub.note_own_message(message)
        if message.kind == "direct":
            ties.wrote(message.user, message.room)

    return MessageLog(
        stores.store, tasks.spawn, durability=settings.store.durability, today=days.number,
        group_messages=settings.limits.group_messages, group_bytes=settings.limits.group_bytes, on_stored=stored,
    )  # fmt: skip


def _send_limits(settings: Settings) -> SendLimits:
    limits = settings.limits
    return SendLimits(
        people=Buckets(limits.user_sends_burst, limits.user_sends_per_second),
        bots=Buckets(limits.bot_sends_burst, limits.bot_sends_per_second),
        rooms=Buckets(limits.room_sends_burst, limits.room_sends_per_second),
        addresses=Buckets(limits.address_sends_burst, limits.address_sends_per_second),
    )


def _friends(
    settings: Settings, stores: Stores, hub: Hub, messages: Messages, pairs: Pairs, ties: Ties, inbox: Inbox,
    newcomers: Newcomers, icebreakers: Icebreakers, days: Days,
) -> Friends:  # fmt: skip
    store, language = stores.store, stores.community.profile.language
    return Friends(
        pokes=Pokes(
            hub, stores.log, stores.ties, pairs, icebreakers, stores.accounts, newcomers, host=settings.host.handle,
            language=language, days=days, tries=_searches(settings), newcomer_places=settings.newcomer.pokes,
        ),
        ties=ties,
        meeting=Meeting(
            hub, MeetingCodes(store), stores.ties, pairs, guesses=_searches(settings), shows=_searches(settings),
            url=settings.server.public_url,
        ),
        invitations=Invitations(
            hub, stores.invitations, stores.rooms, stores.ties, pairs, gives=_searches(settings),
            looks=_profile_reads(settings),
        ),
        questions=Questions(
            hub, QuestionStore(store), stores.rooms, messages, icebreakers, days, hour=settings.friends.question_hour,
            language=language,
        ),
        search=Search(
            hub, store, stores.index, stores.ties, stores.rooms, stores.accounts, searches=_searches(settings)
        ),
        inbox=inbox,
    )  # fmt: skip


def _profile_reads(settings: Settings) -> Buckets:
    limits = settings.limits
    return Buckets(limits.profiles_burst, limits.profiles_per_second)


def _searches(settings: Settings) -> Buckets:
    limits = settings.limits
    return Buckets(limits.searches_burst, limits.searches_per_minute / 60)


def _services(
    settings: Settings, stores: Stores, live: Live, messages: Messages, topics: Topics, reactions: Reactions,
    previews: Previews, friends: Friends, server: ServerInfo, hashing: Hashing,
) -> Services:  # fmt: skip
    limits, hub, community, accounts = settings.limits, live.hub, stores.community, stores.accounts
    return Services(
        community=Administration(
            community, accounts, stores.logins, live.authority, stores.pictures, server, settings.accounts,
            hub.announcements, rooms=stores.starter_rooms, host=settings.host.handle if settings.host.enabled else "",
        ),
        accounts=Accounts(accounts, stores.logins, live.authority, hashing, settings.accounts, community),
        bots=Bots(accounts, stores.logins),
        suggestions=Suggestions(accounts, asks=_searches(settings)),
        people=People(accounts),
        profiles=Profiles(
            accounts, stores.rooms, stores.ties, stores.pictures, reads=_profile_reads(settings)
        ),
        sync=Sync(
            stores.store, hub, live.authority.prove, live.marks.settle, stores.windows.windows, server,
            friends.inbox.replay, friends.inbox.settle, replay_messages=or_unlimited(limits.replay_messages),
            replay_events=or_unlimited(limits.replay_events), replay_reactions=limits.replay_reactions,
        ),
        rooms=Rooms(
            hub, stores.rooms, MemberSearch(hub, stores.index, stores.rooms, stores.ties, searches=_searches(settings)),
            creates=Buckets(limits.creates_burst, limits.creates_per_hour / 3600),
        ),
        membership=Membership(
            hub, stores.rooms, stores.ties, joins=Buckets(limits.joins_burst, limits.joins_per_minute / 60)
        ),
        discovery=Discovery(
            hub, stores.rooms, stores.index, searches=_searches(settings),
            time_zone=lambda: community.profile.time_zone,
        ),
        messages=messages,
        message_finder=MessageFinder(
            hub, stores.store, stores.index, messages, accounts, searches=_searches(settings)
        ),
        topics=topics,
        reactions=reactions,
        previews=previews,
        activity=Activity(hub, stores.rooms, Buckets(limits.typing_burst, limits.typing_per_second)),
        friends=friends,
    )  # fmt: skip


def _server_info(settings: Settings) -> ServerInfo:
    limits = settings.limits
    told = Limits(
        limits.text_characters, limits.text_bytes, limits.frame_bytes, HISTORY_PAGE, limits.requests_in_flight,
        settings.files.file_bytes, settings.files.message_files,
    )  # fmt: skip
    return ServerInfo(__version__, round(settings.server.ping_seconds) or 25, told, settings.store.durability)


def build_doors(
    settings: Settings, stores: Stores, live: Live, working: Working, tasks: Tasks, *, not_ready: Callable[[], str],
    hurry: asyncio.Event,
) -> Doors:  # fmt: skip
    """Build the doors, not listening yet. ``not_ready()`` is the reason for /readyz, "" if ready; ``hurry`` ends a
    drain."""
    server, limits, table = settings.server, settings.limits, working.services.table()
    authentication = Authentication(
        live.authority.prove, origins=server.origins, public_url=server.public_url,
        trusted_proxies=server.trusted_proxies,
    )  # fmt: skip
    gate = Gate(
        authentication, Addresses(limits.connections_per_address), lambda: len(live.hub.connections),
        most=most_connections(), request_seconds=server.request_seconds, idle_seconds=server.idle_seconds,
        slow_seconds=server.slow_seconds,
    )  # fmt: skip
    metrics = Metrics(
        live.hub, gate, working.log, stores.intents, stores.index, tasks, working.pool, stores.files.blobs
    )  # fmt: skip
    requests = Requests(
        table, tasks, metrics.answered, burst=limits.requests_burst, per_second=limits.requests_per_second,
        most_under_way=or_unlimited(limits.requests_in_flight), is_away=lambda: not stores.store.up,
        patience_ms=settings.store.resend_seconds * 1000,
    )  # fmt: skip
    sockets = Sockets(
        live.hub, requests, authentication, metrics.closed, addresses=gate.addresses, most=server.max_connections,
        frame_bytes=limits.frame_bytes, compression=server.compression,
    )  # fmt: skip
    rates = Buckets(limits.requests_burst, limits.requests_per_second)
    files = Files(working.uploads, Downloads(live.hub, stores.files), authentication, rates)
    api = Api(
        table, authentication, rates, metrics.answered,
        body_bytes=limits.frame_bytes, login_days=settings.accounts.login_days,
    )  # fmt: skip
    front = Front(
        gate=gate, sockets=sockets, api=api, files=files, pages=_pages(stores), metrics=metrics,
        authentication=authentication, hub=live.hub, ready=not_ready, metrics_for=server.metrics,
        body_bytes=limits.frame_bytes, hurry=hurry,
    )  # fmt: skip
    return Doors(gate, front, metrics)


@functools.cache
def _page_files() -> PageFiles:
    """Read once in a process: the tests open hundreds of servers in one."""
    return read_files(web_folder())


def _pages(stores: Stores) -> Pages:
    community, windows = stores.community, stores.windows
    return Pages(
        _page_files(),
        named=lambda: (community.profile.name, community.profile.language),
        window=lambda room: windows.window(room, community.profile.language),
    )
