"""The one exception whose message is written for the person at the node graph or the command line."""


class MultiTalkError(ValueError):
    """Something the user handed over cannot be used.

    The message is one sentence or two: what is wrong, which input it is, and what to do.
    """
