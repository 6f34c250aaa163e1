"""neurocine: from a two-photon movie to active neurons, their types and their activity."""

from importlib.metadata import version

__version__ = version("neurocine")
