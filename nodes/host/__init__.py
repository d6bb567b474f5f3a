"""The ComfyUI host: everything between a node and the core."""
