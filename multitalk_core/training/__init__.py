"""Training of the adapter (paper 3.4)."""
