"""Secrets other than passwords: login tokens, recovery codes, invitations, room links.

Random bytes are arguments. Only digests are stored, except for room links, which moderators can see again. A token has
a prefix for leak scanners, its user's id, so that one read finds it, and a checksum, so that a typo is refused without
one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
import zlib
from typing import Final

from chatserver.errors import NOT_SIGNED_IN, Refusal

PREFIX: Final = "chat_"
SECRET_BYTES: Final = 20
RECOVERY_GROUPS: Final = 5
INVITE_GROUPS: Final = 3
LINK_GROUPS: Final = 4
CLAIM_GROUPS: Final = 4
CODE_BYTES: Final = 16  # enough for five groups of 25 bits

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_WIDTH: Final = 27  # 62**27 > 2**160
_CHECKSUM_WIDTH: Final = 6
_TOKEN: Final = re.compile(
    rf"{PREFIX}([0-9a-f]{{24}})[0-9A-Za-z]{{{_SECRET_WIDTH}}}([0-9A-Za-z]{{{_CHECKSUM_WIDTH}}})", re.ASCII
)
_LOGIN_ID_WIDTH: Final = 24
# Without I, L, O and U: nothing to confuse, no words.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("OIL", "011")
_GROUP: Final = 5


def new_token(user_id: str, secret: bytes) -> str:
    """``chat_``, the user's 24 hex, 27 characters of secret (20 random bytes), 6 of checksum: 62 in all."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a token needs {SECRET_BYTES} random bytes")
    body = PREFIX + user_id + _base62(int.from_bytes(secret, "big"), _SECRET_WIDTH)
    return body + _checksum(body)


def user_of(token: str) -> str:
    """The user id in the token. Raises ``Refusal`` bad_token if it is not one of our tokens."""
    found = _TOKEN.fullmatch(token)
    if found is None or not hmac.compare_digest(_checksum(token[:-_CHECKSUM_WIDTH]), found[2]):
        raise bad_token()
    return found[1]


def bad_token() -> Refusal:
    return Refusal(NOT_SIGNED_IN, "This token is not valid: sign in again, or create a new one", "bad_token")


def digest(secret: str) -> str:
    """SHA-256 in hex of a token or a normalised code, for storing. They are random, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def login_id(token_digest: str) -> str:
    """The id of a token's login: the first 24 characters of its digest."""
    return token_digest[:_LOGIN_ID_WIDTH]


def recovery_code(random: bytes) -> str:
    """Five groups of five, such as ``7K2QF-0XW9M-…``: 125 bits."""
    return _code(random, RECOVERY_GROUPS)


def invite_code(random: bytes) -> str:
    """Three groups of five: 75 bits."""
    return _code(random, INVITE_GROUPS)


def claim_code(random: bytes) -> str:
    """Four groups of five: 100 bits. It makes a user the first admin of a community without one."""
    return _code(random, CLAIM_GROUPS)


def room_link(random: bytes) -> str:
    """Four groups of five: 100 bits."""
    return _code(random, LINK_GROUPS)


def normal_code(typed: str) -> str:
    """The normal form of a code that a person typed: any case, any spacing, O for 0 and I or L for 1.

    Other text gives something that matches no code.
    """
    plain = unicodedata.normalize("NFKC", typed).upper()
    plain = "".join(char for char in plain if char.isalnum()).translate(_MISREAD)
    return "-".join(plain[start : start + _GROUP] for start in range(0, len(plain), _GROUP))


def _code(random: bytes, groups: int) -> str:
    if len(random) < CODE_BYTES:
        raise ValueError(f"a code needs {CODE_BYTES} random bytes")
    number = int.from_bytes(random, "big")
    letters = "".join(_ALPHABET[number >> 5 * place & 31] for place in range(groups * _GROUP))
    return normal_code(letters)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_WIDTH)


def _base62(number: int, width: int) -> str:
    letters = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        letters.append(_BASE62[rest])
    return "".join(reversed(letters))
