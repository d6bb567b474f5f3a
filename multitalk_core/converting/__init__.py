"""Other people's graphs, read in both of ComfyUI's forms and written as ours: JSON in, JSON out."""
