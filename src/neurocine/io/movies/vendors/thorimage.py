"""ThorImage LS: ``Image_0001_0001.raw`` with raw pixels, and ``Experiment.xml`` with the settings.

The pixels lie in the file as they come, so they are mapped; no maintained library reads this pair. Order of
the pixels and meaning of the settings: ThorImage's own source, and a recording of version 3.2.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from neurocine.core import DamagedFile, FileMissing, InputError
from neurocine.io.movies.frames import Mapped, OpenedMovie
from neurocine.io.movies.layout import Layout, whole_volumes
from neurocine.io.movies.metadata import square_size
from neurocine.io.movies.names import natural_key
from neurocine.io.movies.registry import MOVIE_FORMATS, MovieFormat
from neurocine.io.movies.vendors.xml import numeric, parse

logger = logging.getLogger(__name__)

SETTINGS = "Experiment.xml"
_IMAGES = "Image_*.raw"
#: The channels: all are stored, or only those that were switched on.
_LETTERS = "ABCD"


@dataclass(frozen=True)
class Settings:
    """What the pixels are.

    Attributes
    ----------
    fov_shape
        Rows and columns.
    channels
        Names of the channels that are stored, one after the other for each frame.
    n_planes
        Planes of a volume, without flyback.
    n_flyback
        Frames after each volume while the objective goes back.
    n_volumes
        Volumes, or frames of one plane, that were asked for; None if unknown.
    frame_rate_hz
        Frames per second, all planes and flyback frames counted.
    pixel_size_um
        µm per pixel.
    """

    fov_shape: tuple[int, int]
    channels: tuple[str, ...]
    n_planes: int
    n_flyback: int
    n_volumes: int | None
    frame_rate_hz: float | None
    pixel_size_um: float | None

    @property
    def n_channels(self) -> int:
        """Number of channels that are stored."""
        return len(self.channels)


def read(path: Path, dataset: str | None = None) -> OpenedMovie:
    """Return the uint16 frames of a ``.raw`` file, or of the only one in a folder.

    Raises
    ------
    InputError
        If the settings beside it are missing or don't fit its size, or the folder holds several regions.
    """
    if path.is_dir():
        path = _only_image(path)
    settings = read_settings(path.parent / SETTINGS)
    height, width = settings.fov_shape
    frame_bytes = 2 * height * width * settings.n_channels
    n_frames, rest = divmod(path.stat().st_size, frame_bytes)
    if rest:
        raise DamagedFile(
            path,
            "size",
            f"is {path.stat().st_size} bytes, but {SETTINGS} says {settings.n_channels} channel(s) of "
            f"{height} x {width} pixels, which take {frame_bytes} bytes",
            "The file is cut short, or isn't the movie (the movie is called Image_0001_0001.raw).",
        )
    n_flyback = settings.n_flyback
    if settings.n_volumes and n_frames == settings.n_volumes * settings.n_planes:
        n_flyback = 0  # There is no room for flyback frames: they weren't stored.
    elif settings.n_volumes and settings.n_planes == 1 and n_frames != settings.n_volumes:
        logger.warning(
            "%s: it holds %d frames of %d x %d pixels, but %s says %d. If it wasn't stopped early, the "
            "settings may be those of another recording, or it is a stack in depth",
            path, n_frames, height, width, SETTINGS, settings.n_volumes,
        )  # fmt: skip
    layout = Layout(settings.channels, settings.n_planes, n_flyback)
    n_pictures = whole_volumes(path, layout, n_frames * settings.n_channels)
    rate = settings.frame_rate_hz
    return OpenedMovie(
        Mapped(path, "<u2", 0, (n_pictures, height, width)),
        rate / (settings.n_planes + settings.n_flyback) if rate else None,
        settings.pixel_size_um,
        layout=layout,
    )


def read_settings(path: Path) -> Settings:
    """Return what ``Experiment.xml`` says of the pixels.

    Raises
    ------
    InputError
        If it is missing, damaged or doesn't give the size of the picture.
    """
    if not path.is_file():
        raise FileMissing(path, "file", "with the settings isn't there", "Keep it beside the movie.")
    root = parse(path)
    scan, stream, stage = root.find("LSM"), root.find("Streaming"), root.find("ZStage")
    height, width = numeric(scan, "pixelY"), numeric(scan, "pixelX")
    if not (height and width and 1 <= height < 2**16 and 1 <= width < 2**16):
        raise InputError(
            path,
            "LSM",
            "doesn't give pixelX and pixelY",
            "Use the file that ThorImage wrote beside the movie.",
        )
    # Steps in depth count only if the objective moved while frames were streamed.
    fast_z = numeric(stream, "enable") == 1 and numeric(stream, "zFastEnable") == 1
    volumes = numeric(root.find("Timelapse"), "timepoints")
    return Settings(
        fov_shape=(int(height), int(width)),
        channels=_channels(root),
        n_planes=max(1, int(numeric(stage, "steps") or 1)) if fast_z else 1,
        n_flyback=max(0, int(numeric(stream, "flybackFrames") or 0)) if fast_z else 0,
        n_volumes=int(volumes) if volumes else None,
        frame_rate_hz=_frame_rate(root),
        pixel_size_um=_pixel_size(path, scan),
    )


def _channels(root: ElementTree.Element) -> tuple[str, ...]:
    """Return the letters of the stored channels, A to D; ``""`` for a single one."""
    enabled = numeric(root.find("Wavelengths/ChannelEnable"), "Set")
    letters = [letter for i, letter in enumerate(_LETTERS) if int(enabled or 0) >> i & 1]
    if not letters:
        named = root.iterfind("Wavelengths/Wavelength")
        letters = [element.get("name", "").removeprefix("Chan") for element in named]
    if len(letters) > 1 and numeric(root.find("RawData"), "onlyEnabledChannels") == 0:
        letters = list(_LETTERS)
    return tuple(letters) if len(letters) > 1 else ("",)


def _frame_rate(root: ElementTree.Element) -> float | None:
    """Return frames per second: of the scanner while it streams, else of the time lapse; None if unknown."""
    stream, scan = root.find("Streaming"), root.find("LSM")
    if numeric(stream, "enable") == 0:
        interval = numeric(root.find("Timelapse"), "intervalSec")
        return 1 / interval if interval and interval > 0 else None
    rate = numeric(scan, "frameRate")
    averaged = numeric(scan, "averageNum") if numeric(scan, "averageMode") == 1 else 1
    return rate / averaged if rate and rate > 0 and averaged and averaged >= 1 else None


def _pixel_size(path: Path, scan: ElementTree.Element | None) -> float | None:
    """Return µm per pixel. Version 4.4 gives it for each axis, and another value in ``pixelSizeUM``."""
    edges = [numeric(scan, name) for name in ("pixelWidthUM", "pixelHeightUM")]
    if None in edges:
        fields = [(numeric(scan, f"{edge}UM"), numeric(scan, f"pixel{axis}")) for edge, axis in _FIELD]
        edges = [size / n if size and n else None for size, n in fields]
    if None in edges:
        edges = [numeric(scan, "pixelSizeUM")]
    return square_size([edge for edge in edges if edge and edge > 0], path)


_FIELD = (("width", "X"), ("height", "Y"))


def _only_image(folder: Path) -> Path:
    images = sorted(folder.glob(_IMAGES), key=natural_key)
    if len(images) > 1:
        raise InputError(
            folder,
            "regions",
            f"there are {len(images)}: {', '.join(image.name for image in images[:5])}",
            "Give one of these files.",
        )
    return images[0]


def is_recording(folder: Path) -> bool:
    """Return whether a folder holds a recording as ``.raw``."""
    return (folder / SETTINGS).is_file() and any(folder.glob(_IMAGES))


MOVIE_FORMATS.register(
    MovieFormat(
        name="ThorImage",
        suffixes=(".raw",),
        read=read,
        files_in=lambda folder: [folder] if is_recording(folder) else [],
        folder_content=f"{SETTINGS} and {_IMAGES}",
    )
)
