"""Controls of a recording without truth: planted cells, and the mirrored movie."""
