"""What leaves the workflow: NWB, the suite2p folder and the provenance of a recording."""

from neurocine.export.nwb import write_nwb
from neurocine.export.provenance import provenance, write_provenance

__all__ = ["provenance", "write_nwb", "write_provenance"]
