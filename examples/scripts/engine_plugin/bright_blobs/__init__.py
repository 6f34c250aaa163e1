"""Describes the engine; its packages are imported only when it runs."""

from pydantic import Field

from neurocine.config.engines import EngineEntry
from neurocine.config.section import Section
from neurocine.steps import Cost


class BrightBlobsSettings(Section):
    """Settings, under `segmentation.bright-blobs` in the config."""

    percentile: float = Field(90.0, gt=0, lt=100, description="pixels above this percentile are bright")
    min_area_um2: float = Field(50.0, ge=0, description="smaller blobs are left out, in square micrometres")


ENTRY = EngineEntry("bright_blobs.find", env="core", cost=Cost(1000, 0.0, 5, 0), settings=BrightBlobsSettings)
