"""Training: losses and everything around the optimiser."""
