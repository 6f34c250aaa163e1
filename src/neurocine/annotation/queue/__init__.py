"""In which order segments are offered: first those from which most is to be learned (active learning)."""
