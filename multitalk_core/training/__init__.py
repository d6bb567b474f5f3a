"""Training of the adapter (paper 3.4): stages, tasks and partial parameters."""
