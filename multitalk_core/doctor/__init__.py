"""First contact with a user's own weights: files, machine, kernels and a trial film, in one report."""
