"""Base class and value types that the sections of the config share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]

#: Runtime of a network; the results of the two agree to 1e-5.
Backend = Literal["keras", "openvino"]

#: Names of the presets of `neurocine.simulation`.
PresetName = Literal[
    "paper",
    "cortex-6f",
    "cortex-6s",
    "ca1-development",
    "ca1-interneurons",
    "low-rate",
    "geco",
    "tissue-cortex",
    "tissue-cortex-6f",
    "tissue-dim",
    "tissue-bright",
    "tissue-moving",
    "tissue-vessels",
    "tissue-hippocampus",
    "tissue-interneurons",
    "tissue-nuclei",
    "tissue-types",
]
CellType = Literal["pyramidal", "interneuron", "noise"]


class Section(BaseModel):
    """A section of the config; unknown keys are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _printable(cls, value: object) -> object:
        return printable(value)


def printable(value: object) -> object:
    """Return `value`, or raise `ValueError` if it is text with control characters such as line breaks."""
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("it holds a character that can't be printed")
    return value
