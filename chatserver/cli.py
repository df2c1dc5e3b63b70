"""The command ``chatserver``: read the arguments and the settings, then hand over to ``chatserver.commands``.

What goes wrong before the community is open is said in plain sentences on standard error, and the status is 1; a
mistake in the arguments is 2, as with every command.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from chatserver import __version__
from chatserver.errors import Refusal, StartError
from chatserver.settings import Settings, load

Command: TypeAlias = Callable[[Settings, argparse.Namespace], int]
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(words: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = parser().parse_args(words)
    try:
        environment = os.environ if environment is None else environment
        settings = load(arguments.config, environment, _overrides(arguments))
        command: Command = arguments.command
        return command(settings, arguments)
    except StartError as error:
        print(error, file=sys.stderr)
    except Refusal as refusal:
        print(refusal.message, file=sys.stderr)
    except BrokenPipeError:
        # Whoever read our output has read enough; nothing may be written to it any more, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 1


def _overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """Options that are settings carry the setting's dotted path as their name."""
    return {name: value for name, value in vars(arguments).items() if "." in name and value is not None}


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="chatserver", description="A community chat server: people become friends first, business follows."
    )
    top.add_argument("--version", action="version", version=f"chatserver {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    serve = _add(commands, "serve", "open the community", _serve)
    serve.add_argument("--host", dest="server.host", metavar="H", help="the address to listen on")
    serve.add_argument("--port", dest="server.port", metavar="P", type=int, help="the port to listen on; 0: any")
    _add_config(_group(commands, "config", "show or check the settings"))
    _add_user(_group(commands, "user", "accounts"))
    _add_token(_group(commands, "token", "tokens for bots and scripts"))
    backup = _add(
        commands, "backup", "write all that the store holds into a file, while the community is open", _backup
    )
    backup.add_argument("file", help="the file to write; it must not exist yet")
    restore = _add(commands, "restore", "bring a backup back into a store that nobody has lived in", _restore)
    restore.add_argument("file", help="a file that backup wrote")
    restore.add_argument("--dry-run", action="store_true", help="only read the file and say what is in it")
    _add(
        commands, "repair", "cut off what the embedded store cannot read of its file, and keep that beside it", _repair
    )
    return top


def _group(commands: _Commands, name: str, text: str) -> _Commands:
    made = commands.add_parser(name, help=text, description=_sentence(text))
    return made.add_subparsers(required=True, metavar="COMMAND")


def _add(commands: _Commands, name: str, text: str, command: Command) -> argparse.ArgumentParser:
    """A command; each takes the settings that say where the community is."""
    made = commands.add_parser(name, help=text, description=_sentence(text))
    made.add_argument("--config", metavar="FILE", help="a file of settings, such as config/chatserver.toml")
    made.add_argument("--data", dest="server.data", metavar="DIR", help="the folder of the embedded store")
    made.add_argument("--store", dest="store.url", metavar="URL", help="an external Valkey or Redis instead")
    made.set_defaults(command=command)
    return made


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _add_config(commands: _Commands) -> None:
    show = _add(commands, "show", "print every setting as it holds", _show_config)
    show.add_argument("--origin", action="store_true", help="say beside each where it was set")
    show.add_argument("--default", action="store_true", help="print the commented file of all defaults instead")
    _add(commands, "check", "read the settings and say what is wrong with them", _check_config)


def _add_user(commands: _Commands) -> None:
    add = _add(commands, "add", "make an account; the password is asked for, or read from standard input", _add_account)
    add.add_argument("handle", help="what people write after the @")
    add.add_argument("--name", help="the name that is shown; the handle without it")
    add.add_argument("--admin", action="store_true", help="make the account an admin's")
    password = _add(commands, "set-password", "set a new password and end all logins", _set_password)
    password.add_argument("handle")
    admin = _add(commands, "make-admin", "make an account an admin's", _make_admin)
    admin.add_argument("handle")
    suspend = _add(commands, "suspend", "end all logins of an account and let it sign in no more", _suspend)
    suspend.add_argument("handle")
    suspend.add_argument("--lift", action="store_true", help="let it sign in again")
    invite = _add(
        commands, "invite", "print an invitation, good for one account, where community.sign_up is invite", _invite
    )
    invite.add_argument("--days", type=int, default=30, help="how long it is good; 0: until it is used")


def _add_token(commands: _Commands) -> None:
    create = _add(commands, "create", "make a token of an account and print it, this once", _create_token)
    create.add_argument("handle", help="whose token it is")
    create.add_argument("--label", default="command line", help="what it is for, shown in the list of tokens")


# --- the commands, each loading only what it needs -------------------------------------------------------------------


def _serve(settings: Settings, _arguments: argparse.Namespace) -> int:
    from chatserver.commands import serving

    return serving.serve(settings)


def _show_config(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import configuring

    return configuring.defaults() if arguments.default else configuring.show(settings, origin=arguments.origin)


def _check_config(settings: Settings, _arguments: argparse.Namespace) -> int:
    from chatserver.commands import configuring

    return configuring.check(settings)


def _add_account(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import accounts

    return accounts.add(settings, arguments.handle, arguments.name or arguments.handle, admin=arguments.admin)


def _set_password(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import accounts

    return accounts.set_password(settings, arguments.handle)


def _make_admin(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import accounts

    return accounts.make_admin(settings, arguments.handle)


def _suspend(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import accounts

    return accounts.suspend(settings, arguments.handle, lift=arguments.lift)


def _invite(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import accounts

    return accounts.invite(settings, arguments.days)


def _create_token(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import accounts

    return accounts.create_token(settings, arguments.handle, arguments.label)


def _backup(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import archive

    return archive.backup(settings, arguments.file)


def _repair(settings: Settings, _: argparse.Namespace) -> int:
    from chatserver.commands import repairing

    return repairing.repair(settings)


def _restore(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import archive

    return archive.restore(settings, arguments.file, dry_run=arguments.dry_run)
