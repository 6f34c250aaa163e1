"""Micro-Manager's image stacks and other sets of OME-TIFF whose files hold several channels and planes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
from mmstack import Place, file_name, ome_xml, reference, write_stack
from numpy.typing import NDArray

from neurocine.core import InputError, Selection
from neurocine.io.movies import movie_files, open_movie


def frames_of(sizes: tuple[int, int, int]) -> NDArray[np.uint16]:
    """Return frames (C, Z, T, 8, 9)."""
    return np.random.default_rng(2).integers(0, 4000, (*sizes, 8, 9)).astype(np.uint16)


def recorded(sizes: tuple[int, int, int], order: str) -> list[Place]:
    """Return the places of all pages, those axes changing fastest that come first in `order`."""
    lengths = dict(zip("CZT", sizes, strict=True))
    places = []
    for where in np.ndindex(*(lengths[axis] for axis in reversed(order))):
        at = dict(zip(reversed(order), where, strict=True))
        places.append((at["C"], at["Z"], at["T"], 0))
    return places


def write_set(
    folder: Path, stored: NDArray[np.uint16], lengths: Sequence[int], order: str = "CZT", kind: str = "first"
) -> list[Path]:
    """Write the frames in `order` into files of so many pages: each with all XML, or only the first.

    Of the kind ``plain`` they are without Micro-Manager's own header.
    """
    sizes = stored.shape[:3]
    places = recorded(sizes, order)
    ends = np.cumsum(lengths)
    parts = {
        file_name(0, i): places[end - n : end] for i, (n, end) in enumerate(zip(lengths, ends, strict=True))
    }
    assert ends[-1] == len(places)
    xml = ome_xml(parts, sizes, f"XY{order}")
    first = next(iter(parts))
    for name, own in parts.items():
        pages = np.stack([stored[c, z, t] for c, z, t, _ in own])
        text = xml if kind == "full" or name == first else reference(first, name)
        if kind == "plain":
            tifffile.imwrite(
                folder / name,
                pages,
                metadata=None,
                description=text,
                photometric="minisblack",
                compression="zlib",
            )
        else:
            write_stack(folder / name, pages, own, text, sizes)
    return [folder / name for name in parts]


def check(folder: Path | list[Path], stored: NDArray[np.uint16], times: Sequence[int] | None = None) -> None:
    """Check the frames of each channel and plane."""
    n_channels, n_planes, n_times = stored.shape[:3]
    for c, z in np.ndindex(n_channels, n_planes):
        chosen = Selection(
            channel=("GFP", "Cherry")[c] if n_channels > 1 else None, plane=z if n_planes > 1 else None
        )
        movie = open_movie(folder, selection=chosen)
        kept = list(times or range(n_times))
        np.testing.assert_array_equal(np.flatnonzero(movie.valid), kept)
        np.testing.assert_array_equal(movie.frames[:][movie.valid], stored[c, z][kept])
        assert (movie.frame_rate_hz, movie.pixel_size_um) == (pytest.approx(10), pytest.approx(1.2))


@pytest.mark.parametrize("kind", ["first", "full", "plain"])
@pytest.mark.parametrize("lengths", [(12,), (6, 6), (5, 4, 3)])
def test_both_channels_in_each_file(kind: str, lengths: Sequence[int], tmp_path: Path) -> None:
    stored = frames_of((2, 1, 6))
    write_set(tmp_path, stored, lengths, kind=kind)
    check(tmp_path, stored)
    with pytest.raises(InputError, match=r"channel: there are 2: 1 \(GFP\), 2 \(Cherry\)"):
        open_movie(tmp_path)


@pytest.mark.parametrize("kind", ["first", "plain"])
@pytest.mark.parametrize("order", ["CZT", "ZCT", "TCZ", "TZC", "CTZ"])
def test_every_order_of_channels_planes_and_times(kind: str, order: str, tmp_path: Path) -> None:
    stored = frames_of((2, 3, 5))
    write_set(tmp_path, stored, (13, 10, 7), order, kind)
    check(tmp_path, stored)


@pytest.mark.parametrize("kind", ["first", "plain"])
def test_one_channel_in_several_files(kind: str, tmp_path: Path) -> None:
    stored = frames_of((1, 1, 12))
    write_set(tmp_path, stored, (5, 4, 3), kind=kind)
    check(tmp_path, stored)
    assert [path.name for path in movie_files(tmp_path)[1]] == [file_name(0, i) for i in range(3)]


@pytest.mark.parametrize("kind", ["first", "full"])
def test_a_file_of_the_set_is_missing(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stored = frames_of((2, 1, 10))
    files = write_set(tmp_path, stored, (7, 6, 7), kind=kind)
    files[1].unlink()
    check([files[0], files[2]], stored, [0, 1, 2, 7, 8, 9])
    assert "4 after frame 2 (4 in all)" in caplog.text


@pytest.mark.parametrize("kind", ["first", "full", "plain"])
def test_files_of_the_set_that_are_not_given_are_named(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = write_set(tmp_path, frames_of((2, 1, 10)), (7, 6, 7), kind=kind)
    open_movie(files, selection=Selection(channel="GFP"))
    open_movie(tmp_path, selection=Selection(channel="GFP"))
    assert "other files" not in caplog.text
    open_movie(files[0], selection=Selection(channel="GFP"))
    named = f"{files[1].name}, {files[2].name}"
    assert f"{files[0]}: its set has other files, too, which aren't read: {named}. Give all" in caplog.text
    caplog.clear()
    open_movie(files[:2], selection=Selection(channel="GFP"))
    assert f"which aren't read: {files[2].name}. Give all" in caplog.text


def test_other_positions_are_no_files_of_a_set(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_movie(in_two(tmp_path) / file_name(0, 0))
    assert "other files" not in caplog.text


def test_the_file_with_the_xml_is_missing(tmp_path: Path) -> None:
    files = write_set(tmp_path, frames_of((2, 1, 10)), (10, 10), kind="plain")
    files[0].unlink()
    with pytest.raises(InputError, match=rf"lacks {files[0].name} beside it"):
        open_movie(files[1], selection=Selection(channel="GFP"))


def test_a_file_of_another_name(tmp_path: Path) -> None:
    files = write_set(tmp_path, frames_of((2, 1, 10)), (10, 10), kind="plain")
    renamed = files[0].rename(tmp_path / "mouse1.ome.tif")
    with pytest.raises(InputError, match=r"tells 0 of its 10 pages.*the name that the microscope gave"):
        open_movie(renamed, selection=Selection(channel="GFP"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('SizeT="10"', 'SizeT="1000000000000"'),
        ('SizeC="2"', 'SizeC="1000000"'),
        ('SizeZ="1"', 'SizeZ="1000000"'),
        ('PlaneCount="1"', 'PlaneCount="1000000000000"'),
        ('FirstT="', 'FirstT="99'),
        ('DimensionOrder="XYCZT"', 'DimensionOrder="XYXYT"'),
    ],
)
def test_sizes_beyond_reason_are_refused_at_once(old: str, new: str, tmp_path: Path) -> None:
    stored = frames_of((2, 1, 10))
    files = write_set(tmp_path, stored, (10, 10), kind="plain")
    with tifffile.TiffFile(files[0]) as tif:
        pages, xml = tif.asarray(), (tif.ome_metadata or "").replace(old, new)
    tifffile.imwrite(files[0], pages, metadata=None, description=xml, photometric="minisblack")
    with pytest.raises(InputError):
        open_movie(files, selection=Selection(channel="GFP"))


def in_one(folder: Path) -> Path:
    places = [(0, 0, t, p) for t in range(4) for p in range(2)]
    xml = ome_xml({file_name(0, 0): places}, (1, 1, 4))
    write_stack(folder / file_name(0, 0), frames_of((1, 1, 8))[0, 0], places, xml, (1, 1, 4))
    return folder


def in_two(folder: Path) -> Path:
    parts = {file_name(p, 0): [(0, 0, t, p) for t in range(4)] for p in range(2)}
    xml = ome_xml(parts, (1, 1, 4))
    for name, places in parts.items():
        write_stack(folder / name, frames_of((1, 1, 4))[0, 0], places, xml, (1, 1, 4))
    return folder


@pytest.mark.parametrize("write", [in_one, in_two])
def test_several_positions_are_several_recordings(write: Callable[[Path], Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="positions: there are several"):
        open_movie(write(tmp_path))
