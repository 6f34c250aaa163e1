"""Training of the networks on simulated recordings, and the figures and cards of what comes out."""

from neurocine.training.cells.recipe import Recipe
from neurocine.training.cells.train import train
from neurocine.training.corpus import make_corpus, split_corpus

__all__ = ["Recipe", "make_corpus", "split_corpus", "train"]
