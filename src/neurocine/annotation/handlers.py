"""What the API answers to the page of transients."""

from __future__ import annotations

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from neurocine.annotation.requests import PassHandlers, jpeg_strip, number, png
from neurocine.annotation.session import Session, labels_as_values
from neurocine.drawing.pictures import grey, outlines


class CellHandlers(PassHandlers):
    """What is answered to the page of transients. Reads of the movie run beside the event loop."""

    def __init__(self, session: Session, jpeg: bool) -> None:
        super().__init__(session)
        self._session, self._views, self._jpeg = session, session.views, jpeg

    def routes(self) -> list[Route]:
        """Return all routes."""
        return [
            *super().routes(),
            Route("/labels", self._labels),
            Route("/field", self._field),
            Route("/field.png", self._picture),
            Route("/cells/{cell:int}", self._cell),
            Route("/cells/{cell:int}/traces", self._traces),
            Route("/cells/{cell:int}/candidates", self._candidates),
            Route("/cells/{cell:int}/predicted", self._predicted),
            Route("/cells/{cell:int}/movie", self._movie),
            Route("/cells/{cell:int}/profiles", self._profiles),
            Route("/training", self._training),
            Route("/training", self._train, methods=["POST"]),
        ]

    async def _labels(self, _: Request) -> Response:
        return JSONResponse(labels_as_values(self._session.labels))

    async def _field(self, _: Request) -> Response:
        rois = self._session.results.rois
        lines = await run_in_threadpool(outlines, rois)
        cells = [
            {"cell": int(roi), "lines": [np.round(line, 1).tolist() for line in own]}
            for roi, own in zip(rois.ids, lines, strict=True)
        ]
        return JSONResponse({"cells": cells})

    async def _picture(self, _: Request) -> Response:
        picture = await run_in_threadpool(png, grey(self._session.results.summary.mean, gamma=0.8))
        return Response(picture, media_type="image/png")

    async def _cell(self, request: Request) -> Response:
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

    async def _traces(self, request: Request) -> Response:
        rows = dict(await run_in_threadpool(self._views.traces, request.path_params["cell"]))
        if not self._session.shows_predictions:
            del rows["probability"]
        body = np.concatenate([row.astype("<f4") for row in rows.values()]).tobytes()
        return Response(body, media_type="application/octet-stream", headers={"X-Rows": ",".join(rows)})

    async def _candidates(self, request: Request) -> Response:
        sigma = number(request, "sigma", float)
        found = await run_in_threadpool(self._views.candidates, request.path_params["cell"], sigma)
        return JSONResponse({"candidates": found})

    async def _predicted(self, request: Request) -> Response:
        predicted = await run_in_threadpool(self._session.predicted, request.path_params["cell"])
        return JSONResponse({"transients": predicted})

    async def _movie(self, request: Request) -> Response:
        first, last = number(request, "first", int), number(request, "last", int)
        frames = await run_in_threadpool(self._views.movie, request.path_params["cell"], first, last)
        if not self._jpeg:
            return Response(frames.tobytes(), media_type="application/octet-stream")
        strip = await run_in_threadpool(jpeg_strip, frames)
        return Response(strip, media_type="image/jpeg", headers={"X-Height": str(frames.shape[1])})

    async def _profiles(self, request: Request) -> Response:
        onset, peak = number(request, "onset", int), number(request, "peak", int)
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

    async def _training(self, _: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._session.training))

    async def _train(self, request: Request) -> Response:
        asked = await request.json()
        with_corpus = isinstance(asked, dict) and asked.get("with_corpus") is True
        await run_in_threadpool(self._session.train, with_corpus=with_corpus)
        return JSONResponse(await run_in_threadpool(self._session.training))
