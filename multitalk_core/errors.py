"""The one exception whose message is written for the user of the node graph or the command line."""

LONGEST_MESSAGE = 1000  # characters
LONGEST_QUOTE = 80


class MultiTalkError(ValueError):
    """Something the user provided cannot be used.

    The message is one or two sentences: what is wrong, which input it is, and what to do. It can be logged
    and shown anywhere: long ones are shortened, and unprintable characters are escaped.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message, LONGEST_MESSAGE))


def printable(text: str, longest: int) -> str:
    """Put a text on one line: shorten its middle if necessary, and escape unprintable characters."""
    if len(text) > longest:
        text = f"{text[: longest // 2]} … {text[-longest // 2 :]}"
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


def quoted(value: object) -> str:
    """Make a value from outside short and printable, for use in a message."""
    try:
        text = str(value)
    except ValueError:  # Python prints no number of more than 4300 digits
        text = "a number of thousands of digits"
    return printable(text, LONGEST_QUOTE)
