"""Start the server, and say how to reach it."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from zlib import crc32

import uvicorn

from neurocine.annotation.server import Tokens, application
from neurocine.annotation.session import Pass
from neurocine.core import InputError


def bound(port: int) -> socket.socket:
    """Return a socket that listens on 127.0.0.1, at `port` or, if it is 0, at a free one.

    Raises
    ------
    InputError
        If the port is taken.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen()  # who connects before the server answers waits
    except OSError as error:
        listening.close()
        raise InputError(
            "command line", "--port", f"{port} can't be used ({error.strerror})", "Choose another, or 0."
        ) from error
    return listening


def usual_port(session: Pass) -> int:
    """Return a port that is the same for a person and a recording, or 0 (any) if it is taken."""
    port = 20000 + crc32(f"{session.recording}:{session.by}".encode()) % 10000
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return 0 if probe.connect_ex(("127.0.0.1", port)) == 0 else port


def addresses(port: int, prefix: str, tokens: Tokens) -> list[str]:
    """Return the lines that say how to reach the page: here, through ssh, and for looking only."""
    page = f"http://127.0.0.1:{port}{prefix.rstrip('/')}/"
    user, host = getpass.getuser(), socket.getfqdn()
    lines = [f"Open {page}#{tokens.full}", f"To look only: {page}#{tokens.reading}"]
    if "SSH_CONNECTION" in os.environ or "SLURM_JOB_ID" in os.environ:
        lines.append(f"From your own computer, first: ssh -L {port}:127.0.0.1:{port} {user}@{host}")
    return lines


def serve(
    session: Pass,
    *,
    port: int | None = None,
    allow_hosts: Sequence[str] = (),
    prefix: str = "",
    jpeg: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the page until the process is interrupted.

    Parameters
    ----------
    session
        Who annotates what.
    port
        Port on 127.0.0.1; 0: a free one; None: that of this person and recording (`usual_port`), so that a
        page that is still open finds the server when it is started again.
    allow_hosts, prefix, jpeg
        As for `neurocine.annotation.server.application`.
    say
        Called with each line for the user.
    """
    tokens = Tokens.kept_in(session.folder / f"{session.by}.tokens")
    listening = bound(usual_port(session)) if port is None else bound(port)
    app = application(session, tokens, allow_hosts=allow_hosts, prefix=prefix, jpeg=jpeg)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # uvicorn hands them on once it has shut down; the journal is then closed as at any other end. Those
        # that the shell had ignored (nohup) stay so.
        if signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, _leave)
    for line in addresses(listening.getsockname()[1], prefix, tokens):
        say(line)
    say("Every action is saved when the page says so. Ctrl-C ends the server; the same command goes on.")
    server.run(sockets=[listening])


def _leave(number: int, _: object) -> None:
    sys.exit(128 + number)
