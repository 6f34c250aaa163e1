"""Masks drawn and judged in the browser: the two phases of STNeuroNet's graders."""
