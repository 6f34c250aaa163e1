"""Training on several GPUs and nodes."""
