"""Reads files in a process of its own, with bounds on its memory: one line in, one line out.

In comes ``reader<tab>path``; out ``ok``, ``refused: …`` for an error of neurocine's own, or ``broken: …``.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import traceback
import warnings
from pathlib import Path

from neurocine.config import load_config, load_recordings
from neurocine.core import Movie, NeurocineError, RoiSet
from neurocine.ingest import check_pixels, read_source
from neurocine.io import result_files
from neurocine.io.cinac_labels import read_segments
from neurocine.io.movies import open_movie, probe
from neurocine.io.movies.growing import open_growing
from neurocine.io.result_files import read_truth
from neurocine.io.result_files.stamp import opened
from neurocine.io.results import read_source_record
from neurocine.io.rois import open_rois
from neurocine.io.safe.unpickle import load_dict, load_npy
from neurocine.networks.arrays import read_arrays, read_mapping
from neurocine.networks.catalogue import cell_architecture_from, segmentation_architecture_from
from neurocine.networks.registry import Registry
from neurocine.networks.weights import SEGMENTATION_KIND as SEGMENTATION
from neurocine.training.checkpoint import load_checkpoint

FOV = (24, 30)
#: Address space in bytes: libraries alone take half of it.
MOST_MEMORY = int(os.environ.get("NEUROCINE_FUZZ_BYTES", 3 * 2**29))


def movie(path: Path) -> None:
    """Open, and read every pixel."""
    check_pixels(Movie(probe(path).frames, 10, 1))


def movie_file(path: Path) -> None:
    check_pixels(result_files.read_movie(path))
    result_files.read_summary(path)
    result_files.read_registration(path)
    result_files.read_stamp(path)


def growing(path: Path) -> None:
    following = open_growing(path, patience_s=0, poll_s=0.01)
    for _ in following.blocks(patience_s=0, poll_s=0.01):
        pass


def rois(path: Path) -> None:
    """Read, without and with a field of view, and use what was read."""
    try:
        used(open_rois(path))
    except NeurocineError:
        used(open_rois(path, fov_shape=FOV))


def used(rois: RoiSet) -> None:
    rois.matrix(weighted=True)
    rois.centroids()
    for i in range(len(rois)):
        rois.mask(i)


def weights(path: Path) -> None:
    with opened(path, "weights") as file:
        cell_architecture_from(read_mapping(file, "architecture"), str(path))
        read_arrays(file, {"head/first/kernel": (5, 14, 3), "head/norm/moving_variance": (3,)})


def segmentation_weights(path: Path) -> None:
    with opened(path, SEGMENTATION) as file:
        segmentation_architecture_from(read_mapping(file, "architecture"), str(path))
        read_arrays(file, {"space/kernel": (1, 7, 7, 1, 8)})


READERS = {
    "movie": movie,
    "open_movie": lambda path: check_pixels(open_movie(path)),
    "movie_file": movie_file,
    "growing": growing,
    "rois": rois,
    "segments": read_segments,
    "traces": result_files.read_traces,
    "activity": result_files.read_activity,
    "assemblies": result_files.read_assemblies,
    "celltypes": result_files.read_celltypes,
    "truth": read_truth,
    "npy": load_npy,
    "dict": load_dict,
    "weights": weights,
    "segmentation_weights": segmentation_weights,
    "checkpoint": lambda path: load_checkpoint(path, ""),
    "source": read_source,
    "source_record": read_source_record,
    "recordings": load_recordings,
    "config": load_config,
    "registry": lambda path: Registry.load(path.parent),
}


def main() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    import PIL.PngImagePlugin  # noqa: F401  # before memory is bounded, as all that readers import when first needed
    import pynwb  # noqa: F401
    import roifile  # noqa: F401
    import skimage.draw  # noqa: F401
    import zarr  # noqa: F401

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        name, path = line.rstrip("\n").split("\t")
        try:
            READERS[name](Path(path))
            answer = "ok"
        except NeurocineError as error:
            answer = f"refused: {error}"
        except BaseException:  # noqa: BLE001  # whatever else it is, is what is looked for
            answer = f"broken: {traceback.format_exc(limit=-6)}"
        print(answer.replace("\n", " | "), file=answers, flush=True)


if __name__ == "__main__":
    main()
