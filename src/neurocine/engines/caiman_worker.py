"""The lines that call CaImAn, run by the Python of its own environment; see `neurocine.engines.caiman`.

Nothing of neurocine is imported here. Tasks come as lines of JSON on the standard input, each is answered by
a line on the standard output; an error ends the process with its traceback on the standard error.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import queue
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

Values = dict[str, Any]

#: Minimum frames of a chunk whose mean goes into CaImAn's template.
TEMPLATE_CHUNK = 20


def main() -> None:
    """Answer tasks until the standard input ends."""
    requests, replies = os.dup(0), os.fdopen(os.dup(1), "w")
    # CaImAn's output goes to the log; its pools must not inherit the pipe of tasks.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, lines), daemon=True).start()
    logging.getLogger("caiman").setLevel(logging.ERROR)
    import caiman

    moving = _Mover()
    tasks: dict[str, Callable[..., Values]] = {
        "cnmf": cnmf,
        "onacid": onacid,
        "template": moving.template,
        "move": moving.move,
        "foopsi": foopsi,
    }
    answer: Values = {"version": caiman.__version__}
    while True:
        replies.write(json.dumps(answer) + "\n")
        replies.flush()
        request = json.loads(lines.get())
        np.random.seed(0)  # noqa: NPY002  # CaImAn draws from the old generator
        answer = tasks[request.pop("task")](**request)


def _read(requests: int, lines: queue.SimpleQueue[bytes]) -> None:
    """Queue the requests; when the other end closes, end this process and its pool, and remove its files."""
    rest = b""
    while part := os.read(requests, 2**16):
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            lines.put(line)
    shutil.rmtree(Path.cwd(), ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def cnmf(map_file: str, out: str, parameters: Values, processes: int, refit: bool) -> Values:
    """Find components in a memory map (order C) by CNMF in patches; write those of good quality to `out`."""
    from caiman.source_extraction.cnmf import cnmf as cnmf_module
    from caiman.source_extraction.cnmf.params import CNMFParams

    images = _images(map_file)
    options = CNMFParams(params_dict=parameters)
    with _pool(processes) as pool:
        model = cnmf_module.CNMF(processes, params=options, dview=pool)
        model.fit(images)
        n_components = model.estimates.A.shape[1]
        if refit and n_components:
            model = model.refit(images, dview=pool)
        return {"found": n_components, **_evaluated(model.estimates, images, model.params, out)}


def onacid(map_file: str, out: str, parameters: Values) -> Values:
    """Find components in a memory map (order F) frame by frame; write those of good quality to `out`."""
    from caiman.source_extraction.cnmf.online_cnmf import OnACID
    from caiman.source_extraction.cnmf.params import CNMFParams

    options = CNMFParams(params_dict={**parameters, "data": {**parameters["data"], "fnames": [map_file]}})
    model = OnACID(params=options)
    model.fit_online()
    n_components = model.estimates.A.shape[1]
    return {"found": n_components, **_evaluated(model.estimates, _images(map_file), options, out)}


def _images(map_file: str) -> Any:
    """Return the frames (T, Y, X) of a memory map whose name contains its shape, CaImAn's convention."""
    import caiman

    pixels, dims, n_frames = caiman.load_memmap(map_file)
    return np.reshape(pixels.T, [n_frames, *dims], order="F")


@contextmanager
def _pool(processes: int) -> Iterator[Any]:
    """Yield CaImAn's pool of processes, which always ends; None for one process."""
    import caiman

    backend = "multiprocessing" if processes > 1 else "single"
    pool = caiman.cluster.setup_cluster(backend=backend, n_processes=processes)[1]
    try:
        yield pool
    finally:
        if pool is not None:
            pool.terminate()


def _evaluated(estimates: Any, images: Any, options: Any, out: str) -> Values:
    """Evaluate the components and write them to `out` in the layout of CaImAn's own results."""
    import h5py
    from scipy import sparse

    good = np.empty(0, dtype=np.int64)
    if estimates.A.shape[1]:
        estimates.evaluate_components(images, options)
        good = np.sort(np.asarray(estimates.idx_components, dtype=np.int64))
    footprints = sparse.csc_matrix(estimates.A)
    with h5py.File(out, "w") as file:
        group = file.create_group("estimates")
        for name in ("data", "indices", "indptr"):
            group[f"A/{name}"] = getattr(footprints, name)
        group["A/shape"] = footprints.shape
        group["dims"] = images.shape[1:]
        group["idx_components"] = good
    return {"components": footprints.shape[1], "accepted": len(good)}


def foopsi(traces_file: str, out: str, parameters: Values) -> Values:
    """Deconvolve traces (N, T) by OASIS one by one; write their events (N, T) float32, non-negative."""
    from caiman.source_extraction.cnmf.deconvolution import constrained_foopsi

    traces = np.load(traces_file)
    events = np.empty_like(traces)
    for row, trace in enumerate(traces):
        spikes = constrained_foopsi(trace, method_deconvolution="oasis", **parameters)[5]
        events[row] = np.maximum(spikes, 0)
    np.save(out, events)
    return {}


class _Mover:
    """Registers frames to a template by NoRMCorre."""

    def __init__(self) -> None:
        self._pool: Any = None

    def template(
        self, frames_file: str, out: str, parameters: Values, options: Values, processes: int
    ) -> Values:
        """Make the template (Y, X) of frames (n, Y, X), rigidly registered, and keep it."""
        from caiman.motion_correction import MotionCorrect

        frames = np.load(frames_file)
        lowest = float(frames.min())
        chunks = max(1, len(frames) // TEMPLATE_CHUNK)
        maker = MotionCorrect(
            frames,
            min_mov=lowest,
            splits_rig=chunks,
            niter_rig=2,
            nonneg_movie=False,
            border_nan="copy",
            **parameters,
        )
        maker.motion_correct_rigid()
        template = np.asarray(maker.total_template_rig, dtype=np.float32)
        np.save(out, template)
        _keep(template, {**options, "add_to_movie": -lowest})
        if processes > 1:
            self._pool = multiprocessing.Pool(
                processes, _keep, (template, {**options, "add_to_movie": -lowest})
            )
        return {}

    def move(self, frames_file: str, out: str) -> Values:
        """Register frames (n, Y, X) float32 to the template; write them and their mean shifts (n, 2)."""
        frames = np.load(frames_file)
        over = map(_moved, frames) if self._pool is None else self._pool.imap(_moved, frames, chunksize=8)
        shifts = np.empty((len(frames), 2), dtype=np.float32)
        for index, (frame, shift) in enumerate(over):
            frames[index], shifts[index] = frame, shift
        np.save(out, frames)
        np.save(out + ".shifts.npy", shifts)
        return {}


_kept: Values = {}


def _keep(template: Any, options: Values) -> None:
    """Keep template and options in this process."""
    _kept.update(template=template, options=options)


def _moved(frame: Any) -> tuple[Any, Any]:
    """Return one registered frame (Y, X), and its shift (y, x), the mean over blocks."""
    from caiman.motion_correction import tile_and_correct

    moved, shifts, _, _ = tile_and_correct(frame, _kept["template"], **_kept["options"])
    return moved, np.reshape(shifts, (-1, 2)).mean(axis=0)


if __name__ == "__main__":
    main()
