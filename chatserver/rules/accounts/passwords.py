"""Passwords: long enough, not the handle, not one of the most common.

No rule about kinds of characters (NIST SP 800-63B): length and the list do more. The list holds what guessing programs
try first; it need not be a dictionary, because sign-in is rate limited.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from chatserver.errors import PARAMS, Refusal
from chatserver.rules.accounts import handles

SHORTEST: Final = 8
LONGEST_BYTES: Final = 1_024

_COMMON: Final[str] = (
    "12345678 123456789 1234567890 12345678910 123123123 1231231234 12341234 123454321 123456123 1234abcd 1234qwer "
    "87654321 987654321 9876543210 0987654321 11223344 1122334455 112233445566 11112222 147258369 159357456 "
    "1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc zaq12wsx q1w2e3r4 qwer1234 qwerty12 qwerty123 qwertyui qwertyuiop "
    "qwertyuiop123 qazwsxedc asdfghjk asdfghjkl asdf1234 zxcvbnm1 zxcvbnm123 abcd1234 abcdefgh abc12345 abc123456 "
    "a1b2c3d4 a12345678 a123456789 aa123456 aa12345678 q123456789 woaini520 woaini1314 woaini123 5201314520 "
    "1314520520 iloveyou iloveyou1 ilovechina password password1 password12 password123 passw0rd p@ssw0rd p@ssword "
    "mypassword changeme letmein1 letmeinplease welcome1 welcome123 admin123 admin1234 administrator root1234 "
    "testtest test1234 testpassword guest123 default1 superman batman123 princess sunshine football baseball "
    "basketball starwars pokemon1 dragon123 monkey123 michelle jennifer computer internet whatever trustno1 "
    "chatserver xiaoming123 zhangwei123 wodemima mima1234 correcthorsebatterystaple"
)


def normal(password: str) -> str:
    """The password as hashed: NFC, so that different keyboards agree."""
    return unicodedata.normalize("NFC", password)


def checked(
    password: str, handle: str, *, shortest: int = SHORTEST, longest_bytes: int = LONGEST_BYTES, path: str = "password"
) -> str:
    """The normal form of a new password. Raises ``Refusal`` with this ``path`` and a reason ``password_…``.

    ``shortest`` in characters, ``longest_bytes`` in bytes of UTF-8 (0: no limit).
    """
    password = normal(password)
    if len(password) < shortest:
        raise _refusal(path, "short", f"Use at least {shortest} characters")
    if longest_bytes and len(password.encode("utf-8", "surrogatepass")) > longest_bytes:
        raise _refusal(path, "long", f"Use at most {longest_bytes} bytes")
    folded = handles.fold(password)
    if folded in (handle, handle * 2, handle[::-1]):
        raise _refusal(path, "is_handle", "The password must not be the handle: choose another")
    if folded in _common() or len(set(folded)) < 3:
        raise _refusal(path, "common", "This password is easy to guess: choose another")
    return password


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.split())


def _refusal(path: str, reason: str, message: str) -> Refusal:
    return Refusal(PARAMS, message, f"password_{reason}", path=path)
