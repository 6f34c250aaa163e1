"""HNCcorr as a segmentation engine of neurocine: a plug-in, because its licence is for non-commercial use."""

from pathlib import Path

from neurocine.config.engines import EngineEntry
from neurocine.steps import Cost
from neurocine_hnccorr.settings import HnccorrSettings

ENTRY = EngineEntry(
    "neurocine_hnccorr.engine",
    env=Path(__file__).with_name("environment.yaml"),
    remedy="For non-commercial use: pip install hnccorr==2020.5.1 sklearn==0.0 (needs a C compiler).",
    package="hnccorr",
    # Graphs of Python objects, three copies of each; time depends on the field of view, not on frames.
    cost=Cost(4000, 0.2, 60, 60),
    settings=HnccorrSettings,
)
