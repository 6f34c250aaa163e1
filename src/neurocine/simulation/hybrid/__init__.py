"""Movies from real parts: recorded neurons' spikes and kinetics, real outlines, a real scene's statistics."""
