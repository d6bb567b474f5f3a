"""Annotations of ELAN (.eaf): a tier a speaker, named by its participant if it has one."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

from ...errors import MultiTalkError
from .tiers import is_speech, speaker_of
from .turn import Row, Sheet


def is_xml(text: str) -> bool:
    """Whether the text is XML."""
    return text.startswith(("<?xml", "<ANNOTATION_DOCUMENT", "<!DOCTYPE"))


def elan_sheet(text: str, name: str) -> Sheet:
    """A turn for each annotation of a tier that stands on its own."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MultiTalkError(
            f"Turns cannot be read from {name}, it declares a DOCTYPE, which no ELAN file has: save it again "
            "in ELAN."
        )
    # The text is decoded, whatever encoding its first line declares.
    body = text.partition("?>")[2] if text.startswith("<?xml") else text
    try:
        document = ElementTree.fromstring(body.strip())
    except ElementTree.ParseError as error:
        raise MultiTalkError(f"Turns cannot be read from {name}, it is not valid XML ({error}).") from error
    if document.tag != "ANNOTATION_DOCUMENT":
        raise MultiTalkError(
            f"Turns cannot be read from {name}, it is XML but no ELAN file: export the turns as CSV, RTTM or "
            "JSON."
        )
    return Sheet(_rows(document, name))


def _rows(document: ElementTree.Element, name: str) -> Iterator[Row]:
    header = document.find("HEADER")
    unit = " s" if header is not None and header.get("TIME_UNITS") == "seconds" else " ms"
    slots = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in document.iter("TIME_SLOT")}
    number = 0
    for tier in document.iter("TIER"):
        if tier.get("PARENT_REF"):
            continue  # words and glosses below another tier
        named = tier.get("PARTICIPANT") or tier.get("TIER_ID") or ""
        for annotation in tier.iter("ALIGNABLE_ANNOTATION"):
            label = annotation.findtext("ANNOTATION_VALUE") or "-"
            if is_speech(label):
                number += 1
                where = f"Turn {number} of {name} ({annotation.get('ANNOTATION_ID')} of {named})"
                times = (slots.get(annotation.get(f"TIME_SLOT_REF{edge}", "")) for edge in (1, 2))
                start, end = (time and time + unit for time in times)
                yield Row(where, speaker_of(named, label), start, end)
