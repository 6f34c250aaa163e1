"""The networks: their architectures, their weights, the registry of those that ship, and what runs them.

Importing these modules loads neither Keras nor TensorFlow; building a network does.
"""

import os

# TensorFlow reports on its build at every start; warnings still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
