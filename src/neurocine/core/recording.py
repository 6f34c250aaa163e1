"""One row of the recordings table, and the part of a movie's files that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: First and last of a range, 0-based and inclusive.
Range = tuple[int, int]


@dataclass(frozen=True)
class Crop:
    """The part of a picture that a movie shows.

    Attributes
    ----------
    rows, columns
        First and last ones (0-based, inclusive).
    whole
        Height and width of the whole picture.
    """

    rows: Range
    columns: Range
    whole: tuple[int, int]

    @property
    def fov_shape(self) -> tuple[int, int]:
        """Height and width of the part."""
        return self.rows[1] + 1 - self.rows[0], self.columns[1] + 1 - self.columns[0]

    def of(self, outer: Crop | None) -> Crop:
        """Return this part of a picture that is itself the part `outer` of another, as part of that one."""
        if outer is None:
            return self
        top, left = outer.rows[0], outer.columns[0]
        rows, columns = (
            (self.rows[0] + top, self.rows[1] + top),
            (self.columns[0] + left, self.columns[1] + left),
        )
        return Crop(rows, columns, outer.whole)


@dataclass(frozen=True)
class Selection:
    """Which part of a movie's files is the recording; by default all of the only movie in them.

    Attributes
    ----------
    dataset
        Name of the dataset in the file; None for the only one.
    channel
        Name of the channel, as the microscope has it; None for the only one.
    n_channels
        Number of channels whose frames alternate, where the file doesn't say so; they are called 1, 2 and so
        on. None: what the file says.
    plane
        Number of the plane, from 0; None for the only one.
    n_planes
        Number of planes whose frames alternate (flyback counts as planes), where the file doesn't say so.
    frames
        First and last frame (0-based, inclusive), counted within the channel and plane; None for all.
    crop
        First and last row, then first and last column (0-based, inclusive); None for the whole picture.
    """

    dataset: str | None = None
    channel: str | None = None
    n_channels: int | None = None
    plane: int | None = None
    n_planes: int | None = None
    frames: Range | None = None
    crop: tuple[Range, Range] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.dataset, str | None):
            raise TypeError(f"dataset must be a name, not {self.dataset!r}")
        if not isinstance(self.channel, str | None):
            raise TypeError(f"channel must be a name, not {self.channel!r}")


@dataclass(frozen=True)
class Recording:
    """One recording of one plane, as the user's table names it.

    Attributes
    ----------
    name
        Unique name; also its folder under ``results/``.
    movie
        The movie's file or folder, or several files in order of time.
    selection
        Which part of these files is the recording.
    channel_structural
        Name of a channel of the same files that labels some cells; None if there is none.
    frame_rate_hz, pixel_size_um, indicator
        As the table gives them; None where it leaves them to the file.
    override
        Whether the table's frame rate and pixel size replace those of a file that says otherwise.
    dark_offset
        Value of a pixel without light, in counts; None where the table leaves it to the movie.
    rois
        Contours from the user, for the engine ``given``, with ``#name`` if the file holds several sets;
        None if there are none.
    bad_frames
        First and last frame (0-based, inclusive, counted before `selection`) of each range without usable
        data.
    ground_truth
        Folder or file with the truth, for evaluation, with ``#name`` if the file holds several sets of ROIs;
        None if there is none.
    split
        ``train``, ``validation``, ``test`` or empty.
    """

    name: str
    movie: tuple[Path, ...]
    selection: Selection = Selection()
    channel_structural: str | None = None
    frame_rate_hz: float | None = None
    pixel_size_um: float | None = None
    indicator: str | None = None
    override: bool = False
    dark_offset: float | None = None
    rois: Path | None = None
    bad_frames: tuple[Range, ...] = ()
    ground_truth: Path | None = None
    split: str = ""
