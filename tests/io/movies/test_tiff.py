"""TIFF in its many dialects, whole and damaged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from neurocine.core import InputError, Movie, Selection
from neurocine.io.movies import open_movie
from neurocine.io.movies.frames import Mapped

FRAMES: NDArray[np.uint16] = np.random.default_rng(5).integers(0, 4000, (12, 20, 16)).astype(np.uint16)
GIVEN: dict[str, Any] = {"frame_rate_hz": 10.0, "pixel_size_um": 1.0}


def contiguous(path: Path) -> None:
    tifffile.imwrite(path, FRAMES, photometric="minisblack")


def interleaved(path: Path) -> None:
    """As most microscopes write: a header, its pixels, the next header."""
    with tifffile.TiffWriter(path) as writer:
        for frame in FRAMES:
            writer.write(frame, contiguous=False, metadata=None, photometric="minisblack")


def compressed(path: Path) -> None:
    tifffile.imwrite(path, FRAMES, compression="zlib", predictor=True, photometric="minisblack")


def big(path: Path) -> None:
    tifffile.imwrite(path, FRAMES, bigtiff=True, metadata=None, photometric="minisblack")


def imagej(path: Path) -> None:
    tifffile.imwrite(
        path,
        FRAMES,
        imagej=True,
        resolution=(1 / 1.5, 1 / 1.5),
        metadata={"axes": "TYX", "finterval": 0.05, "unit": "um"},
    )


def ome(path: Path) -> None:
    tifffile.imwrite(
        path,
        FRAMES,
        ome=True,
        compression="zlib",
        metadata={
            "axes": "TYX",
            "PhysicalSizeX": 0.0015,
            "PhysicalSizeXUnit": "mm",
            "PhysicalSizeY": 1.5,
            "PhysicalSizeYUnit": "µm",
            "TimeIncrement": 50.0,
            "TimeIncrementUnit": "ms",
        },
    )


def scanimage(path: Path, **changed: str) -> None:
    settings = {
        "SI.VERSION_MAJOR": "'2020'",
        "SI.hChannels.channelSave": "1",
        "SI.hRoiManager.scanFrameRate": "40",
        "SI.hScan2D.logAverageFactor": "2",
        "SI.hRoiManager.pixelsPerLine": "16",
        "SI.hRoiManager.linesPerFrame": "20",
        "SI.hRoiManager.imagingFovUm": "[-12 -15;12 -15;12 15;-12 15]",
        "SI.hStackManager.framesPerSlice": "Inf",
    } | changed
    text = "\n".join(f"{key} = {value}" for key, value in settings.items())
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for number, frame in enumerate(FRAMES, 1):
            writer.write(
                frame,
                contiguous=False,
                metadata=None,
                software=text,
                description=f"frameNumbers = {number}",
                photometric="minisblack",
            )


LAYOUTS: list[Callable[[Path], None]] = [contiguous, interleaved, compressed, big, imagej, ome, scanimage]


def opened(path: Path, **given: Any) -> Movie:
    return open_movie(path, **(GIVEN | given))


@pytest.mark.parametrize("write", LAYOUTS)
def test_frames_of_every_layout(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "m.tif")
    metadata = {"frame_rate_hz": None, "pixel_size_um": None} if write in (imagej, ome, scanimage) else {}
    movie = opened(tmp_path / "m.tif", **metadata)
    np.testing.assert_array_equal(movie.read(0, 12), FRAMES)
    np.testing.assert_array_equal(movie.read(3, 4), FRAMES[3:4])
    assert movie.read(5, 5).shape == (0, 20, 16)


@pytest.mark.parametrize("write", [contiguous, imagej])
def test_contiguous_pixels_are_memory_mapped(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "m.tif")
    movie = opened(tmp_path / "m.tif", frame_rate_hz=20, pixel_size_um=1.5)
    assert isinstance(movie.frames, Mapped)
    assert not movie.read(2, 5).flags.owndata


@pytest.mark.parametrize("write", [imagej, ome, scanimage])
def test_rate_and_size_come_from_the_microscope(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "m.tif")
    movie = open_movie(tmp_path / "m.tif")
    assert movie.frame_rate_hz == pytest.approx(20.0)
    assert movie.pixel_size_um == pytest.approx(1.5, rel=1e-4)


def test_scanimage_pixels_that_are_not_square_leave_the_size_open(tmp_path: Path) -> None:
    scanimage(tmp_path / "m.tif", **{"SI.hRoiManager.linesPerFrame": "10"})
    with pytest.raises(InputError, match="--pixel-size"):
        open_movie(tmp_path / "m.tif")


@pytest.mark.parametrize(
    ("axes", "options"),
    [(axes, {"imagej": True}) for axes in ("TCYX", "TZYX", "TZCYX")]
    + [
        (axes, {"ome": True, "compression": compression})
        for axes in ("TCYX", "TZYX", "TZCYX", "TCZYX", "CTYX", "ZTCYX", "CZTYX", "ZCTYX")
        for compression in (None, "zlib")
    ],
)
def test_channels_and_planes_in_every_order(tmp_path: Path, axes: str, options: dict[str, Any]) -> None:
    sizes = {"T": 4, "C": 3, "Z": 2, "Y": 8, "X": 9}
    stored = np.random.default_rng(0).integers(0, 999, [sizes[axis] for axis in axes]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "m.tif", stored, metadata={"axes": axes}, **options)
    whole = np.moveaxis(stored, axes.index("T"), 0)
    places = [axis for axis in axes if axis in "CZ"]
    chosen = Selection(channel="2" if "C" in axes else None, plane=1 if "Z" in axes else None)
    expected = whole[(slice(None), *(1 for _ in places))]
    movie = opened(tmp_path / "m.tif", selection=chosen)
    np.testing.assert_array_equal(movie.read(0, 4), expected)
    np.testing.assert_array_equal(movie.read(2, 3), expected[2:3])
    twice = open_movie([tmp_path / "m.tif"] * 2, **GIVEN, selection=chosen)
    np.testing.assert_array_equal(twice.read(0, 8), np.concatenate([expected, expected]))


def test_a_series_saved_as_slices_is_a_movie(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for axes in ("ZYX", "CYX"):
        tifffile.imwrite(tmp_path / "m.tif", FRAMES, imagej=True, metadata={"axes": axes})
        np.testing.assert_array_equal(opened(tmp_path / "m.tif").read(0, 12), FRAMES)
        assert f"its 12 {'planes' if axes[0] == 'Z' else 'channels'}" in caplog.text


def test_signed_values_of_imagej(tmp_path: Path) -> None:
    values = np.random.default_rng(5).integers(-2000, 4000, (6, 8, 9)).astype(np.int16)
    stored = (values.astype(int) + 32768).astype(np.uint16)
    header = {"axes": "TYX", "cf": 0, "c0": -32768, "c1": 1, "vunit": "Gray Value"}
    tifffile.imwrite(tmp_path / "m.tif", stored, imagej=True, metadata=header)
    movie = open_movie(tmp_path / "m.tif", frame_rate_hz=10, pixel_size_um=1)
    assert movie.dtype == np.int16
    np.testing.assert_array_equal(movie.read(0, 6), values)
    np.testing.assert_array_equal(movie.frames[1:6:2], values[1::2])


def test_low_values_that_are_bright_are_doubted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = np.random.default_rng(5).integers(0, 4000, (6, 8, 9)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "m.tif", frames, photometric="miniswhite")
    movie = open_movie(tmp_path / "m.tif", frame_rate_hz=10, pixel_size_um=1)
    np.testing.assert_array_equal(movie.read(0, 6), frames)
    assert "low values are bright (MinIsWhite)" in caplog.text


def test_more_images_than_imagej_has_places_for(tmp_path: Path) -> None:
    frames = np.random.default_rng(5).integers(0, 4000, (12, 8, 9)).astype(np.uint16)
    header = "ImageJ=1.53t\nimages=12\nchannels=2\nframes=5\nhyperstack=true\n"
    tifffile.imwrite(tmp_path / "m.tif", frames, description=header, metadata=None, photometric="minisblack")
    chosen = Selection(channel="2")
    movie = open_movie(tmp_path / "m.tif", frame_rate_hz=10, pixel_size_um=1, selection=chosen)
    np.testing.assert_array_equal(movie.read(0, 6), frames[1::2])


def test_files_of_either_byte_order_are_one_movie(tmp_path: Path) -> None:
    frames = np.random.default_rng(5).integers(0, 4000, (6, 8, 9)).astype(np.uint16)
    for i, order in enumerate("<>"):
        name = tmp_path / f"m_{i}.tif"
        tifffile.imwrite(name, frames[3 * i : 3 * i + 3], byteorder=order, photometric="minisblack")
    movie = open_movie(tmp_path, frame_rate_hz=10, pixel_size_um=1)
    np.testing.assert_array_equal(movie.read(0, 6), frames)
    np.testing.assert_array_equal(movie.frames[1:6:3], frames[1::3])


def test_colour_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "m.tif", np.zeros((4, 20, 16, 3), np.uint8), photometric="rgb")
    with pytest.raises(InputError, match="colour"):
        opened(tmp_path / "m.tif")


def test_single_picture_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "m.tif", FRAMES[0])
    with pytest.raises(InputError, match="needs at least 2"):
        opened(tmp_path / "m.tif")


def test_pages_of_different_size_are_refused(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "m.tif") as writer:
        for frame in (FRAMES[0], FRAMES[1], FRAMES[2, :10]):
            writer.write(frame, contiguous=False, metadata=None, photometric="minisblack")
    with pytest.raises(InputError, match="differ in size or type"):
        opened(tmp_path / "m.tif")


@pytest.mark.parametrize("write", LAYOUTS)
def test_a_file_cut_anywhere_is_refused(
    tmp_path: Path, write: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "whole.tif")
    content = (tmp_path / "whole.tif").read_bytes()
    cuts = {int(len(content) * share) for share in np.linspace(0.001, 0.995, 60)}
    with caplog.at_level(logging.WARNING):
        for cut in sorted(cuts | {5, 9, 17}):
            (tmp_path / "m.tif").write_bytes(content[:cut])
            with pytest.raises(InputError, match=r"m\.tif"):
                open_movie(tmp_path / "m.tif", **GIVEN)
    assert not [record for record in caplog.records if record.name == "tifffile"]


@pytest.mark.parametrize("write", [interleaved, compressed, ome])
def test_a_cut_says_that_the_file_is_cut(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "m.tif")
    content = (tmp_path / "m.tif").read_bytes()
    (tmp_path / "m.tif").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"cut short|isn't a whole TIFF"):
        opened(tmp_path / "m.tif")


def test_scrambled_pixels_name_the_frames(tmp_path: Path) -> None:
    compressed(tmp_path / "m.tif")
    with tifffile.TiffFile(tmp_path / "m.tif") as tif:
        page = tif.pages[6]
        offset, count = page.dataoffsets[0], page.databytecounts[0]
    content = bytearray((tmp_path / "m.tif").read_bytes())
    content[offset : offset + count] = b"\xff" * count
    (tmp_path / "m.tif").write_bytes(content)
    movie = opened(tmp_path / "m.tif")
    np.testing.assert_array_equal(movie.read(0, 6), FRAMES[:6])
    with pytest.raises(InputError, match="frames 6-7: can't be decoded"):
        movie.read(6, 8)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files the way of Linux")
@pytest.mark.parametrize("write", [compressed, contiguous])
def test_no_file_stays_open_between_reads(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "m.tif")
    before = len(list(Path("/proc/self/fd").iterdir()))
    movies = [opened(tmp_path / "m.tif") for _ in range(5)]
    total = sum(int(movie.read(0, 2).sum()) for movie in movies)
    assert total == 5 * FRAMES[:2].sum()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_circular_headers_are_refused(tmp_path: Path) -> None:
    interleaved(tmp_path / "m.tif")
    with tifffile.TiffFile(tmp_path / "m.tif") as tif:
        first, last = tif.pages[0].offset, tif.pages[-1].offset
        n_tags = len(tif.pages[-1].tags)
    content = bytearray((tmp_path / "m.tif").read_bytes())
    where = last + 2 + 12 * n_tags
    content[where : where + 4] = first.to_bytes(4, "little")
    (tmp_path / "m.tif").write_bytes(content)
    with pytest.raises(InputError, match="circle"):
        opened(tmp_path / "m.tif")


def pages_with(path: Path, description: str, n_pages: int | None = None) -> Path:
    """Write FRAMES, or the first `n_pages` of them, as pages, the first with a description."""
    with tifffile.TiffWriter(path) as writer:
        for i, frame in enumerate(FRAMES[:n_pages]):
            writer.write(
                frame, contiguous=False, metadata=None, description=None if i else description,
                photometric="minisblack",
            )  # fmt: skip
    return path


OME_XML = (
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
    '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="16" SizeY="20" '
    'SizeC="{c}" SizeZ="1" SizeT="{t}"><TiffData/></Pixels></Image></OME>'
)


@pytest.mark.parametrize(
    ("description", "n_said"),
    [
        ("ImageJ=1.53t\nimages=8\nframes=8\nhyperstack=true\n", 8),
        (OME_XML.format(c=1, t=1), 1),
        (OME_XML.format(c=1, t=8), 8),
        (OME_XML.format(c=1, t=15), 15),
        (OME_XML.format(c=1, t=12), None),
    ],
)
def test_all_pages_are_read_whatever_the_header_says(
    description: str, n_said: int | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    movie = opened(pages_with(tmp_path / "m.tif", description))
    np.testing.assert_array_equal(movie.read(0, 12), FRAMES)
    said = f"the header says {n_said} frames, but the file holds 12, which are read"
    assert (said in caplog.text) == (n_said is not None)


@pytest.mark.parametrize("t", [4, 6, 9])
def test_all_pages_of_a_channel_are_read_whatever_the_header_says(tmp_path: Path, t: int) -> None:
    path = pages_with(tmp_path / "m.tif", OME_XML.format(c=2, t=t))
    movie = opened(path, selection=Selection(channel="2"))
    np.testing.assert_array_equal(movie.read(0, 6), FRAMES[1::2])


def test_channels_of_ome_stay_apart_where_the_last_page_is_missing(tmp_path: Path) -> None:
    path = pages_with(tmp_path / "m.tif", OME_XML.format(c=2, t=6), 11)
    movie = opened(path, selection=Selection(channel="1"))
    np.testing.assert_array_equal(movie.read(0, movie.n_frames), FRAMES[0:10:2])
    in_blocks = OME_XML.format(c=2, t=6).replace("XYCZT", "XYTZC")
    with pytest.raises(InputError, match="nothing tells channels or planes apart"):
        opened(pages_with(tmp_path / "b.tif", in_blocks, 11), selection=Selection(channel="1"))


def test_the_example_recording_opens(example_tiff: Path) -> None:
    movie = open_movie(example_tiff, frame_rate_hz=30, pixel_size_um=1)
    assert (movie.frames.shape, movie.dtype) == ((2000, 128, 128), np.uint8)
    assert movie.read(1990, 2000).std() > 0
