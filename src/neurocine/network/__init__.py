"""The DeepCINAC networks: their architecture, their inputs and their weights.

Importing this package loads neither Keras nor TensorFlow; building a network does.
"""

import os

from neurocine.network.architecture import ARCHITECTURES, Architecture, Networks, build
from neurocine.network.weights import load_weights, save_weights

__all__ = ["ARCHITECTURES", "Architecture", "Networks", "build", "load_weights", "save_weights"]

# TensorFlow reports on its build at every start; warnings still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
