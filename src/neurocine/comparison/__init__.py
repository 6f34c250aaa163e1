"""Engines compared on movies whose truth is known, each tuned the same way: ``snakemake benchmark``."""
