"""A process that reads files, and small valid files of every format for it."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import roifile
import scipy.io
import tifffile
import zarr
from nd2files import write_nd2
from PIL import Image
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ophys import ImageSegmentation, OpticalChannel, TwoPhotonSeries
from scipy import sparse
from scipy.io import savemat

from neurocine.config.generate import config_text
from neurocine.core import CellTypes, Movie, Raster, RoiSet, Traces
from neurocine.core.assemblies import Assemblies
from neurocine.core.truth import Truth
from neurocine.ingest import ingest, write_source
from neurocine.io import result_files
from neurocine.io.neurofinder import write_neurofinder
from neurocine.io.result_files.stamp import Stamp, create
from neurocine.io.result_files.truth import write_truth
from neurocine.io.rois import save_rois
from neurocine.networks.catalogue import CELL_ARCHITECTURES
from neurocine.networks.catalogue import SEGMENTATION_ARCHITECTURES as SEGMENTING
from neurocine.networks.weights import SEGMENTATION_KIND as SEGMENTATION
from neurocine.training.checkpoint import Checkpoint, save_checkpoint

READER = Path(__file__).with_name("fuzz_reader.py")
#: Seconds that reading a file of some kilobytes may take.
LIMIT_S = 20.0
T, FOV = 6, (24, 30)


class Reading:
    """The process of ``fuzz_reader.py``, started again where a file ended it."""

    def __init__(self, **environment: str) -> None:
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self._log = Path(os.devnull)

    def __call__(self, reader: str, path: Path) -> str:
        """Return ``ok``, ``refused: …``, ``broken: …``, ``dead: …`` or ``hung``: what came of `path`."""
        process = self._started()
        assert process.stdin is not None
        process.stdin.write(f"{reader}\t{path}\n")
        process.stdin.flush()
        return self._answer(process)

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(READER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                # Each thread of these libraries has an address space of its own.
                env=os.environ
                | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
                | {"MALLOC_ARENA_MAX": "1"}
                | self._environment,
            )
            assert self._answer(self._process, 120) == "ready"
        return self._process

    def _answer(self, process: subprocess.Popen[str], limit_s: float = LIMIT_S) -> str:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], limit_s)[0]:
            self.close()
            return "hung"
        line = process.stdout.readline()
        if not line:
            status = process.wait()
            self.close()
            return f"dead: exit status {status}"
        return line.rstrip("\n")

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def reading() -> Iterator[Reading]:
    process = Reading()
    yield process
    process.close()


@dataclass(frozen=True)
class Sample:
    """A valid file or folder: which reader opens it, and which file of it is to be changed."""

    reader: str
    path: Path
    file: Path


Maker = Callable[[Path], Path | tuple[Path, str]]


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """Each format's sample, in a folder of its own."""
    made = {}
    for name, (reader, make) in MAKERS.items():
        folder = tmp_path_factory.mktemp("sample")
        sample = make(folder)
        path, inside = sample if isinstance(sample, tuple) else (sample, "")
        made[name] = Sample(reader, path, path / inside if inside else path)
    return made


@pytest.fixture(scope="session")
def copied() -> Callable[[Sample, Path], Sample]:
    return _copied


def _copied(sample: Sample, folder: Path) -> Sample:
    """Return a copy of `sample` in `folder`, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sample.path.parent, folder)
    old = sample.path.parent
    return Sample(sample.reader, folder / sample.path.relative_to(old), folder / sample.file.relative_to(old))


def frames() -> Any:
    return np.random.default_rng(0).integers(0, 999, (T, *FOV)).astype(np.uint16)


def movie() -> Movie:
    return Movie(frames(), 10.0, 2.0, "GCaMP6s", "made")


def rois() -> RoiSet:
    masks = np.zeros((2, *FOV), bool)
    masks[0, 3:9, 4:9], masks[1, 12:18, 20:26] = True, True
    return replace(RoiSet.from_masks(masks, engine="suite2p"), labelled=np.float32([1, 0]))


def tiff(**options: Any) -> Maker:
    def make(folder: Path) -> Path:
        tifffile.imwrite(folder / "m.tif", frames(), **({"photometric": "minisblack"} | options))
        return folder / "m.tif"

    return make


def tiff_pages(folder: Path) -> Path:
    with tifffile.TiffWriter(folder / "m.tif", bigtiff=True) as writer:
        for frame in frames():
            writer.write(frame, contiguous=False, metadata=None)
    return folder / "m.tif"


def tiff_scanimage(folder: Path) -> Path:
    """Return a file of ScanImage with two channels of two planes, and two regions in each picture."""
    settings = (
        "SI.hChannels.channelSave = [1;2]\nSI.hFastZ.enable = true\nSI.hStackManager.numSlices = 2\n"
        "SI.hStackManager.zs = [0 10]\nSI.hRoiManager.scanFrameRate = 20\n"
        "SI.hRoiManager.scanVolumeRate = 10\nSI.hRoiManager.mroiEnable = 1\nSI.objectiveResolution = 15\n"
    )
    field = {"centerXY": [0, 0], "sizeXY": [3, 1], "pixelResolutionXY": [30, 10]}
    one = {"name": "a", "zs": [0, 10], "discretePlaneMode": 0, "scanfields": [field, field]}
    regions = json.dumps({"RoiGroups": {"imagingRoiGroup": {"rois": [one, one | {"name": "b"}]}}})
    with tifffile.TiffWriter(folder / "m.tif", bigtiff=True) as writer:
        for frame in frames():
            writer.write(
                frame, contiguous=False, metadata=None, software=settings, photometric="minisblack",
                extratags=[(315, "s", 0, regions + "\0", True)],
            )  # fmt: skip
    return folder / "m.tif"


def hdf5_movie(folder: Path) -> Path:
    with h5py.File(folder / "m.h5", "w") as file:
        data = file.create_dataset("mov", data=frames(), chunks=(3, 12, 30), compression="gzip", shuffle=True)
        data.attrs["fr"] = 10.0
    return folder / "m.h5"


def own_movie(folder: Path) -> Path:
    like, picture = movie(), np.ones(FOV, np.float32)
    with result_files.MovieWriter(folder / "movie.h5", like, Stamp("c", "s")) as writer:
        writer.write(0, like.read(0, T))
        shift = np.zeros(T, np.float32)
        writer.finish(
            result_files.Summary(picture, picture, picture, picture),
            result_files.Registration(shift, shift, shift, shift > 0, picture, picture, {"crispness": 1.0}),
        )
    return folder / "movie.h5"


def nwb(folder: Path) -> Path:
    """Movie and ROIs in one."""
    file = NWBFile("session", "id", datetime(2020, 1, 1, tzinfo=UTC))
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="-", emission_lambda=520.0),
        description="-",
        device=file.create_device(name="microscope"),
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location="V1",
        grid_spacing=[1.5e-6, 1.5e-6],
        grid_spacing_unit="meters",
    )
    file.add_acquisition(
        TwoPhotonSeries(name="m", imaging_plane=plane, rate=20.0, data=frames().swapaxes(1, 2), unit="n")
    )
    segmentation = ImageSegmentation()
    file.create_processing_module("ophys", "-").add(segmentation)
    table = segmentation.create_plane_segmentation(name="rois", description="-", imaging_plane=plane)
    for i in range(2):
        y, x, weight = rois().pixels(i)
        table.add_roi(pixel_mask=list(zip(x.tolist(), y.tolist(), weight.tolist(), strict=True)))
    with NWBHDF5IO(folder / "m.nwb", "w") as out:
        out.write(file)
    return folder / "m.nwb"


def npy(folder: Path) -> Path:
    np.save(folder / "m.npy", frames())
    return folder / "m.npy"


def matlab(folder: Path) -> Path:
    savemat(folder / "m.mat", {"movie": np.moveaxis(frames(), 0, -1)}, do_compression=True)
    return folder / "m.mat"


def scanbox(folder: Path) -> tuple[Path, str]:
    chan = {"nchan": 1, "names": np.array(["green", "red"], dtype=object)}
    info = {"sz": np.array(FOV), "chan": chan, "resfreq": 8000, "recordsPerBuffer": 512, "scanmode": 1}
    savemat(folder / "m.mat", {"info": info}, do_compression=True)
    (65535 - frames()).tofile(folder / "m.sbx")
    return folder / "m.sbx", str(folder / "m.mat")


def thorimage(folder: Path) -> tuple[Path, str]:
    (folder / "p").mkdir()
    (folder / "p" / "Experiment.xml").write_text(
        '<?xml version="1.0"?>\n<ThorImageExperiment>\n<Wavelengths><Wavelength name="ChanA"/>'
        '<ChannelEnable Set="1"/></Wavelengths><ZStage steps="1" enable="1"/><Timelapse timepoints="6"/>'
        f'<LSM pixelX="{FOV[1]}" pixelY="{FOV[0]}" pixelSizeUM="1.2" frameRate="30"/>'
        '<Streaming enable="1" zFastEnable="0"/></ThorImageExperiment>'
    )
    frames().tofile(folder / "p" / "Image_0001_0001.raw")
    return folder / "p", "Experiment.xml"


def prairie(folder: Path) -> tuple[Path, str]:
    (folder / "p").mkdir()
    name = "t_Cycle00001_Ch2_000001.ome.tif"
    tifffile.imwrite(folder / "p" / name, frames(), photometric="minisblack", metadata=None)
    file = f'<File channel="2" channelName="Ch2" filename="{name}"/>'
    listed = "".join(f'<Frame absoluteTime="{i / 10}" index="{i}">{file}</Frame>\n' for i in range(T))
    (folder / "p" / "t.xml").write_text(
        '<?xml version="1.0"?>\n<PVScan version="5.4"><PVStateShard>'
        '<PVStateValue key="framePeriod" value="0.1"/>'
        '<PVStateValue key="micronsPerPixel"><IndexedValue index="XAxis" value="1.2"/>'
        '<IndexedValue index="YAxis" value="1.2"/></PVStateValue></PVStateShard>\n'
        f'<Sequence type="TSeries Timed Element" cycle="1">{listed}</Sequence></PVScan>'
    )
    return folder / "p", "t.xml"


def inscopix(folder: Path) -> Path:
    described = {
        "type": 0,
        "dataType": 0,
        "spacingInfo": {"numPixels": {"x": FOV[1], "y": FOV[0]}},
        "timingInfo": {
            "numTimes": T + 2,
            "period": {"num": 1, "den": 20},
            "dropped": [2],
            "cropped": ["4 - 4"],
        },
    }
    text = json.dumps(described).encode()
    content = frames().tobytes() + text + b"\0" + len(text).to_bytes(8, "little")
    (folder / "m.isxd").write_bytes(content)
    return folder / "m.isxd"


def caiman_map(folder: Path) -> Path:
    name = f"m__d1_{FOV[0]}_d2_{FOV[1]}_d3_1_order_F_frames_{T}.mmap"
    frames().astype(np.float32).transpose(0, 2, 1).tofile(folder / name)
    return folder / name


def nikon(folder: Path) -> Path:
    pictures = frames()[:, None]
    return write_nd2(folder / "m.nd2", pictures, [("T", T)], times_ms=50.0 * np.arange(T))


def zarr_movie(version: int, inside: str) -> Maker:
    def make(folder: Path) -> tuple[Path, str]:
        array = zarr.create_array(
            folder / "m.zarr", shape=(T, *FOV), chunks=(3, 24, 30), dtype="u2", zarr_format=version
        )  # type: ignore[call-overload]
        array[:] = frames()
        return folder / "m.zarr", inside

    return make


def suite2p_binary(folder: Path) -> tuple[Path, str]:
    frames().astype(np.int16).tofile(folder / "data.bin")
    np.save(folder / "ops.npy", np.array({"Ly": FOV[0], "Lx": FOV[1], "fs": 10.0, "nframes": T}), True)
    (folder / "p").mkdir()
    for name in ("data.bin", "ops.npy"):
        (folder / name).rename(folder / "p" / name)
    return folder / "p", "ops.npy"


def neurofinder(inside: str) -> Maker:
    def make(folder: Path) -> tuple[Path, str]:
        write_neurofinder(folder / "nf", movie(), rois())
        return folder / "nf", inside

    return make


def roi_file(name: str, inside: str = "") -> Maker:
    def make(folder: Path) -> tuple[Path, str]:
        save_rois(folder / name, rois())
        return folder / name, inside

    return make


def png(folder: Path) -> Path:
    Image.fromarray(rois().mask(0).astype(np.uint16) * 300).save(folder / "l.png")
    return folder / "l.png"


def imagej(folder: Path) -> Path:
    """A polygon, one with finer coordinates, and a composite shape."""
    corners = np.array([(3, 4), (9, 4), (9, 12), (5, 14)])
    whole, fine = roifile.ImagejRoi.frompoints(corners), roifile.ImagejRoi.frompoints(corners + 0.3)
    parts = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.RECT, right=9, bottom=9)
    parts.multi_coordinates = np.array([0, 2, 2, 1, 9, 2, 3, 9, 5, 9, 9, 5, 9, 4], np.float32)
    parts.shape_roi_size = len(parts.multi_coordinates)
    roifile.roiwrite(folder / "RoiSet.zip", [whole, fine, parts], name=["a.roi", "b.roi", "c.roi"])
    return folder / "RoiSet.zip"


def imagej_fine(folder: Path) -> Path:
    roi = roifile.ImagejRoi.frompoints(np.array([(3.5, 4), (9, 4.2), (9, 12), (5, 14)]))
    roi.tofile(folder / "r.roi")
    return folder / "r.roi"


def cellpose(folder: Path) -> Path:
    labels = rois().mask(0).astype(np.uint16)
    content = {"masks": labels, "outlines": labels, "filename": folder / "m.tif", "flows": [labels, None]}
    np.save(folder / "m_seg.npy", np.array(content), allow_pickle=True)
    return folder / "m_seg.npy"


def fall(folder: Path) -> Path:
    stats = np.empty(2, dtype=object)
    for i in range(2):
        y, x, weight = rois().pixels(i)
        stats[i] = {"ypix": y, "xpix": x, "lam": weight, "med": [1, 2]}
    content = {"stat": stats, "ops": {"Ly": FOV[0], "Lx": FOV[1]}, "iscell": np.ones((2, 2))}
    scipy.io.savemat(folder / "Fall.mat", content)
    return folder / "Fall.mat"


def masks(folder: Path) -> Path:
    np.savez_compressed(folder / "m.npz", masks=np.stack([rois().mask(i) for i in range(2)]))
    return folder / "m.npz"


def caiman(folder: Path) -> Path:
    masks = np.stack([rois().mask(i).ravel(order="F") for i in range(2)], axis=1)
    footprints = sparse.csc_array(masks.astype(np.float64))
    with h5py.File(folder / "c.hdf5", "w") as file:
        for name in ("data", "indices", "indptr"):
            file[f"estimates/A/{name}"] = getattr(footprints, name)
        file["estimates/A/shape"] = footprints.shape
        file["estimates/dims"] = FOV
        file["estimates/idx_components"] = [0, 1]
    return folder / "c.hdf5"


def segments(folder: Path) -> Path:
    with h5py.File(folder / "s.cinac", "w") as file:
        group = file.create_group("cell_0_0_5")
        group["ci_movie"] = np.random.default_rng(0).normal(size=(T, 20, 20))
        group["raster_dur"] = group["doubtful_frames"] = np.zeros(T, np.int8)
        group["invalid_cells"] = np.zeros(1)
        polygons = group.create_dataset("cells_contour", (1, 2), dtype=h5py.vlen_dtype(np.int32))
        polygons[0, 0], polygons[0, 1] = [4, 9, 9, 4], [4, 4, 9, 9]
        group.attrs["cell_type"] = "Pyramidal"
    return folder / "s.cinac"


def contract(name: str, write: Callable[[Path], None]) -> Maker:
    def make(folder: Path) -> Path:
        write(folder / name)
        return folder / name

    return make


IDS = np.arange(2)
NUMBERS = np.linspace(0, 1, 2 * T, dtype=np.float32).reshape(2, T)


def traces(path: Path) -> None:
    snr = np.ones(2, np.float32)
    result_files.write_traces(path, Traces(IDS, 10.0, NUMBERS, NUMBERS, NUMBERS, NUMBERS, snr), Stamp())


def activity(path: Path) -> None:
    result_files.write_activity(path, Raster(IDS, 10.0, NUMBERS, 0.5, ("a", "b")), Stamp())


def assemblies(path: Path) -> None:
    event, joined = np.array([3]), np.ones((1, 1), bool)
    result_files.write_assemblies(
        path,
        Assemblies(IDS, 10.0, 2.0, event, np.ones((2, 1), bool), event * 0, event / 3, 0.1, IDS * 0, joined),
    )


def celltypes(path: Path) -> None:
    result_files.write_celltypes(path, CellTypes(IDS, np.full((2, 3), 1 / 3, np.float32)))


def truth(path: Path) -> None:
    raster = NUMBERS > 0.5
    shifts = np.zeros((T, 2), np.float32)
    one = np.array([1])
    known = Truth(
        ids=IDS,
        cell_types=("pyramidal", "noise"),
        is_target=IDS > 0,
        raster=raster,
        roi_id=one,
        onset=one - 1,
        peak=one + 3,
        calcium=NUMBERS,
        shifts=shifts,
    )
    write_truth(path, known)


def weights(path: Path) -> None:
    with create(path, "weights", Stamp()) as file:
        file.attrs["architecture"] = json.dumps(CELL_ARCHITECTURES["activity-compact"].to_dict())
        file.attrs["metadata"] = "{}"
        file["head/first/kernel"] = np.ones((5, 14, 3), np.float16)
        file["head/norm/moving_variance"] = np.ones(3, np.float32)


def segmentation_weights(path: Path) -> None:
    with create(path, SEGMENTATION, Stamp()) as file:
        file.attrs["architecture"] = json.dumps(SEGMENTING["stneuronet-compact"].to_dict())
        file["space/kernel"] = np.ones((1, 7, 7, 1, 8), np.float16)


def checkpoint(path: Path) -> None:
    save_checkpoint(path, Checkpoint(1, [NUMBERS], [NUMBERS], [{"loss": 1.0}]), "")


def source(path: Path) -> None:
    np.save(path.with_name("m.npy"), frames())
    write_source(path, ingest(path.with_name("m.npy"), frame_rate_hz=10, pixel_size_um=2))


def recordings(path: Path) -> None:
    path.write_text("recording\tmovie\tframe_rate_hz\tindicator\nmouse_1\t/etc/hosts\t10\tGCaMP6s\n")


def config(path: Path) -> None:
    path.write_text(config_text())


def registry(path: Path) -> None:
    shutil.copyfile(Path(__file__).parents[2] / "models" / "registry.yaml", path)


MAKERS: dict[str, tuple[str, Maker]] = {
    "tiff": ("movie", tiff()),
    "tiff, ImageJ": ("movie", tiff(imagej=True, metadata={"axes": "TYX", "fps": 10.0})),
    "tiff, OME": ("movie", tiff(ome=True, compression="zlib", metadata={"axes": "TYX"})),
    "tiff, LZW": ("movie", tiff(compression="lzw", tile=(16, 16), metadata=None)),
    "tiff, a header a page": ("movie", tiff_pages),
    "tiff, growing": ("growing", tiff_pages),
    "tiff, ScanImage": ("movie", tiff_scanimage),
    "hdf5": ("movie", hdf5_movie),
    "movie.h5": ("movie_file", own_movie),
    "nwb movie": ("movie", nwb),
    "npy": ("movie", npy),
    "matlab": ("movie", matlab),
    "scanbox's settings": ("movie", scanbox),
    "thorimage's settings": ("movie", thorimage),
    "caiman's memory map": ("movie", caiman_map),
    "prairieview's settings": ("movie", prairie),
    "inscopix": ("movie", inscopix),
    "nikon": ("movie", nikon),
    "zarr 3": ("movie", zarr_movie(3, "zarr.json")),
    "zarr 2": ("movie", zarr_movie(2, ".zarray")),
    "zarr 2, a chunk": ("movie", zarr_movie(2, "0.0.0")),
    "suite2p's settings": ("movie", suite2p_binary),
    "neurofinder's info": ("movie", neurofinder("info.json")),
    "neurofinder's image": ("movie", neurofinder("images/image00000.tiff")),
    "neurofinder's regions": ("rois", neurofinder("regions/regions.json")),
    "rois.h5": ("rois", roi_file("rois.h5")),
    "cinac": ("rois", roi_file("r.cinac")),
    "suite2p": ("rois", roi_file("plane0", "stat.npy")),
    "suite2p's iscell": ("rois", roi_file("plane0", "iscell.npy")),
    "suite2p's Fall.mat": ("rois", fall),
    "suite2p's redcell": ("rois", roi_file("plane0", "redcell.npy")),
    "labels, tiff": ("rois", roi_file("l.tif")),
    "labels, npy": ("rois", roi_file("l.npy")),
    "labels, png": ("rois", png),
    "imagej's set": ("rois", imagej),
    "imagej's roi": ("rois", imagej_fine),
    "cellpose": ("rois", cellpose),
    "masks": ("rois", masks),
    "caiman": ("rois", caiman),
    "nwb rois": ("rois", nwb),
    "segments": ("segments", segments),
    "traces": ("traces", contract("traces.h5", traces)),
    "activity": ("activity", contract("activity.h5", activity)),
    "assemblies": ("assemblies", contract("assemblies.h5", assemblies)),
    "celltypes": ("celltypes", contract("celltypes.tsv", celltypes)),
    "truth": ("truth", contract("truth.h5", truth)),
    "weights": ("weights", contract("w.h5", weights)),
    "segmentation weights": ("segmentation_weights", contract("w.h5", segmentation_weights)),
    "checkpoint": ("checkpoint", contract("c.h5", checkpoint)),
    "source": ("source", contract("source.json", source)),
    "source record": ("source_record", contract("source.json", source)),
    "recordings": ("recordings", contract("recordings.tsv", recordings)),
    "config": ("config", contract("config.yaml", config)),
    "registry": ("registry", contract("registry.yaml", registry)),
}
