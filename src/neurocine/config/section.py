"""What the sections of the config have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]

#: What runs a network; both give the same numbers to 1e-5.
Backend = Literal["keras", "openvino"]

#: What `neurocine.simulation` can make, by name.
PresetName = Literal[
    "paper", "cortex-6f", "cortex-6s", "ca1-development", "ca1-interneurons", "low-rate", "geco"
]
CellType = Literal["pyramidal", "interneuron", "noise"]


class Section(BaseModel):
    """A part of the config; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _printable(cls, value: object) -> object:
        return printable(value)


def printable(value: object) -> object:
    """Return `value`, or raise `ValueError` if it is text that no file or page can show as it is."""
    # Such as a line break or NUL; spaces and letters of any script are printable.
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("it holds a character that can't be printed")
    return value
