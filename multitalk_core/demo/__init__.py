"""The embedded demo: its picture, voices and models, and where they lie."""
