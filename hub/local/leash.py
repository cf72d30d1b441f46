"""Started in place of a child: drops root's rights, ties the child's life to the supervisor's, then becomes the child.

Run as a file by `python -I -S leash.py PARENT SIGNAL UID GID SOCKET PROGRAM ARGUMENTS...`; UID and GID are -1 where they
stay. SOCKET is the descriptor of a listening socket, handed on as systemd does it (LISTEN_FDS), or -1.
It stands alone (standard library, no import of ours), because another user may not be able to read more than this
process already has.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
FIRST_GIVEN = 3


def drop(uid: int, gid: int) -> None:
    """Become user `uid` with group `gid` and no other groups; nothing for -1."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def tie(parent: int, signal: int) -> None:
    """Ask Linux to send us `signal` when the supervisor's thread that started us ends.

    Leave at once if `parent` is gone already.

    It comes after `drop`, because a change of user clears it; it stays across the exec of an ordinary program.
    Elsewhere than on Linux only the orphan check at the next start of the supervisor ends a leftover child.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the supervisor ended before its child could start")


def hand_on(listening: int) -> None:
    """Give the child the listening socket where systemd's protocol has it: descriptor 3, for this process alone."""
    if listening < 0:
        return
    os.dup2(listening, FIRST_GIVEN)  # which also lets it live on across the exec
    os.environ["LISTEN_FDS"] = "1"
    os.environ["LISTEN_PID"] = str(os.getpid())


def main() -> None:
    """Become the child. Exit code 127 with a sentence on standard error where that cannot be done."""
    parent, signal, uid, gid, listening = map(int, sys.argv[1:6])
    program = sys.argv[6:]
    try:
        drop(uid, gid)
        tie(parent, signal)
        hand_on(listening)
        os.execvp(program[0], program)  # noqa: S606  (no shell is what we want)
    except OSError as error:
        print(f"cannot start {program[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main()
