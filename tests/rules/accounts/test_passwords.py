"""Passwords: length, not the handle, not the first that everybody tries."""

import pytest

from chatserver.errors import Refusal
from chatserver.rules.accounts import passwords


def refused(password, handle="mei.lin", **named):
    with pytest.raises(Refusal) as caught:
        passwords.checked(password, handle, **named)
    assert caught.value.data["path"] == "password"
    return caught.value.reason


@pytest.mark.parametrize(
    "password", ["tea at five", "correct horse", "茶馆里的八个字吧", "mei.lin was here", " spaces  kept ", "x7!k2?q9"]
)
def test_a_long_enough_password_of_any_language_is_kept_as_it_is(password):
    assert passwords.checked(password, "mei.lin") == password


def test_keyboards_that_compose_differently_agree():
    assert (
        passwords.checked("cafe\u0301 noir", "x")
        == passwords.checked("café noir", "x")
        == passwords.normal("cafe\u0301 noir")
    )


def test_too_short_and_too_long():
    assert refused("seven77") == "password_short"
    assert refused("ab" * 512 + "c") == "password_long"
    assert refused("é" * 3 + "ab" * 4, longest_bytes=13) == "password_long"
    assert passwords.checked("ab3" * 1000, "x", longest_bytes=0)
    assert refused("twelve chars", shortest=13) == "password_short"


@pytest.mark.parametrize("password", ["mei.lin7", "MEI.LIN7", "ＭＥＩ.ＬＩＮ７", "7nil.iem", "mei.lin7mei.lin7"])
def test_the_handle_is_no_password(password):
    assert refused(password, "mei.lin7") == "password_is_handle"


@pytest.mark.parametrize(
    "password", ["password", "PassWord1", "12345678", "woaini1314", "aaaaaaaa", "abababab", "qwertyuiop"]
)
def test_what_everybody_tries_first_is_no_password(password):
    assert refused(password) == "password_common"
