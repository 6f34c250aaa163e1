"""A whole tiny results folder, as the workflow would leave it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurocine.core import CellTypes, Labels, Movie, Raster, RoiSet, Traces
from neurocine.core.contamination import Contamination
from neurocine.io.result_files import (
    MovieWriter,
    Registration,
    Stamp,
    Summary,
    read_celltypes,
    read_rois,
    write_activity,
    write_celltypes,
    write_contamination,
    write_rois,
    write_traces,
)

STAMP = Stamp("c" * 64, hashlib.sha256(b"blobs").hexdigest())


def write_results(folder: Path, movie: Movie, rois: RoiSet) -> Path:
    """Write every result of `movie` and `rois` into `folder`; activity is drawn at random, but the same."""
    rng = np.random.default_rng(1)
    n, t = len(rois), movie.n_frames
    _write_source(folder, movie)
    _write_movie(folder / "motion" / "movie.h5", movie, rng)
    for step in ("segmentation", "active"):
        write_rois(folder / step / "rois.h5", rois, STAMP)
    frames = movie.read(0, t).astype(np.float32)
    f = np.array([frames[:, rois.mask(i)].mean(1) for i in range(n)]).reshape(n, t).astype(np.float32)
    dff = f / 200 - 1
    snr = rng.uniform(2, 9, n).astype(np.float32)
    traces = Traces(rois.ids, movie.frame_rate_hz, f, f * 0.5, dff, np.maximum(dff, 0), snr)
    write_traces(folder / "traces" / "traces.h5", traces, STAMP)
    mostly = [[0.9, 0.06, 0.04], [0.1, 0.8, 0.1], [0.1, 0.2, 0.7]]
    probability = np.array([mostly[i % 3] for i in range(n)], dtype=np.float32).reshape(n, 3)
    write_celltypes(folder / "celltype" / "celltypes.tsv", CellTypes(rois.ids, probability), STAMP)
    noise = rng.random((n, t)) + 2 * (rng.random((n, t)) < 0.03)
    smooth = np.clip(np.apply_along_axis(np.convolve, 1, noise, np.ones(4) / 4, "same"), 0, 1) if n else noise
    raster = Raster(rois.ids, movie.frame_rate_hz, smooth.astype(np.float32), 0.8, ("sim-all-v1",) * n)
    write_activity(folder / "activity" / "activity.h5", raster, STAMP)
    write_contamination(folder / "contamination" / "contamination.json", Contamination(n, (), ()))
    return folder


def _write_source(folder: Path, movie: Movie) -> None:
    (folder / "ingest").mkdir(parents=True)
    raw = folder.parents[1] / "blobs.tif"
    raw.write_bytes(b"blobs")
    source = {
        "files": [{"path": str(raw), "size": 5, "sha256": STAMP.source_sha256}],
        "sha256": STAMP.source_sha256,
        "format": "tiff",
        "shape": [movie.n_frames, *movie.fov_shape],
        "dtype": str(movie.dtype),
        "frame_rate_hz": movie.frame_rate_hz,
        "pixel_size_um": movie.pixel_size_um,
        "indicator": movie.indicator,
        "pixels": {"mean": 200.0, "min": 0.0, "max": 900.0, "saturated": 1e-6},
    }
    (folder / "ingest" / "source.json").write_text(json.dumps(source), encoding="utf-8")


def _write_movie(path: Path, movie: Movie, rng: np.random.Generator) -> None:
    frames = movie.read(0, movie.n_frames)
    mean, std = frames.mean(0), frames.std(0)
    summary = Summary(mean, frames.max(0), std, std / std.max())
    y, x = rng.normal(0, 1, (2, movie.n_frames)).astype(np.float32)
    unregistered = np.zeros(movie.n_frames, dtype=bool)
    unregistered[[7, 8, 90]] = True
    correlation = np.where(unregistered, 0.3, 0.9).astype(np.float32)
    registration = Registration(y, x, correlation, unregistered, mean, mean, {"median_correlation": 0.9})
    with MovieWriter(path, movie, STAMP) as writer:
        writer.write(0, frames)
        writer.finish(summary, registration)


@pytest.fixture
def results_folder(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> Path:
    """The results of the recording ``mouse <1>``: four ROIs over 300 frames of 64 x 64."""
    return write_results(tmp_path / "results" / "mouse <1>", *blobs)


@pytest.fixture
def labelled_folder(results_folder: Path) -> Path:
    """The same with a structural channel, in which the first ROI is labelled and the third may be."""
    with h5py.File(results_folder / "motion" / "movie.h5", "a") as file:
        mean = file["summary/mean"][...]
        file["structural/mean"], file["structural/corrected"] = mean / 2, mean / 4 - 40
        file.attrs["bleed_through"] = 0.0625
    _write_labels(results_folder)
    return results_folder


def _write_labels(folder: Path) -> None:
    path = folder / "celltype" / "celltypes.tsv"
    labels = Labels.of(np.float32([0.96875, 0.125, 0.5, 0]), "interneuron", 0.9)
    write_celltypes(path, replace(read_celltypes(path), labels=labels), STAMP)


@pytest.fixture
def annotated_folder(results_folder: Path) -> Path:
    """The same with STNeuroNet's annotations of three ROIs of suite2p, an ROI that only it found, labels."""
    path = results_folder / "active" / "rois.h5"
    annotated = replace(
        read_rois(path),
        engine=("suite2p+stneuronet", "suite2p", "suite2p+stneuronet", "stneuronet"),
        active_probability=np.float32([0.875, 0.125, 0.75, 1.0]),
        active_intervals=tuple(
            np.array(spans).reshape(-1, 2) for spans in ([[0, 40], [100, 150]], [], [[250, 300]], [[20, 60]])
        ),
    )
    write_rois(path, annotated, STAMP)
    _write_labels(results_folder)
    return results_folder


@pytest.fixture
def empty_folder(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> Path:
    """The results of a recording in which no ROI was found."""
    movie, rois = blobs
    return write_results(tmp_path / "results" / "empty", movie, rois.select(np.zeros(len(rois), dtype=bool)))
