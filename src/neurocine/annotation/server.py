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
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from neurocine.annotation.actions import parse_actions
from neurocine.annotation.session import Session, labels_as_values
from neurocine.core import InputError
from neurocine.drawing.pictures import grey, outlines

#: Nothing from elsewhere is loaded, and no other page may frame this one.
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
LOCAL = ("127.0.0.1", "localhost", "[::1]")
#: Of movies for slow links; the edge of its blocks, pixels.
JPEG_QUALITY, JPEG_BLOCK = 80, 8
#: Actions of one request are far smaller than this, bytes.
MAX_BODY = 4 * 1024**2


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
    session: Session,
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
        Send the movie as `jpeg_strip`, not as raw pixels.
    """
    handlers = _Handlers(session, jpeg)
    api = [
        Route("/session", handlers.session),
        Route("/labels", handlers.labels),
        Route("/field", handlers.field),
        Route("/field.png", handlers.picture),
        Route("/cells/{cell:int}", handlers.cell),
        Route("/cells/{cell:int}/traces", handlers.traces),
        Route("/cells/{cell:int}/candidates", handlers.candidates),
        Route("/cells/{cell:int}/predicted", handlers.predicted),
        Route("/cells/{cell:int}/movie", handlers.movie),
        Route("/cells/{cell:int}/profiles", handlers.profiles),
        Route("/actions", handlers.act, methods=["POST"]),
        Route("/truth", handlers.truth, methods=["POST"]),
        Route("/training", handlers.training),
        Route("/training", handlers.train, methods=["POST"]),
    ]
    pages = StaticFiles(directory=str(files("neurocine.annotation") / "static"), html=True)
    own = [Mount("/api", routes=api), Mount("/", app=pages)]
    routes = [Mount(prefix.rstrip("/"), routes=own), *own] if prefix.strip("/") else own
    guard = Middleware(_Guard, tokens=tokens, hosts=(*LOCAL, *allow_hosts))
    return Starlette(
        routes=routes, middleware=[guard], exception_handlers={InputError: _refused, OSError: _failed}
    )


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


class _Handlers:
    """What the routes answer. Reads of the movie run beside the event loop."""

    def __init__(self, session: Session, jpeg: bool) -> None:
        self._session, self._views, self._jpeg = session, session.views, jpeg

    async def session(self, request: Request) -> Response:
        described = await run_in_threadpool(self._session.described)
        return JSONResponse({**described, "may_write": request.state.may_write})

    async def labels(self, _: Request) -> Response:
        return JSONResponse(labels_as_values(self._session.labels))

    async def field(self, _: Request) -> Response:
        rois = self._session.results.rois
        lines = await run_in_threadpool(outlines, rois)
        cells = [
            {"cell": int(roi), "lines": [np.round(line, 1).tolist() for line in own]}
            for roi, own in zip(rois.ids, lines, strict=True)
        ]
        return JSONResponse({"cells": cells})

    async def picture(self, _: Request) -> Response:
        picture = await run_in_threadpool(_png, grey(self._session.results.summary.mean, gamma=0.8))
        return Response(picture, media_type="image/png")

    async def cell(self, request: Request) -> Response:
        cell = request.path_params["cell"]
        patch = self._views.patch(cell)
        lines = await run_in_threadpool(self._views.outlines, cell)
        return JSONResponse(
            {
                "patch": {"top": patch.top, "left": patch.left, "height": patch.height, "width": patch.width},
                "outlines": lines,
                "neighbours": await run_in_threadpool(self._views.neighbours, cell),
            }
        )

    async def traces(self, request: Request) -> Response:
        rows = dict(await run_in_threadpool(self._views.traces, request.path_params["cell"]))
        if not self._session.shows_predictions:
            del rows["probability"]
        body = np.concatenate([row.astype("<f4") for row in rows.values()]).tobytes()
        return Response(body, media_type="application/octet-stream", headers={"X-Rows": ",".join(rows)})

    async def candidates(self, request: Request) -> Response:
        sigma = _number(request, "sigma", float)
        found = await run_in_threadpool(self._views.candidates, request.path_params["cell"], sigma)
        return JSONResponse({"candidates": found})

    async def predicted(self, request: Request) -> Response:
        predicted = await run_in_threadpool(self._session.predicted, request.path_params["cell"])
        return JSONResponse({"transients": predicted})

    async def movie(self, request: Request) -> Response:
        first, last = _number(request, "first", int), _number(request, "last", int)
        frames = await run_in_threadpool(self._views.movie, request.path_params["cell"], first, last)
        if not self._jpeg:
            return Response(frames.tobytes(), media_type="application/octet-stream")
        strip = await run_in_threadpool(jpeg_strip, frames)
        return Response(strip, media_type="image/jpeg", headers={"X-Height": str(frames.shape[1])})

    async def profiles(self, request: Request) -> Response:
        onset, peak = _number(request, "onset", int), _number(request, "peak", int)
        made = await run_in_threadpool(self._views.profiles, request.path_params["cell"], onset, peak)
        return JSONResponse(
            {
                "transient": grey(made.transient, 1, 99.9).tolist(),
                "source": grey(made.source, 1, 99.9).tolist(),
                "correlations": [
                    {"cell": cell, "correlation": value if np.isfinite(value) else None}
                    for cell, value in made.correlations
                ],
            }
        )

    async def act(self, request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                return JSONResponse({"error": "the request is too large"}, 413)
        actions = parse_actions(bytes(body))
        saved = await run_in_threadpool(self._session.add, actions)
        return JSONResponse({"saved": saved})

    async def truth(self, _: Request) -> Response:
        folder = await run_in_threadpool(self._session.write_truth)
        return JSONResponse({"folder": str(folder)})

    async def training(self, _: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._session.training))

    async def train(self, request: Request) -> Response:
        asked = await request.json()
        with_corpus = isinstance(asked, dict) and asked.get("with_corpus") is True
        await run_in_threadpool(self._session.train, with_corpus=with_corpus)
        return JSONResponse(await run_in_threadpool(self._session.training))


def _number(request: Request, name: str, kind: Callable[[str], Any]) -> Any:
    text = request.query_params.get(name, "")
    try:
        return kind(text)
    except ValueError:
        raise InputError("request", name, f"is {text!r}", "Give a number.") from None


def jpeg_strip(frames: NDArray[np.uint8]) -> bytes:
    """Return frames (T, Y, X), one below the other, as one JPEG picture.

    Each is padded to whole blocks of JPEG, so that no frame is mixed with the next.
    """
    from PIL import Image

    height, width = frames.shape[1:]
    padded = np.pad(frames, ((0, 0), (0, -height % JPEG_BLOCK), (0, 0)), mode="edge")
    out = BytesIO()
    Image.fromarray(padded.reshape(-1, width)).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _png(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    out = BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()
