"""Training of the networks that segment active neurons."""
