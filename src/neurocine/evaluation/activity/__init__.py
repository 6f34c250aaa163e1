"""Activity measured against truth (DeepCINAC, section 2.6)."""
