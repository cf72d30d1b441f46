"""The user as whom PostgreSQL runs where we are root (it refuses to run as root), and what that user can reach."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

OURS = "hub-postgres"
# `postgres` may be there from a package of the system; `nobody` is there where no user can be made (a read-only image).
FALLBACKS = ("postgres", "nobody")


class NoAccount(RuntimeError):
    """There is no user as whom PostgreSQL would run: we are root and can make no other, or our own has no name."""


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int

    @property
    def ids(self) -> tuple[int, int]:
        """(uid, gid)."""
        return self.uid, self.gid


def server_account() -> Account | None:
    """The user to run a server as; None: as ourselves, because we are not root.

    Made if need be. NoAccount if that fails.
    """
    if os.geteuid() != 0:
        _insist_on_a_name(os.geteuid())
        return None
    if found := _known(OURS) or (_make(OURS) and _known(OURS)):
        return found
    for name in FALLBACKS:
        if found := _known(name):
            return found
    raise NoAccount(f"PostgreSQL does not run as root, and user {OURS} could not be made; run the hub as another user")


def _insist_on_a_name(uid: int) -> None:
    # Containers are often run as a number that /etc/passwd does not know; initdb refuses that.
    try:
        pwd.getpwuid(uid)
    except KeyError:
        advice = "add it to /etc/passwd, or set HUB_DATABASE__URL to the address of an existing PostgreSQL"
        raise NoAccount(f"user {uid} has no name on this machine, and PostgreSQL needs one: {advice}") from None


def reachable(path: Path, account: Account) -> bool:
    """Whether `account` may go to `path`, an existing folder, through all the folders above it."""
    # As it is written and without its links: both ways have to be open.
    ways = (path.absolute(), path.resolve())
    return all(_may_enter(folder, account) for way in ways for folder in (way, *way.parents))


def _may_enter(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & 0o100)
    return bool(found.st_mode & (0o010 if found.st_gid == account.gid else 0o001))


def _known(name: str) -> Account | None:
    with suppress(KeyError):
        found = pwd.getpwnam(name)
        return Account(found.pw_name, found.pw_uid, found.pw_gid)
    return None


def _make(name: str) -> bool:
    tools = {
        "useradd": [
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/bin/false",
        ],
        "adduser": ["-S", "-D", "-H", "-h", "/nonexistent", "-s", "/bin/false"],  # BusyBox
    }
    for tool, options in tools.items():
        if found := shutil.which(tool, path="/usr/sbin:/sbin:/usr/bin:/bin"):
            return subprocess.run([found, *options, name], capture_output=True, check=False).returncode == 0
    return False
