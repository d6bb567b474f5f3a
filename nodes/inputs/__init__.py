"""Inputs that several nodes declare alike."""
