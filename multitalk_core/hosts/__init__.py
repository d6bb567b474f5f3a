"""Hosts of the core other than ComfyUI: one folder for each library that Wan comes from."""
