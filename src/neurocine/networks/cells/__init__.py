"""Networks that watch the movie around one cell: activity and cell types (DeepCINAC)."""

from neurocine.networks.cells.architecture import CellArchitecture, Networks
from neurocine.networks.cells.patches import PatchArchitecture
from neurocine.networks.cells.views import ViewArchitecture

__all__ = ["CellArchitecture", "Networks", "PatchArchitecture", "ViewArchitecture"]
