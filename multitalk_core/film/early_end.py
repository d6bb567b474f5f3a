"""A film that ends early: its whole clips are a film too."""

from collections.abc import Iterator

from .film import FinishedClip


def until_ended(
    film: Iterator[FinishedClip], ended: list[BaseException], interruption: type[BaseException]
) -> Iterator[FinishedClip]:
    """The film up to what ends it early.

    Parameters
    ----------
    film : iterator of FinishedClip
    ended : list of BaseException
        Given the error that ends the film; before the first whole clip it is raised.
    interruption : type of BaseException
        What a user's stop raises; beside every Exception.

    Yields
    ------
    FinishedClip
    """
    finished = None
    try:
        for finished in film:
            yield finished
    except (Exception, interruption) as error:
        if finished is None:
            raise
        ended.append(error)
