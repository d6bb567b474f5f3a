"""The diffusers host: everything that knows diffusers."""
