"""Scripts of a conversation: read from text, spoken line by line, joined to a recording and its turns."""
