"""Training of the networks of single cells: activity and cell types."""
