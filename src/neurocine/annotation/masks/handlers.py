"""What the API answers to the page of masks."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from neurocine.annotation.masks.session import MaskSession
from neurocine.annotation.masks.views import as_values
from neurocine.annotation.requests import PassHandlers, jpeg_strip, number, png
from neurocine.annotation.session import Pass
from neurocine.annotation.views import Patch
from neurocine.drawing.pictures import grey


class MaskHandlers(PassHandlers):
    """What is answered to the page of masks. Reads of the movie run beside the event loop."""

    def __init__(self, session: MaskSession, jpeg: bool) -> None:
        super().__init__(session)
        self._session, self._views, self._jpeg = session, session.views, jpeg

    def routes(self) -> list[Route]:
        """Return all routes."""
        return [
            *super().routes(),
            Route("/pictures/{name}.png", self._picture),
            Route("/frames.jpg", self._strip),
            Route("/frames", self._frames),
            Route("/masks/{name}/trace", self._trace),
            Route("/proposals", self._proposals),
        ]

    async def _picture(self, request: Request) -> Response:
        picture = await run_in_threadpool(self._views.picture, request.path_params["name"])
        return Response(png(grey(picture, gamma=0.8)), media_type="image/png")

    async def _strip(self, request: Request) -> Response:
        """Answer frames of the whole field, one below the other."""
        first, last = number(request, "first", int), number(request, "last", int)
        frames = await run_in_threadpool(self._views.frames, first, last)
        return Response(await run_in_threadpool(jpeg_strip, frames), media_type="image/jpeg")

    async def _frames(self, request: Request) -> Response:
        """Answer frames of a rectangle, as they are."""
        first, last = number(request, "first", int), number(request, "last", int)
        patch = Patch(*(number(request, name, int) for name in ("top", "left", "height", "width")))
        frames = await run_in_threadpool(self._views.frames, first, last, patch)
        if not self._jpeg:
            return Response(frames.tobytes(), media_type="application/octet-stream")
        return Response(await run_in_threadpool(jpeg_strip, frames), media_type="image/jpeg")

    async def _trace(self, request: Request) -> Response:
        masks = self._session.masks.masks
        trace = await run_in_threadpool(self._views.trace, request.path_params["name"], masks)
        return JSONResponse(as_values(trace))

    async def _proposals(self, request: Request) -> Response:
        """Answer the active places without a mask, or how far the movie is read for them."""
        least = number(request, "dprime", float)
        share, found = await run_in_threadpool(self._session.proposals, least)
        shown = (
            None if found is None else [{"runs": one.runs, "dprime": round(one.dprime, 2)} for one in found]
        )
        return JSONResponse({"share": round(share, 3), "proposals": shown})


def handlers_of(session: Pass, jpeg: bool) -> MaskHandlers:
    """Return what answers to the page of `session`, which must be of masks."""
    if not isinstance(session, MaskSession):
        raise TypeError(f"{type(session).__name__} isn't of masks")
    return MaskHandlers(session, jpeg)
