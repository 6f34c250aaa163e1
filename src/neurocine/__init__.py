"""neurocine: from a two-photon movie to active neurons, their types and their activity."""

__version__ = "0.1.0"
