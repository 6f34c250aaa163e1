"""The page and its API over HTTP, for people who have one of the tokens.

It listens on 127.0.0.1, which others on the same computer can reach: each request carries a token, the host
and the origin are checked, and only JSON is taken. The page itself holds nothing of the recording.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from neurocine.annotation.handlers import CellHandlers
from neurocine.annotation.requests import PassHandlers
from neurocine.annotation.session import Pass, Session
from neurocine.core import InputError

#: Nothing from elsewhere is loaded, and no other page may frame this one.
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
LOCAL = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Tokens:
    """Who has `full` may annotate, who has `reading` may look."""

    full: str
    reading: str

    @classmethod
    def kept_in(cls, path: Path) -> Tokens:
        """Return the tokens in a file that only its owner can read, made if need be.

        They stay the same when the server is started again, so that a page that is still open goes on.
        """
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            kept = path.read_text(encoding="utf-8").split()
            if len(kept) == 2:
                return cls(*kept)
            path.unlink()  # cut short by a crash
            return cls.kept_in(path)
        made = cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        with os.fdopen(file, "w", encoding="utf-8") as out:
            out.write(f"{made.full}\n{made.reading}\n")
        return made


def application(
    session: Pass,
    tokens: Tokens,
    *,
    allow_hosts: Sequence[str] = (),
    prefix: str = "",
    jpeg: bool = False,
) -> Starlette:
    """Return the web application of one session.

    Parameters
    ----------
    session
        Who annotates what.
    tokens
        The secrets that requests must carry.
    allow_hosts
        Names that a portal sends as the host, beside this computer's own.
    prefix
        Path under which a portal shows it, such as ``/node/n1/8050``; it also works without.
    jpeg
        Send the movie as `neurocine.annotation.requests.jpeg_strip`, not as raw pixels.
    """
    handlers = _handlers_of(session, jpeg)
    pages = StaticFiles(directory=str(files("neurocine.annotation") / "static"), html=True)
    own = [Mount("/api", routes=handlers.routes()), Mount("/", app=pages)]
    routes = [Mount(prefix.rstrip("/"), routes=own), *own] if prefix.strip("/") else own
    guard = Middleware(_Guard, tokens=tokens, hosts=(*LOCAL, *allow_hosts))
    return Starlette(
        routes=routes, middleware=[guard], exception_handlers={InputError: _refused, OSError: _failed}
    )


def _handlers_of(session: Pass, jpeg: bool) -> PassHandlers:
    if isinstance(session, Session):
        return CellHandlers(session, jpeg)
    from neurocine.annotation.masks.handlers import handlers_of  # slow to load: only where masks are drawn

    return handlers_of(session, jpeg)


class _Guard(BaseHTTPMiddleware):
    """Lets requests through that name a known host and carry a token."""

    def __init__(self, app: Any, tokens: Tokens, hosts: Sequence[str]) -> None:
        super().__init__(app)
        self._tokens, self._hosts = tokens, {host.lower() for host in hosts}

    async def dispatch(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Answer a request that isn't allowed, and hand on any other."""
        host = request.headers.get("host", "")
        origin = request.headers.get("origin")
        if not self._known(host):
            return _page(f"This server doesn't answer for the host {_shown(host)}.", host)
        if origin is not None and not self._known(origin.partition("://")[2]):
            return JSONResponse({"error": "the request comes from another page"}, 403)
        if "/api/" in request.url.path:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            full = secrets.compare_digest(token.encode(), self._tokens.full.encode())
            reading = secrets.compare_digest(token.encode(), self._tokens.reading.encode())
            if not (full or reading):
                return JSONResponse({"error": "the token is missing or wrong: open the whole address"}, 401)
            if request.method == "POST":
                if not full:
                    return JSONResponse({"error": "this address is for looking only"}, 403)
                if request.headers.get("content-type", "").split(";")[0] != "application/json":
                    return JSONResponse({"error": "only JSON is taken"}, 415)
            request.state.may_write = full
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if "/api/" in request.url.path:
            response.headers["Cache-Control"] = "no-store"
        return response

    def _known(self, netloc: str) -> bool:
        host = netloc.lower()
        name = host.rsplit(":", 1)[0] if host.rsplit(":", 1)[-1].isdigit() else host
        return name in self._hosts or host in self._hosts


def _shown(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in ".:-_[]")[:80]


def _page(problem: str, host: str) -> HTMLResponse:
    name = _shown(host).rsplit(":", 1)[0]
    return HTMLResponse(
        f"<!doctype html><title>neurocine annotate</title><p>{problem}</p>"
        f"<p>If you come through a portal, start it with <code>--allow-host {name}</code>.</p>",
        status_code=403,
        headers={"Content-Security-Policy": "default-src 'none'"},
    )


async def _refused(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 409)


async def _failed(_: Request, error: Exception) -> Response:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return JSONResponse({"error": f"the server can't write ({reason})"}, 507)
