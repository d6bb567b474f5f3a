"""What a picture or a film was made from, in the words of the IPTC's vocabulary."""

import re

from ..guards.words import Word

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
NAMED = re.compile(re.escape(VOCABULARY) + r"\w+")


class DigitalSource(Word):
    """A digital source type of the IPTC (https://cv.iptc.org/newscodes/digitalsourcetype/).

    TRAINED is made by a trained model, COMPOSITE a recording that a trained model changed in part.
    ALGORITHMIC is drawn by a program, such as a plot, and MIXED joins a recording with such a drawing.
    """

    TRAINED = "trainedAlgorithmicMedia"
    COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
    ALGORITHMIC = "algorithmicMedia"
    MIXED = "composite"

    @property
    def uri(self) -> str:
        """The full name, as metadata has it."""
        return VOCABULARY + self


SYNTHETIC = (DigitalSource.TRAINED, DigitalSource.COMPOSITE)


def source_in_text(text: str) -> str | None:
    """The first full name of a source in a text."""
    found = NAMED.search(text)
    return found[0] if found else None


def known_source(uri: str) -> DigitalSource | None:
    """The source of a full name; None for one that this pack never writes."""
    word = uri.rpartition("/")[2]
    return DigitalSource(word) if word in DigitalSource.words() else None
