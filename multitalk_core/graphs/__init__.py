"""Other people's graphs: read in both of ComfyUI's forms, understood, and written as ours. JSON in, JSON out."""
