"""A row of the recordings table as text: its columns, and which values they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from neurocine.config.load import explain
from neurocine.config.section import printable
from neurocine.core import InputError

#: Letters (of any script), digits, ``_``, ``-`` and ``.``: the name is a folder and a Snakemake wildcard.
NAME_PATTERN = r"^\w[\w.-]*$"

#: Folders in the results that don't belong to a recording.
RESERVED = ("benchmarks", "comparison", "evaluation", "logs", "training")

#: Names of devices on Windows, with any suffix.
DEVICES = ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)))

#: Columns that a row can't do without.
REQUIRED = ("recording", "movie")

#: Longest name of a recording in bytes: file systems allow 255, and one letter can take four.
MAX_NAME_BYTES = 200


class RecordingRow(BaseModel):
    """One row of the recordings table; empty cells are null."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recording: Annotated[str, Field(pattern=NAME_PATTERN, max_length=100)] = Field(
        description="unique name: letters, digits, _, - and ."
    )
    movie: str = Field(
        description="path of the movie: a file, a folder, or a glob of files in temporal order"
    )
    frame_rate_hz: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None, description="frames per second; empty: from the file's metadata"
    )
    pixel_size_um: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        None, description="micrometres per pixel; empty: from the file's metadata"
    )
    indicator: str | None = Field(None, description="calcium indicator, such as GCaMP6s")
    rois: str | None = Field(
        None,
        description="file with your own ROIs, for segmentation engine 'given'; FILE#NAME for one of several "
        "sets of ROIs in a file",
    )
    override: bool | None = Field(
        None, description="true: frame rate and pixel size of this table replace those of the file"
    )
    dark_offset: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        None, description="value of a pixel without light, in counts; empty: found where pixels lie below 0"
    )
    channel: str | None = Field(
        None,
        description="name of the channel, such as 2, A or green; 1/2: the first of two whose frames "
        "alternate, where the file doesn't say so; empty: the only one",
    )
    channel_structural: str | None = Field(None, description="second channel, which labels some cells")
    plane: str | None = Field(
        None,
        description="number of the plane, from 0; 0/4: the first of four whose frames alternate, where "
        "the file doesn't say so; empty: the only one",
    )
    frames: str | None = Field(
        None, description="first and last frame to use, 0-based and inclusive, such as 100-8999; empty: all"
    )
    crop: str | None = Field(
        None,
        description="rows and columns to use, 0-based and inclusive, such as 8-503, 12-499; empty: all",
    )
    bad_frames: str | None = Field(
        None,
        description="frames without usable data, 0-based and inclusive, such as 120-130, 500; or a file with "
        "one range per line",
    )
    dataset: str | None = Field(
        None, description="name of the dataset, where the movie's file (HDF5, NWB, Zarr) holds several"
    )
    ground_truth: str | None = Field(
        None,
        description="file or folder with the truth, for evaluation; FILE#NAME for one of several sets",
    )
    split: Literal["train", "validation", "test"] | None = Field(
        None, description="train, validation or test; for recordings with truth"
    )

    @field_validator("recording")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name.casefold() in RESERVED:
            raise ValueError(f"this name is reserved, as are {', '.join(RESERVED)}")
        return name

    @field_validator("recording")
    @classmethod
    def _folder(cls, name: str) -> str:
        if len(name.encode()) > MAX_NAME_BYTES:
            raise ValueError(f"it is longer than {MAX_NAME_BYTES} bytes, which is too long for a folder")
        if name.endswith(".") or name.split(".")[0].casefold() in DEVICES:
            raise ValueError("Windows can't have a folder of this name")
        return name

    @field_validator("*")
    @classmethod
    def _printable(cls, value: object) -> object:
        return printable(value)

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_null(cls, value: object) -> object:
        text = value.strip() if isinstance(value, str) else value
        return None if text == "" else text


def validated_row(where: str, cells: Mapping[str, object]) -> RecordingRow:
    """Return a row of the table, checked; `where` is its place, for messages.

    Raises
    ------
    InputError
        On an unknown column or an invalid value.
    """
    try:
        return RecordingRow.model_validate(dict(cells))
    except ValidationError as error:
        fields, problem, _ = explain(error, RecordingRow)
        remedy = "Correct the cell, or leave it empty."
        if any(part["type"] == "float_parsing" and "," in part["input"] for part in error.errors()):
            remedy = "Write numbers with a decimal point, such as 30.5, and no comma."
        raise InputError(where, fields, problem, remedy) from error
