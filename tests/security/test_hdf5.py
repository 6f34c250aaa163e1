"""HDF5 made to have other files read, or memory filled: refused by every reader, before it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.io.movies import probe
from neurocine.io.result_files import read_movie, read_rois, read_traces
from neurocine.io.rois import open_rois
from neurocine.networks.catalogue import CELL_ARCHITECTURES, cell_architecture_from
from neurocine.networks.cells.architecture import CellArchitecture

Reading = Callable[[str, Path], str]
#: A dataset of each sample that its reader needs.
NEEDED = {
    "hdf5": "mov",
    "movie.h5": "movie",
    "nwb movie": "acquisition/m/data",
    "nwb rois": "processing/ophys/ImageSegmentation/rois/pixel_mask",
    "rois.h5": "weight",
    "cinac": "full_data/invalid_cells",
    "caiman": "estimates/A/data",
    "segments": "cell_0_0_5/ci_movie",
    "traces": "dff",
    "activity": "probability",
    "assemblies": "frame",
    "truth": "raster",
    "weights": "head/first/kernel",
    "segmentation weights": "space/kernel",
    "checkpoint": "state/0000",
}


def _declared(file: h5py.File, name: str) -> None:
    """10^12 elements of which none is stored."""
    kind, ndim = file[name].dtype, max(1, file[name].ndim)
    del file[name]
    shape = (10**12 // 100 ** (ndim - 1),) + (100,) * (ndim - 1)
    file.create_dataset(name, shape, kind, chunks=(1000,) + (10,) * (ndim - 1))


def _huge_chunks(file: h5py.File, name: str) -> None:
    """A small array in a chunk of 3 GB."""
    old = file[name]
    kind, shape = old.dtype, old.shape or (1,)
    del file[name]
    chunk = (3 * 2**30 // kind.itemsize // int(np.prod(shape[1:])), *shape[1:])
    file.create_dataset(name, shape, kind, chunks=chunk, maxshape=(None, *shape[1:]))


def _external_link(file: h5py.File, name: str) -> None:
    _moved(file, name)
    file[name] = h5py.ExternalLink("other/other.h5", "/moved")


def _absolute_link(file: h5py.File, name: str) -> None:
    _moved(file, name)
    file[name] = h5py.ExternalLink(str(Path(file.filename).parent / "other" / "other.h5"), "/moved")


def _soft_link_through_another(file: h5py.File, name: str) -> None:
    _moved(file, name)
    file["door"] = h5py.ExternalLink("other/other.h5", "/")
    file[name] = h5py.SoftLink("/door/moved")


def _virtual(file: h5py.File, name: str) -> None:
    shape, kind = file[name].shape or (1,), file[name].dtype
    _moved(file, name)
    layout = h5py.VirtualLayout(shape, kind)
    layout[...] = h5py.VirtualSource("other/other.h5", "moved", shape)
    file.create_virtual_dataset(name, layout)


def _external_storage(file: h5py.File, name: str) -> None:
    shape, kind = file[name].shape or (1,), file[name].dtype
    del file[name]
    size = int(np.prod(shape)) * kind.itemsize
    file.create_dataset(name, shape, kind, external=[("/etc/passwd", 0, size)])


def _compressed_twice(file: h5py.File, name: str) -> None:
    old = file[name]
    shape, kind = old.shape or (1,), old.dtype
    del file[name]
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(shape)
    plist.set_deflate(9)
    plist.set_filter(h5py.h5z.FILTER_LZF, h5py.h5z.FLAG_OPTIONAL, ())
    parent, _, leaf = name.rpartition("/")
    group = file.require_group(parent or "/")
    h5py.h5d.create(group.id, leaf.encode(), h5py.h5t.py_create(kind), h5py.h5s.create_simple(shape), plist)


def _bomb(file: h5py.File, name: str) -> None:
    """A chunk of some bytes that unpacks to megabytes: a thousand times the chunk."""
    import zlib

    old = file[name]
    shape, kind = old.shape or (1,), old.dtype
    del file[name]
    data = file.create_dataset(name, shape, kind, chunks=shape, compression="gzip")
    data.id.write_direct_chunk((0,) * len(shape), zlib.compress(bytes(48 * 2**20), 9))


def _moved(file: h5py.File, name: str) -> None:
    folder = Path(file.filename).parent / "other"
    folder.mkdir(exist_ok=True)
    with h5py.File(folder / "other.h5", "w") as other:
        file.copy(name, other, "moved")
    del file[name]


def _of_objects(file: h5py.File, name: str) -> None:
    shape = file[name].shape or (1,)
    del file[name]
    file.create_dataset(name, shape, h5py.string_dtype())


def _compound(file: h5py.File, name: str) -> None:
    shape = file[name].shape or (1,)
    del file[name]
    file.create_dataset(name, shape, np.dtype([("a", "i4"), ("b", "f8")]))


def _group(file: h5py.File, name: str) -> None:
    del file[name]
    file.create_group(name)


def _null(file: h5py.File, name: str) -> None:
    kind = file[name].dtype
    del file[name]
    file[name] = h5py.Empty(kind)


def _loop(file: h5py.File, name: str) -> None:
    del file[name]
    file[name] = h5py.SoftLink(f"/{name}")
    file["again"] = file["/"]


#: What no reader takes, whatever it is in.
NEVER = (
    _declared, _huge_chunks, _virtual, _external_storage, _compressed_twice, _bomb,
)  # fmt: skip
#: What is refused where something is read from it.
WRONG = (_of_objects, _compound, _group, _null, _loop)
LINKS = (_external_link, _absolute_link, _soft_link_through_another)


@pytest.mark.parametrize("attack", NEVER, ids=lambda f: f.__name__[1:])
@pytest.mark.parametrize("name", NEEDED)
def test_refused_by_every_reader(
    name: str,
    attack: Callable[[h5py.File, str], None],
    tmp_path: Path,
    samples: dict[str, Any],
    copied: Callable[..., Any],
    reading: Reading,
) -> None:
    copy = copied(samples[name], tmp_path / "file")
    with h5py.File(copy.file, "r+") as file:
        attack(file, NEEDED[name])
    answer = reading(copy.reader, copy.path)
    assert answer.startswith("refused: "), answer


@pytest.mark.parametrize("attack", [*WRONG, *LINKS], ids=lambda f: f.__name__[1:])
@pytest.mark.parametrize("name", NEEDED)
def test_nothing_but_an_error_of_our_own(
    name: str,
    attack: Callable[[h5py.File, str], None],
    tmp_path: Path,
    samples: dict[str, Any],
    copied: Callable[..., Any],
    reading: Reading,
) -> None:
    copy = copied(samples[name], tmp_path / "file")
    with h5py.File(copy.file, "r+") as file:
        attack(file, NEEDED[name])
    answer = reading(copy.reader, copy.path)
    # An NWB file may link to what lies beside it, as neurocine's own link to the movie.
    allowed = attack in LINKS and name.startswith("nwb")
    assert answer.startswith("refused: ") or (allowed and answer == "ok"), answer


def test_large_attributes_are_refused(
    tmp_path: Path, samples: dict[str, Any], copied: Callable[..., Any]
) -> None:
    copy = copied(samples["rois.h5"], tmp_path / "file")
    with h5py.File(copy.file, "r+", libver="latest") as file:
        kind = h5py.h5t.py_create(np.dtype("i8"))
        group = file.create_group("new")
        h5py.h5a.create(group.id, b"large", kind, h5py.h5s.create_simple((2**22,)))
    with pytest.raises(InputError, match="attribute large"):
        read_rois(copy.path)


def test_links_of_nwb_stay_near(tmp_path: Path, samples: dict[str, Any], copied: Callable[..., Any]) -> None:
    copy = copied(samples["nwb movie"], tmp_path / "a" / "b" / "file")
    far = tmp_path / "far.h5"
    with h5py.File(far, "w") as other:
        other["moved"] = np.zeros(3)
    with h5py.File(copy.file, "r+") as file:
        file["link"] = h5py.ExternalLink("../../../far.h5", "/moved")
    with pytest.raises(InputError, match="link to another file"):
        probe(copy.path)


def test_the_reasons_are_told(tmp_path: Path, samples: dict[str, Any], copied: Callable[..., Any]) -> None:
    copy = copied(samples["traces"], tmp_path / "file")
    with h5py.File(copy.file, "r+") as file:
        _declared(file, "dff")
    with pytest.raises(InputError, match=r"dff: declares 4,000,000,000,000 bytes, but only 0 are stored"):
        read_traces(copy.path)
    copy = copied(samples["movie.h5"], tmp_path / "file")
    with h5py.File(copy.file, "r+") as file:
        _external_link(file, "movie")
    with pytest.raises(InputError, match="movie: is a link to another file"):
        read_movie(copy.path)


@pytest.mark.parametrize(
    ("corners", "problem"),
    [
        ([[0, 2**30, 2**30], [0, 0, 2**30]], "larger than any picture"),
        ([[-(2**31), 2**31 - 1], [0, 0]], "larger than any picture"),
        ([[0, 30_000, 30_000], [0, 0, 30_000]], "larger than any picture"),
        ([[1, 2, 3], [1]], "3 x and 1 y"),
    ],
)
def test_polygons_are_not_drawn_over_everything(
    tmp_path: Path, corners: list[list[int]], problem: str
) -> None:
    with h5py.File(tmp_path / "a.cinac", "w") as file:
        polygons = file.create_dataset("full_data/cells_contour", (1, 2), h5py.vlen_dtype(np.int64))
        polygons[0, 0], polygons[0, 1] = corners
    with pytest.raises(InputError, match=problem):
        open_rois(tmp_path / "a.cinac", fov_shape=(24, 30))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("activity-reference", {"window_px": 128, "conv_filters": [512] * 4, "lstm_units": [512, 512]}),
        ("activity-reference", {"window_frames": 2000, "merge_units": 512}),
        ("activity-compact", {"dilations": [1] * 1000}),
        ("activity-compact", {"filters": 10**9}),
        ("activity-compact", {"filters": "many"}),
        ("activity-compact", {"dropout": None}),
    ],
)
def test_networks_that_would_fill_the_memory(name: str, values: dict[str, Any]) -> None:
    known: CellArchitecture = CELL_ARCHITECTURES[name]
    assert cell_architecture_from(known.to_dict()) == known
    with pytest.raises(InputError):
        cell_architecture_from(known.to_dict() | values)
