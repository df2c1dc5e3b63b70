"""The command ``chatserver``: reads arguments and settings, then calls ``chatserver.commands``.

Errors are printed as plain sentences on standard error, with exit status 1; wrong arguments exit with status 2.
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
        # The reader of our output has closed it, so nothing may be written to it any more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 1


def _overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """The options that override settings: their ``dest`` is the setting's dotted path."""
    return {name: value for name, value in vars(arguments).items() if "." in name and value is not None}


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="chatserver", description="A community chat server: people become friends first, business follows."
    )
    top.add_argument("--version", action="version", version=f"chatserver {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    serve = _add(commands, "serve", "start the server", _serve)
    serve.add_argument("--host", dest="server.host", metavar="H", help="the address to listen on")
    serve.add_argument("--port", dest="server.port", metavar="P", type=int, help="the port to listen on; 0: any")
    _add_config(_group(commands, "config", "show or check the settings"))
    _add_user(_group(commands, "user", "accounts"))
    files = _group(commands, "files", "the files that people sent")
    _add(files, "status", "print where files are kept, and what is still to be erased", _files_status)
    index = _group(commands, "index", "the index with which messages and people are found")
    _add(index, "status", "print what the index holds, and how much of it is made", _index_status)
    _add(index, "rebuild", "remove the index, so that the server makes it again, also while it runs", _index_rebuild)
    _add_token(_group(commands, "token", "tokens for bots and scripts"))
    backup = _add(commands, "backup", "write everything in the store to a file, also while the server runs", _backup)
    backup.add_argument("file", help="the file to write; it must not exist yet")
    restore = _add(commands, "restore", "restore a backup into a store without users", _restore)
    restore.add_argument("file", help="a file written by chatserver backup")
    restore.add_argument("--dry-run", action="store_true", help="only check the file and print what it holds")
    _add(commands, "repair", "cut off the unreadable end of the embedded store's file, and keep a copy of it", _repair)
    return top


def _group(commands: _Commands, name: str, text: str) -> _Commands:
    made = commands.add_parser(name, help=text, description=_sentence(text))
    return made.add_subparsers(required=True, metavar="COMMAND")


def _add(commands: _Commands, name: str, text: str, command: Command) -> argparse.ArgumentParser:
    """A command, with the options that say where its store is."""
    made = commands.add_parser(name, help=text, description=_sentence(text))
    made.add_argument("--config", metavar="FILE", help="the configuration file, such as config/chatserver.toml")
    made.add_argument("--data", dest="server.data", metavar="DIR", help="the data folder of the embedded store")
    made.add_argument("--store", dest="store.url", metavar="URL", help="use this external Valkey or Redis instead")
    made.set_defaults(command=command)
    return made


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _add_config(commands: _Commands) -> None:
    show = _add(commands, "show", "print the current value of every setting", _show_config)
    show.add_argument("--origin", action="store_true", help="also print where each was set")
    show.add_argument("--default", action="store_true", help="print a commented file of all defaults instead")
    _add(commands, "check", "check the settings and print what is wrong", _check_config)


def _add_user(commands: _Commands) -> None:
    add = _add(
        commands, "add", "create an account; asks for the password, or reads it from standard input", _add_account
    )
    add.add_argument("handle", help="the name after the @")
    add.add_argument("--name", help="the display name; the handle if not given")
    add.add_argument("--admin", action="store_true", help="make it an admin")
    password = _add(commands, "set-password", "set a new password and end all logins", _set_password)
    password.add_argument("handle")
    admin = _add(commands, "make-admin", "make a user an admin", _make_admin)
    admin.add_argument("handle")
    suspend = _add(commands, "suspend", "end all logins of a user and refuse new ones", _suspend)
    suspend.add_argument("handle")
    suspend.add_argument("--lift", action="store_true", help="undo the suspension")
    invite = _add(
        commands, "invite", "print an invitation for one account, needed when community.sign_up is invite", _invite
    )
    invite.add_argument("--days", type=int, default=30, help="how many days it is valid; 0: until used")


def _add_token(commands: _Commands) -> None:
    create = _add(commands, "create", "create a token of a user and print it; it is not shown again", _create_token)
    create.add_argument("handle", help="the user")
    create.add_argument("--label", default="command line", help="what it is for, shown in the list of tokens")


# --- the commands; each imports only what it needs -------------------------------------------------------------------


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


def _files_status(settings: Settings, _: argparse.Namespace) -> int:
    from chatserver.commands import files

    return files.status(settings)


def _index_status(settings: Settings, _: argparse.Namespace) -> int:
    from chatserver.commands import indexing

    return indexing.status(settings)


def _index_rebuild(settings: Settings, _: argparse.Namespace) -> int:
    from chatserver.commands import indexing

    return indexing.rebuild(settings)


def _repair(settings: Settings, _: argparse.Namespace) -> int:
    from chatserver.commands import repairing

    return repairing.repair(settings)


def _restore(settings: Settings, arguments: argparse.Namespace) -> int:
    from chatserver.commands import archive

    return archive.restore(settings, arguments.file, dry_run=arguments.dry_run)
