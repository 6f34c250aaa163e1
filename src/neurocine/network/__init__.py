"""The DeepCINAC networks: their architecture, their inputs and their weights.

Importing this package loads neither Keras nor TensorFlow; building a network does.
"""

from neurocine.network.architecture import ARCHITECTURES, Architecture, Networks, build
from neurocine.network.weights import load_weights, save_weights

__all__ = ["ARCHITECTURES", "Architecture", "Networks", "build", "load_weights", "save_weights"]
