"""What leaves the workflow: tables, NWB, the suite2p folder and the provenance of a recording."""

from neurocine.export.nwb import write_nwb
from neurocine.export.provenance import provenance, write_provenance
from neurocine.export.suite2p import write_suite2p_folder
from neurocine.export.tables import write_tables

__all__ = ["provenance", "write_nwb", "write_provenance", "write_suite2p_folder", "write_tables"]
