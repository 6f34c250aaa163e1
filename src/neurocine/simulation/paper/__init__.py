"""Movies as DeepCINAC simulated them (section 2.4)."""
