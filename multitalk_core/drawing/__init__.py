"""Drawings that explain: persons in the picture, who speaks when, what the model located."""
