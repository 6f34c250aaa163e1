"""Figures, pictures and pages: what the report and the evaluations draw with."""
