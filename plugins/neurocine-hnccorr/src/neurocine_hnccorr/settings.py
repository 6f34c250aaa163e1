"""Section ``segmentation.hnccorr`` of the config."""

from __future__ import annotations

from pydantic import Field

from neurocine.config.section import Fraction, Positive, Section


class HnccorrSettings(Section):
    """HNCcorr: pixels with similar correlations, segmented around seeds."""

    bin_s: Positive = Field(
        1.0, description="frames are averaged in bins of this many seconds; its authors average ten frames"
    )
    seed_grid_um: Positive = Field(
        6.0,
        description="a seed is the pixel that correlates best with its neighbours in a square of this edge, "
        "in micrometres: half a soma",
    )
    seed_fraction: Fraction = Field(
        0.4, description="fraction of the seeds, best correlated first, around which a cell is searched"
    )
    seed_margin_um: float = Field(
        5.0, ge=0, description="no further seed within this distance of a cell that was found, in micrometres"
    )
    patch_um: Positive = Field(
        36.0, description="edge of the patch around a seed in which a cell is segmented, in micrometres"
    )
    surround_um: Positive = Field(
        12.0, description="radius of the circle of surround pixels around a seed, in micrometres: a soma ..."
    )
    surround_pixels: int = Field(10, ge=1, description="... and number of pixels on this circle")
    min_area_um2: Positive = Field(55.0, description="smaller cells are rejected, in square micrometres")
    max_area_um2: Positive = Field(280.0, description="larger cells are rejected, in square micrometres")
    similarity_decay: Positive = Field(
        1.0, description="decay of the similarity of two pixels with the difference of their correlations"
    )
