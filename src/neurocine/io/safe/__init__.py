"""Guards against hostile and damaged files: every file that a user hands in is opened through them."""
