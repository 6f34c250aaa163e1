"""What the API answers to any page, and how requests are read."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from neurocine.annotation.actions import parse_actions
from neurocine.annotation.session import Pass
from neurocine.core import InputError

#: Actions of one request are far smaller than this, bytes.
MAX_BODY = 4 * 1024**2
#: Of movies for slow links; the edge of its blocks, pixels.
JPEG_QUALITY, JPEG_BLOCK = 80, 8


class PassHandlers:
    """What the routes of every page answer."""

    def __init__(self, session: Pass) -> None:
        self._pass = session

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/session", self._described),
            Route("/actions", self._act, methods=["POST"]),
            Route("/truth", self._truth, methods=["POST"]),
        ]

    async def _described(self, request: Request) -> Response:
        described = await run_in_threadpool(self._pass.described)
        return JSONResponse({**described, "may_write": request.state.may_write})

    async def _act(self, request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                return JSONResponse({"error": "the request is too large"}, 413)
        actions = parse_actions(bytes(body))
        saved = await run_in_threadpool(self._pass.add, actions)
        return JSONResponse({"saved": saved})

    async def _truth(self, _: Request) -> Response:
        folder = await run_in_threadpool(self._pass.write_truth)
        return JSONResponse({"folder": str(folder)})


def number(request: Request, name: str, kind: Callable[[str], Any]) -> Any:
    """Return a number of the query, or raise `InputError`."""
    text = request.query_params.get(name, "")
    try:
        return kind(text)
    except ValueError:
        raise InputError("request", name, f"is {text!r}", "Give a number.") from None


def jpeg_strip(frames: NDArray[np.uint8]) -> bytes:
    """Return frames (T, Y, X), one below the other, as one JPEG picture.

    Each is padded to whole blocks of JPEG, so that no frame is mixed with the next.
    """
    height, width = frames.shape[1:]
    padded = np.pad(frames, ((0, 0), (0, -height % JPEG_BLOCK), (0, 0)), mode="edge")
    out = BytesIO()
    Image.fromarray(padded.reshape(-1, width)).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def png(picture: NDArray[np.uint8]) -> bytes:
    """Return a grey picture (Y, X) as PNG."""
    out = BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()
