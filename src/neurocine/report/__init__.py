"""The HTML page of each recording, and the index of them all."""

from neurocine.report.card import write_card
from neurocine.report.failures import write_unfinished_index
from neurocine.report.index import write_index
from neurocine.report.page import write_report

__all__ = ["write_card", "write_index", "write_report", "write_unfinished_index"]
