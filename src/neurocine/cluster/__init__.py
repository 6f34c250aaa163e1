"""What runs where: what jobs ask for, what a cluster offers, and what a run is doing."""
