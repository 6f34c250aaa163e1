"""Movies in the formats of microscopes' makers."""
