"""Files: written whole or not at all, locks, digests, and checks of what users give."""
