"""Folders in which each file holds one channel, or one plane."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from neurocine.core import InputError, Selection
from neurocine.ingest import ingest
from neurocine.io.movies import movie_files, open_movie, probe

GIVEN: dict[str, Any] = {"frame_rate_hz": 10.0, "pixel_size_um": 1.2}
SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
STUB = (
    f'<OME xmlns="{SCHEMA}" UUID="urn:uuid:1">'
    '<BinaryOnly MetadataFile="x.companion.ome" UUID="urn:uuid:0"/></OME>'
)


def ome(names: Iterable[tuple[int, int, int, str]], sizes: tuple[int, int, int], in_file: int = 1) -> str:
    """Return the XML of a set of files with `in_file` pages each: channel, plane, time and file of each."""
    data = "".join(
        f'<TiffData FirstC="{c}" FirstZ="{z}" FirstT="{t}" IFD="{t % in_file}" PlaneCount="1">'
        f'<UUID FileName="{name}">'
        f"urn:uuid:{c}{z}{t:06d}</UUID></TiffData>"
        for c, z, t, name in names
    )
    n_channels, n_planes, n_times = sizes
    channels = "".join(f'<Channel ID="Channel:0:{c}" Name="Ch{c + 1}"/>' for c in range(n_channels))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{SCHEMA}"><Image ID="Image:0">'
        f'<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="9" SizeY="8" '
        f'SizeC="{n_channels}" SizeZ="{n_planes}" SizeT="{n_times}" '
        f'PhysicalSizeX="1.2" PhysicalSizeY="1.2">{channels}{data}'
        "</Pixels></Image></OME>"
    )


def stored(*shape: int) -> NDArray[np.uint16]:
    return np.random.default_rng(7).integers(0, 4000, (*shape, 8, 9)).astype(np.uint16)


def page(path: Path, frame: NDArray[np.uint16], description: str | None = None) -> None:
    tifffile.imwrite(path, frame, metadata=None, description=description, photometric="minisblack")


def prairie(folder: Path, frames: NDArray[np.uint16], kind: str, *, volumes: bool = False) -> None:
    """Write PrairieView's files of `frames` (channel, plane or cycle, time, Y, X)."""
    n_channels, n_planes, n_times = frames.shape[:3]
    suffix = ".tif" if kind == "none" else ".ome.tif"
    named = []
    for c, z, t in np.ndindex(frames.shape[:3]):
        cycle, number = (t, z) if volumes else (z, t)
        named.append((c, z, t, f"TSeries-001_Cycle{cycle + 1:05d}_Ch{c + 1}_{number + 1:06d}{suffix}"))
    sizes = (n_channels, n_planes, n_times) if volumes else (n_channels, 1, n_planes * n_times)
    full = ome([(c, z if volumes else 0, t, n) for c, z, t, n in named], sizes)
    for i, (c, z, t, name) in enumerate(named):
        description = {"full": full, "first": full if i == 0 else STUB, "stub": STUB, "none": None}[kind]
        page(folder / name, frames[c, z, t], description)


@pytest.mark.parametrize("kind", ["full", "first", "stub", "none"])
def test_channels_of_prairieview(kind: str, tmp_path: Path) -> None:
    frames = stored(2, 1, 6)
    prairie(tmp_path, frames, kind)
    with pytest.raises(InputError, match=r"channel: there are 2: 1, 2\. Choose one"):
        open_movie(tmp_path, **GIVEN)
    for c, channel in enumerate(("1", "Ch2")):
        movie = open_movie(tmp_path, **GIVEN, selection=Selection(channel=channel))
        np.testing.assert_array_equal(movie.read(0, 6), frames[c, 0])
    assert probe(tmp_path).layout.channels == ("1", "2")
    one = sorted(tmp_path.glob("*_Ch2_*"))
    np.testing.assert_array_equal(open_movie(one, **GIVEN).read(0, 6), frames[1, 0])
    np.testing.assert_array_equal(open_movie(one[3:5], **GIVEN).read(0, 2), frames[1, 0, 3:5])
    with pytest.raises(InputError, match="'1' isn't there, but 2"):
        open_movie(one, **GIVEN, selection=Selection(channel="1"))


@pytest.mark.parametrize("kind", ["full", "first", "none"])
def test_cycles_of_prairieview_go_on_in_time(kind: str, tmp_path: Path) -> None:
    frames = stored(1, 3, 5)
    prairie(tmp_path, frames, kind)
    np.testing.assert_array_equal(open_movie(tmp_path, **GIVEN).read(0, 15), frames.reshape(15, 8, 9))


@pytest.mark.parametrize("kind", ["full", "first", "none"])
def test_planes_of_prairieview(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = stored(2, 3, 8)
    prairie(tmp_path, frames, kind, volumes=True)
    with pytest.raises(InputError, match=r"plane: there are 3: 0 to 2\. Choose one: column plane"):
        open_movie(tmp_path, **GIVEN, selection=Selection(channel="2"))
    movie = open_movie(tmp_path, **GIVEN, selection=Selection(channel="2", plane=1))
    np.testing.assert_array_equal(movie.read(0, 8), frames[1, 1])
    assert ("its 8 cycles are taken for volumes of 3 planes" in caplog.text) == (kind == "none")


def test_structural_channel_has_files_of_its_own(tmp_path: Path) -> None:
    frames = stored(2, 1, 6)
    prairie(tmp_path, frames, "full")
    record = ingest(tmp_path, **GIVEN, selection=Selection(channel="1"), channel_structural="2")
    structural = record.open_structural()
    assert structural is not None
    np.testing.assert_array_equal(record.open().read(0, 6), frames[0, 0])
    np.testing.assert_array_equal(structural.read(0, 6), frames[1, 0])
    assert all("_Ch2_" in name for name in record.structural_files)


def test_the_record_lists_the_files_of_the_channel(tmp_path: Path) -> None:
    frames = stored(2, 3, 8)
    prairie(tmp_path, frames, "full", volumes=True)
    chosen = Selection(channel="2", plane=1, frames=(2, 6))
    record = ingest(tmp_path, **GIVEN, selection=chosen)
    assert [Path(file.path).name for file in record.files] == [
        f"TSeries-001_Cycle{cycle:05d}_Ch2_000002.ome.tif" for cycle in range(1, 9)
    ]
    assert movie_files(tmp_path, chosen)[1] == [Path(file.path) for file in record.files]
    np.testing.assert_array_equal(record.open().frames[0:5], frames[1, 1, 2:7])


@pytest.mark.parametrize("pattern", ["S-1_Cycle00001_Ch{c}_{n:06d}.ome.tif", "{n}{c}.ome.tif"])
@pytest.mark.parametrize("stub", [False, True])
def test_files_with_several_pages_of_one_channel(tmp_path: Path, pattern: str, stub: bool) -> None:
    frames = stored(2, 10)
    named = [(c, 0, t, pattern.format(c=c + 1, n=t // 5 + 1)) for c in (0, 1) for t in range(10)]
    xml = ome(named, (2, 1, 10), in_file=5)
    for c, _, t, name in named[::5]:
        tifffile.imwrite(
            tmp_path / name,
            frames[c, t : t + 5],
            metadata=None,
            description=STUB if stub and (c, t) != (0, 0) else xml,
            photometric="minisblack",
        )
    movie = open_movie(tmp_path, **GIVEN, selection=Selection(channel="2"))
    np.testing.assert_array_equal(movie.read(0, 10), frames[1])


PRAIRIE_XML = """<?xml version="1.0" encoding="utf-8"?>
<PVScan version="5.4.64.700" date="8/4/2022 3:18:27 PM" notes="">
  <PVStateShard>
    <PVStateValue key="framePeriod" value="0.02" />
    <PVStateValue key="micronsPerPixel">
      <IndexedValue index="XAxis" value="1.1" /><IndexedValue index="YAxis" value="1.1" />
      <IndexedValue index="ZAxis" value="5" />
    </PVStateValue>
    <PVStateValue key="rastersPerFrame" value="2" />
  </PVStateShard>
  {sequences}
</PVScan>"""


def sequence(kind: str, cycle: int, times: Iterable[float], *, in_pages: bool = False) -> str:
    frames = "".join(
        f'<Frame relativeTime="{time:.4f}" absoluteTime="{time + 3:.4f}" index="{i + 1}">'
        f'<File channel="1" channelName="Green" page="{i + 1 if in_pages else 1}" filename="x"/></Frame>'
        for i, time in enumerate(times)
    )
    return f'<Sequence type="{kind}" cycle="{cycle}">{frames}</Sequence>'


def test_the_xml_of_prairieview_tells_planes_from_times(tmp_path: Path) -> None:
    frames = stored(1, 3, 8)
    for name, kind in (("volumes", "TSeries ZSeries Element"), ("times", "TSeries Timed Element")):
        folder = tmp_path / name
        folder.mkdir()
        prairie(folder, frames, "none", volumes=True)
        sequences = "".join(sequence(kind, t + 1, 0.2 * t + 0.05 * np.arange(3)) for t in range(8))
        (folder / "TSeries-001.xml").write_text(PRAIRIE_XML.format(sequences=sequences))
    movie = open_movie(tmp_path / "volumes", selection=Selection(channel="green", plane=2))
    np.testing.assert_array_equal(movie.read(0, 8), frames[0, 2])
    assert (movie.frame_rate_hz, movie.pixel_size_um) == (pytest.approx(5), 1.1)
    movie = open_movie(tmp_path / "times")
    # Each cycle lasts for three frames of 50 ms, and the next begins after as much again.
    np.testing.assert_array_equal(np.flatnonzero(~movie.valid), np.arange(3, 31, 4))
    stored_frames = movie.frames[:][movie.valid]
    np.testing.assert_array_equal(stored_frames, frames[0].swapaxes(0, 1).reshape(24, 8, 9))
    assert movie.frame_rate_hz == pytest.approx(20)


def test_volumes_of_prairieview_in_files_of_several_pages(tmp_path: Path) -> None:
    frames = stored(8, 3)
    kind, steps = "TSeries ZSeries Element", 0.05 * np.arange(3)
    sequences = "".join(sequence(kind, t + 1, 0.2 * t + steps, in_pages=True) for t in range(8))
    (tmp_path / "T-001.xml").write_text(PRAIRIE_XML.format(sequences=sequences))
    for t, volume in enumerate(frames, 1):
        name = f"T-001_Cycle{t:05d}_Ch1_000001.ome.tif"
        tifffile.imwrite(tmp_path / name, volume, metadata=None, photometric="minisblack", ome=False)
    with pytest.raises(InputError, match=r"plane: there are 3: 0 to 2"):
        open_movie(tmp_path)
    assert probe(tmp_path).layout.n_planes == 3
    movie = open_movie(tmp_path, selection=Selection(plane=1))
    np.testing.assert_array_equal(movie.read(0, 8), frames[:, 1])
    assert movie.frame_rate_hz == pytest.approx(5)


def test_folders_of_prairieview_with_other_settings_are_no_recording(tmp_path: Path) -> None:
    frames = stored(1, 1, 8)
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, interval in zip(folders, (0.05, 0.1), strict=True):
        folder.mkdir()
        prairie(folder, frames, "none")
        text = sequence("TSeries Timed Element", 1, interval * np.arange(8))
        (folder / "TSeries-001.xml").write_text(PRAIRIE_XML.format(sequences=text))
    assert open_movie(folders[1]).frame_rate_hz == pytest.approx(10)
    with pytest.raises(InputError, match=r"b.TSeries-001\.xml: frame_rate_hz: is 10, but 20 in .*a.TSeries"):
        open_movie(folders)


def test_the_period_of_prairieview_counts_where_there_are_no_times(tmp_path: Path) -> None:
    frames = stored(1, 3, 8)
    prairie(tmp_path, frames, "full", volumes=True)
    (tmp_path / "TSeries-001.xml").write_text(PRAIRIE_XML.format(sequences=""))
    movie = open_movie(tmp_path, pixel_size_um=1.2, selection=Selection(plane=0))
    assert movie.frame_rate_hz == pytest.approx(1 / 0.02 / 2 / 3)


def thor(folder: Path, frames: NDArray[np.uint16], settings: str | None) -> None:
    for c, z, t in np.ndindex(frames.shape[:3]):
        page(folder / f"Chan{'AB'[c]}_001_001_{z + 1:03d}_{t + 1:04d}.tif", frames[c, z, t])
    page(folder / "ChanA_Preview.tif", frames[0, 0, 0, :4, :4])
    if settings is not None:
        (folder / "Experiment.xml").write_text(
            f'<?xml version="1.0"?><ThorImageExperiment>{settings}</ThorImageExperiment>'
        )


def test_channels_of_thorimage(tmp_path: Path) -> None:
    frames = stored(2, 1, 6)
    thor(tmp_path, frames, '<LSM frameRate="30.1" averageNum="1" pixelSizeUM="1.2" pixelX="9" pixelY="8"/>')
    with pytest.raises(InputError, match=r"channel: there are 2: A, B\. Choose one"):
        open_movie(tmp_path)
    for c, channel in enumerate(("ChanA", "b")):
        movie = open_movie(tmp_path, selection=Selection(channel=channel))
        np.testing.assert_array_equal(movie.read(0, 6), frames[c, 0])
        assert (movie.frame_rate_hz, movie.pixel_size_um) == (30.1, 1.2)


def test_folders_of_thorimage_with_other_settings_are_no_recording(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, size in zip(folders, (1.2, 0.6), strict=True):
        folder.mkdir()
        thor(folder, stored(1, 1, 6), f'<LSM frameRate="30" pixelSizeUM="{size}" pixelX="9" pixelY="8"/>')
    with pytest.raises(InputError, match=r"b.Experiment\.xml: pixel_size_um: is 0\.6, but 1\.2"):
        open_movie(folders)


def test_planes_of_thorimage(tmp_path: Path) -> None:
    frames = stored(1, 3, 6)
    thor(
        tmp_path,
        frames,
        '<LSM frameRate="40" averageNum="1" pixelSizeUM="1.2" pixelX="9" pixelY="8"/><ZStage steps="3"/>'
        '<Streaming enable="1" zFastEnable="1" flybackFrames="1"/>',
    )
    movie = open_movie(tmp_path, selection=Selection(plane=2))
    np.testing.assert_array_equal(movie.read(0, 6), frames[0, 2])
    assert movie.frame_rate_hz == 10


def test_the_record_opens_the_chosen_plane_again(tmp_path: Path) -> None:
    frames = stored(2, 3, 6)
    thor(tmp_path, frames, '<LSM frameRate="30" pixelSizeUM="1.2" pixelX="9" pixelY="8"/><ZStage steps="3"/>')
    record = ingest(tmp_path, frame_rate_hz=10, override=True, selection=Selection(channel="B", plane=2))
    np.testing.assert_array_equal(record.open().frames[0:6], frames[1, 2])
    next(tmp_path.glob("ChanB_*_003_*6.tif")).unlink()
    with pytest.raises(InputError, match="Run the step ingest again"):
        record.open()


def test_a_set_of_files_is_told_apart_by_its_ome_xml(tmp_path: Path) -> None:
    frames = stored(2, 2, 5)
    named = [(c, z, t, f"picture{i}.ome.tif") for i, (c, z, t) in enumerate(np.ndindex(2, 2, 5))]
    xml = ome(named, (2, 2, 5)).replace('"Ch1"', '"GCaMP"').replace('"Ch2"', '"tdTomato"')
    for c, z, t, name in named:
        page(tmp_path / name, frames[c, z, t], xml)
    with pytest.raises(InputError, match=r"channel: there are 2: 1 \(GCaMP\), 2 \(tdTomato\)"):
        open_movie(tmp_path, **GIVEN, selection=Selection(plane=0))
    movie = open_movie(tmp_path, **GIVEN, selection=Selection(channel="tdTomato", plane=1))
    np.testing.assert_array_equal(movie.read(0, 5), frames[1, 1])
    assert probe(tmp_path).layout.n_planes == 2


@pytest.mark.parametrize(
    "name", ["img_channel{c:03d}_position000_time{t:09d}_z{z:03d}.tif", "a_t{t}_z{z}_ch0{c}.tif"]
)
def test_names_of_other_programs(name: str, tmp_path: Path) -> None:
    frames = stored(2, 2, 12)
    for c, z, t in np.ndindex(2, 2, 12):
        page(tmp_path / name.format(c=c, z=z, t=t), frames[c, z, t])
    movie = open_movie(tmp_path, **GIVEN, selection=Selection(channel="1", plane=0))
    np.testing.assert_array_equal(movie.read(0, 12), frames[1, 0])


def test_a_channel_with_a_file_missing_is_named(tmp_path: Path) -> None:
    frames = stored(2, 12)
    for c, t in np.ndindex(2, 12):
        page(tmp_path / f"img_t{t:04d}_ch{c:02d}.tif", frames[c, t])
    (tmp_path / "img_t0007_ch01.tif").unlink()
    with pytest.raises(InputError, match=r"1 of 12 files of channel 1 are missing.*Copy them"):
        open_movie(tmp_path, **GIVEN)


def test_names_that_only_look_like_channels(tmp_path: Path) -> None:
    frames = stored(4)
    for i, name in enumerate(("mouse_c1_001", "mouse_c2_002", "mouse_c57_003", "mouse_c57_004")):
        page(tmp_path / f"{name}.tif", frames[i])
    np.testing.assert_array_equal(open_movie(tmp_path, **GIVEN).read(0, 4), frames)


def test_pages_in_files_of_their_own_are_opened_without_reading_all_their_xml(tmp_path: Path) -> None:
    frames = stored(1, 1, 400)
    prairie(tmp_path, frames, "full")
    start = time.process_time()
    movie = open_movie(tmp_path, frame_rate_hz=10)
    seconds = time.process_time() - start
    assert movie.pixel_size_um == pytest.approx(1.2)
    np.testing.assert_array_equal(movie.read(395, 400), frames[0, 0, 395:])
    assert seconds < 2
