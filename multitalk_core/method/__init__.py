"""The paper, section by section, on torch alone."""
