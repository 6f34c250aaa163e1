"""The section of HNCcorr."""

from __future__ import annotations

from pydantic import Field

from neurocine.config.section import Fraction, Positive, Section


class HnccorrSettings(Section):
    """HNCcorr: pixels that correlate alike, cut out around seeds; where it is installed."""

    bin_s: Positive = Field(
        1.0, description="frames are averaged in bins of this many seconds; its authors average ten frames"
    )
    seed_grid_um: Positive = Field(
        6.0,
        description="a seed is the pixel that correlates best with its neighbours in a square of this edge, "
        "in micrometres: half a soma",
    )
    seed_fraction: Fraction = Field(
        0.4, description="part of the seeds, those that correlate best, around which a cell is looked for"
    )
    seed_margin_um: float = Field(
        5.0, ge=0, description="no further seed this near to a cell that was found, in micrometres"
    )
    patch_um: Positive = Field(
        36.0, description="edge of the patch around a seed that a cell is cut out of, in micrometres"
    )
    surround_um: Positive = Field(
        12.0, description="pixels this far from a seed belong to its surround, in micrometres: a soma ..."
    )
    surround_pixels: int = Field(10, ge=1, description="... so many on the circle")
    min_area_um2: Positive = Field(55.0, description="smaller cells are dropped, square micrometres")
    max_area_um2: Positive = Field(280.0, description="larger cells are dropped, square micrometres")
    similarity_decay: Positive = Field(
        1.0, description="how fast pixels get dissimilar with how differently they correlate with others"
    )
