"""The networks of activity and cell types: their architecture, their inputs and their weights.

Importing this package loads neither Keras nor TensorFlow; building a network does.
"""

import os

from neurocine.network.architecture import Architecture, Networks
from neurocine.network.cinac import CinacArchitecture
from neurocine.network.named import ARCHITECTURES, architecture_from
from neurocine.network.views import ViewArchitecture
from neurocine.network.weights import load_weights, save_weights

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "CinacArchitecture",
    "Networks",
    "ViewArchitecture",
    "architecture_from",
    "load_weights",
    "save_weights",
]

# TensorFlow reports on its build at every start; warnings still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
