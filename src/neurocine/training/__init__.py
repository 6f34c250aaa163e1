"""Training of the networks on simulated recordings, and the figures and cards of what comes out."""

from neurocine.training.corpus import make_corpus, split_corpus
from neurocine.training.recipe import Recipe
from neurocine.training.trainer import train

__all__ = ["Recipe", "make_corpus", "split_corpus", "train"]
