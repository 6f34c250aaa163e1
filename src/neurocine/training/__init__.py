"""Training of the networks on simulated recordings, and the figures and cards of what comes out."""

from neurocine.training.corpus import make_corpus, split_corpus

__all__ = ["make_corpus", "split_corpus"]
