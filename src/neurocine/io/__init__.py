"""Formats in and out: what users hand in, and the files that pass from step to step."""
