"""Unknown words are refused with a sentence that lists the known ones."""

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.guards.words import Word


class MeetingPlace(Word):
    MARKET = "market"
    TOWN_HALL = "town hall"
    PIER = "pier"


def test_a_known_word_is_its_string():
    assert MeetingPlace("town hall") is MeetingPlace.TOWN_HALL
    assert MeetingPlace.PIER == "pier" and f"{MeetingPlace.PIER}" == "pier"


@pytest.mark.parametrize("word", ["townhall", "", "Market", None, 3])
def test_an_unknown_word_is_refused(word):
    with pytest.raises(MultiTalkError) as refused:
        MeetingPlace(word)
    assert str(refused.value) == (
        f'There is no meeting place "{word}": choose "market", "town hall" or "pier".'
    )
