"""Load engines; programs that run in their own environments."""
