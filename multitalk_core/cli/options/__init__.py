"""The options of `generate`: one file a topic."""
