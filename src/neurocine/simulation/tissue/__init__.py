"""Movies of tissue: depth, vessels, unlisted sources and a detector, drawn per movie from wide ranges."""
