"""A recording of two channels, from the table to the labels of its cells."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

import neurocine.celltype
from neurocine import pipeline
from neurocine.config import CelltypeSettings, MotionSettings, load_recordings
from neurocine.core import CellTypes, InputError, RoiSet, Selection
from neurocine.ingest import MovieRecord, ingest, read_source, write_source
from neurocine.ingest.summary import facts
from neurocine.io.result_files import read_celltypes, read_structural, write_rois

N_FRAMES, EDGE = 120, 96


def two_channels() -> tuple[NDArray[np.uint16], RoiSet]:
    """Frames (T, C, Y, X) of 25 cells, of which the first four hold a dye; 15 % of green bleeds into red."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:EDGE, :EDGE]
    centres = [(10 + 18 * i, 10 + 18 * j) for i in range(5) for j in range(5)]
    masks = np.stack([np.hypot(y - a, x - b) <= 4 for a, b in centres])
    calcium = np.stack(
        [np.convolve(rng.random(N_FRAMES) < 0.03, np.exp(-np.arange(30) / 8))[:N_FRAMES] for _ in masks]
    )
    green = 400 + 600 * masks.sum(0) + 800 * np.tensordot(calcium.T, masks, 1)
    red = 100 + 300 * masks[:4].sum(0) + 0.15 * green
    frames = np.stack([green, red], axis=1)
    return rng.poisson(frames).astype(np.uint16), RoiSet.from_masks(masks)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A recordings table with one movie of two channels, green and red."""
    frames, rois = two_channels()
    tifffile.imwrite(tmp_path / "two.tif", frames, imagej=True, metadata={"axes": "TCYX"})
    write_rois(tmp_path / "rois.h5", rois)
    return write_table(tmp_path)


def write_table(folder: Path, channel: str = "1", structural: str = "2") -> Path:
    path = folder / "recordings.tsv"
    path.write_text(
        "recording\tmovie\tchannel\tchannel_structural\tframe_rate_hz\tpixel_size_um\n"
        f"two\t{folder / 'two.tif'}\t{channel}\t{structural}\t10\t2\n"
    )
    return path


def record(table: Path) -> MovieRecord:
    recording = load_recordings(table)[0]
    return ingest(
        recording.movie,
        frame_rate_hz=recording.frame_rate_hz,
        pixel_size_um=recording.pixel_size_um,
        selection=recording.selection,
        channel_structural=recording.channel_structural,
    )


def test_table_to_labels(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = table.parent
    write_source(folder / "source.json", record(table))
    source = read_source(folder / "source.json")
    assert asdict(source) == asdict(record(table))
    frames, _ = two_channels()
    structural = source.open_structural()
    assert structural is not None
    np.testing.assert_array_equal(source.open().read(0, 5), frames[:5, 0])
    np.testing.assert_array_equal(structural.read(0, 5), frames[:5, 1])
    assert facts(source)["structural"] == "2"

    movie_file = folder / "movie.h5"
    settings = MotionSettings(engine="none", template_frames=24)
    pipeline.motion(source.open(), movie_file, settings, structural=structural)
    pictures = read_structural(movie_file)
    assert pictures is not None
    assert pictures.bleed_through == pytest.approx(0.15, abs=0.02)

    def unsure(movie: object, rois: RoiSet, *_: object, **__: object) -> CellTypes:
        return CellTypes(rois.ids, np.tile(np.float32([0.4, 0.3, 0.3]), (len(rois), 1)))

    monkeypatch.setattr(neurocine.celltype, "classify", unsure)
    from neurocine.io.movies import open_movie

    pipeline.celltype(open_movie(movie_file), folder / "rois.h5", folder / "types.tsv", CelltypeSettings())
    types = read_celltypes(folder / "types.tsv")
    assert types.types == ("pyramidal",) * 25
    assert types.labels is not None
    assert types.labels.types == ("interneuron",) * 4 + ("",) * 21


def test_frames_and_crop_are_those_of_both_channels(table: Path) -> None:
    frames, _ = two_channels()
    recording = load_recordings(table)[0]
    part = ingest(
        recording.movie,
        frame_rate_hz=10,
        pixel_size_um=2,
        selection=replace(recording.selection, frames=(20, 79), crop=((8, 87), (0, 95))),
        channel_structural="2",
    )
    structural = part.open_structural()
    assert structural is not None
    np.testing.assert_array_equal(structural.read(0, 60), frames[20:80, 1, 8:88])


def test_without_a_structural_channel_there_is_none(table: Path) -> None:
    plain = record(write_table(table.parent, structural=""))
    assert plain.open_structural() is None
    assert "structural" not in facts(plain)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": ""}, "channel: there are 2: 1, 2"),
        ({"structural": "1"}, "channel_structural: '1' holds the same pixels as the functional channel '1'"),
        ({"structural": "3"}, "'3' isn't there"),
    ],
)
def test_a_wrong_name_is_an_error(table: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        record(write_table(table.parent, **changes))


COLOURS, PRAIRIE = "m_{name}_{t:04d}.tif", "S_Cycle00001_Ch{c}_{t:06d}.tif"


@pytest.mark.parametrize(
    ("pattern", "missing", "message"),
    [
        (PRAIRIE, {(1, 4)}, r"has frames of shape \(12, 96, 96\), the functional channel \(11, 96, 96\)"),
        (
            PRAIRIE,
            {(1, 4), (2, 6)},
            r"lacks another frame: \w*Ch2_000004.tif stands beside \w*Ch1_000005.tif",
        ),
        (COLOURS, {(1, 4), (2, 6)}, r"lacks another frame: \w*red_0004.tif stands beside \w*green_0005.tif"),
        (COLOURS, {(1, 4), (2, 4)}, None),
    ],
)
def test_channels_that_lack_frames(
    pattern: str, missing: set[tuple[int, int]], message: str | None, tmp_path: Path
) -> None:
    frames, _ = two_channels()
    names = ("green", "red") if pattern == COLOURS else ("1", "2")
    for c, name in enumerate(names, 1):
        for t in range(12):
            if (c, t) not in missing:
                tifffile.imwrite(tmp_path / pattern.format(name=name, c=c, t=t), frames[t, c - 1])
    given: dict[str, Any] = {"frame_rate_hz": 10.0, "pixel_size_um": 2.0, "channel_structural": names[1]}
    selection = Selection(channel=names[0])
    if message is None:
        assert ingest(tmp_path, **given, selection=selection).shape[0] == 11
    else:
        with pytest.raises(InputError, match=f"channel_structural: {message}"):
            ingest(tmp_path, **given, selection=selection)
