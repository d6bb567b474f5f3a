"""A farm: films by the thousand on many ComfyUI servers, through Ray; it imports no torch."""
