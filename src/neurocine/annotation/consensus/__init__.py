"""Several people label one recording: how well they agree, what they agree on, and who decides the rest."""
