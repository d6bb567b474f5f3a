"""The one exception whose message is written for the person at the node graph or the command line."""

LONGEST_MESSAGE = 1000  # characters
LONGEST_QUOTE = 80


class MultiTalkError(ValueError):
    """Something the user handed over cannot be used.

    The message is one sentence or two: what is wrong, which input it is, and what to do. It can be logged and
    shown anywhere: it is shortened, and what cannot be printed is escaped.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message, LONGEST_MESSAGE))


def printable(text: str, longest: int) -> str:
    """A text on one line, its middle left out where it is too long; controls and surrogates are escaped."""
    if len(text) > longest:
        text = f"{text[: longest // 2]} … {text[-longest // 2 :]}"
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


def quoted(value: object) -> str:
    """A value from outside as a sentence repeats it: short and printable."""
    try:
        text = str(value)
    except ValueError:  # Python writes no number of more than 4300 digits
        text = "a number of thousands of digits"
    return printable(text, LONGEST_QUOTE)
