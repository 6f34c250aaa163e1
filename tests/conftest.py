"""Fixtures shared by all tests: small movies made on the spot, and the example recording."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import Movie, RoiSet

ROOT = Path(__file__).parents[1]


def pytest_configure() -> None:
    """Let programs that tests interrupt be interrupted: in the background of a shell they ignore it."""
    for ending in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(ending) is signal.SIG_IGN:
            signal.signal(ending, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow tests, so that nobody waits for them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def example_tiff() -> Path:
    """The real recording that ships with neurocine: 2,000 frames of 128 x 128, 8 bit."""
    return ROOT / "examples" / "mouse_v1" / "mouse_v1.tif"


def blob_frames(
    n_frames: int = 300, size: int = 64, seed: int = 0
) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """Return frames (T, size, size) with four discs flickering over noise, and their masks."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    centres = [(16, 16), (16, 46), (44, 20), (46, 48)]
    masks = np.stack([(rows - y) ** 2 + (columns - x) ** 2 <= 25 for y, x in centres])
    kernel = np.exp(-np.arange(40) / 8)
    spikes = rng.random((len(centres), n_frames)) < 0.02
    calcium = np.stack([np.convolve(row, kernel)[:n_frames] for row in spikes])
    frames = 200 + 100 * masks.any(0) + np.tensordot(calcium.T * 150, masks, 1)
    return np.clip(frames + rng.normal(0, 12, frames.shape), 0, 65535).astype(np.uint16), masks


@pytest.fixture
def blobs() -> tuple[Movie, RoiSet]:
    """A movie (300, 64, 64) at 10 Hz and 2 µm a pixel with four flickering discs, and their ROIs."""
    frames, masks = blob_frames()
    movie = Movie(frames, frame_rate_hz=10.0, pixel_size_um=2.0, indicator="GCaMP6s", source="blobs")
    return movie, RoiSet.from_masks(masks, engine="truth")


#: Enough of a `caiman` for the lines that call it: components are where pixels vary, frames move in whole
#: pixels.
FAKE_CAIMAN = {
    "__init__": """
import re
import numpy as np
__version__ = "fake"
def load_memmap(path):
    height, width, order, n = re.search(r"d1_(\\d+)_d2_(\\d+)_d3_1_order_(.)_frames_(\\d+)", path).groups()
    shape = (int(height) * int(width), int(n))
    return np.memmap(path, np.float32, "r", shape=shape, order=order), (int(height), int(width)), int(n)
class cluster:
    @staticmethod
    def setup_cluster(backend, n_processes):
        import multiprocessing
        return None, multiprocessing.Pool(n_processes) if backend == "multiprocessing" else None, n_processes
""",
    "motion_correction": """
import numpy as np
class MotionCorrect:
    def __init__(self, frames, **parameters):
        self.frames = frames
    def motion_correct_rigid(self):
        self.total_template_rig = self.frames[0]
def tile_and_correct(frame, template, strides, overlaps, max_shifts, max_deviation_rigid, add_to_movie,
                     shifts_opencv, border_nan):
    reach = range(-max_shifts[0], max_shifts[0] + 1)
    back = min(((y, x) for y in reach for x in reach),
               key=lambda s: np.abs(np.roll(frame, s, (0, 1)) - template).sum())
    return np.roll(frame, back, (0, 1)), back if max_deviation_rigid == 0 else [back, back], None, None
""",
    "source_extraction/__init__": "",
    "source_extraction/cnmf/__init__": "",
    "source_extraction/cnmf/deconvolution": """
import numpy as np
def constrained_foopsi(trace, p, g, bas_nonneg, noise_range, noise_method, lags, fudge_factor,
                       method_deconvolution):
    assert method_deconvolution == "oasis"
    decay = 0.9 if g is None else g[0]
    spikes = np.diff(trace, prepend=trace[:1]) if p == 2 else trace - decay * np.append(0, trace[:-1])
    return trace, 0.0, 0.0, g, 0.1, spikes, None
""",
    "source_extraction/cnmf/params": """
class CNMFParams:
    def __init__(self, params_dict):
        self.data, self.quality = params_dict["data"], params_dict["quality"]
""",
    "source_extraction/cnmf/cnmf": """
import numpy as np
from scipy import ndimage, sparse
class Estimates:
    def __init__(self, images):
        std = np.asarray(images).std(axis=0)
        labels, n = ndimage.label(std > std.mean())
        pieces = [np.where(labels == i, std, 0).ravel(order="F") for i in range(1, n + 1)]
        self.A = sparse.csc_matrix(np.reshape(pieces, (-1, std.size)).T)
    def evaluate_components(self, images, params):
        self.idx_components = np.flatnonzero(np.diff(self.A.indptr) >= params.quality["min_SNR"])
class CNMF:
    def __init__(self, n_processes, params, dview):
        assert (dview is None) == (n_processes == 1)
        self.params = params
    def fit(self, images):
        self.estimates = Estimates(images)
    def refit(self, images, dview):
        self.estimates.A = self.estimates.A * 2
        return self
""",
    "source_extraction/cnmf/online_cnmf": """
import caiman, numpy as np
from .cnmf import Estimates
class OnACID:
    def __init__(self, params):
        self.params = params
    def fit_online(self):
        pixels, dims, n = caiman.load_memmap(self.params.data["fnames"][0])
        self.estimates = Estimates(np.reshape(pixels.T, [n, *dims], order="F"))
""",
}


@pytest.fixture
def fake_caiman(tmp_path: Path) -> Path:
    """A Python in which `FAKE_CAIMAN` can be imported."""
    for name, text in FAKE_CAIMAN.items():
        path = tmp_path / "site" / "caiman" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run = (
        f"import runpy, sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); "
        "runpy.run_path(sys.argv[-1], run_name='__main__')"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{run}" "$@"\n')
    python.chmod(0o755)
    return python


@pytest.fixture
def real_caiman() -> str:
    """The Python of an environment with CaImAn, named by NEUROCINE_CAIMAN_PYTHON."""
    python = os.environ.get("NEUROCINE_CAIMAN_PYTHON")
    if not python:
        pytest.skip("NEUROCINE_CAIMAN_PYTHON doesn't name the Python of an environment with CaImAn")
    return python
