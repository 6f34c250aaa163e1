"""Segmentation measured against truth (Soltanian-Zadeh et al. 2019)."""
