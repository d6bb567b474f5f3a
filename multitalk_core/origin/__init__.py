"""The mark of origin: what says that a film is synthetic, who signed it, and whether it was changed since."""
