"""What tests of the timeline hold in the classic canvas, in Nodes 2.0: `make soak`."""

import pytest
import test_timeline_lanes as lanes
import test_timeline_turns as turns
from comfy_page import complaints
from timeline_page import use_nodes_2

pytestmark = pytest.mark.soak
ALIKE = [
    turns.test_edges_are_trimmed_and_keys_do_all_of_it,
    turns.test_speech_is_found_and_cut_into_turns,
    turns.test_a_table_of_another_form_is_shown_and_keeps_its_names,
    turns.test_turns_from_another_node_are_shown_and_a_change_takes_them_over,
    turns.test_a_graph_opened_again_and_a_copy_have_their_own_turns,
    turns.test_one_recording_is_said_to_be_one,
    turns.test_turns_are_there_after_the_browser_has_read_the_page_again,
    lanes.test_a_lane_dropped_on_another_face_exchanges_the_voices,
    lanes.test_of_one_recording_the_turns_change_places_and_lanes,
    lanes.test_the_mix_plays_alone_or_together_and_stops,
    lanes.test_a_screen_reader_is_told_of_turns_and_buttons,
    lanes.test_60_turns_in_10_minutes_stay_light,
    lanes.test_after_a_run_lanes_have_faces_and_a_drag_changes_the_next_run,
    lanes.test_a_clip_takes_a_prompt_and_a_retake_and_other_lines_stay,
]


@pytest.fixture
def nodes_2_0(page):
    complaints(page)
    use_nodes_2(page, True)
    yield page
    use_nodes_2(page, False)


@pytest.mark.parametrize("check", ALIKE, ids=lambda check: check.__name__.removeprefix("test_"))
def test_it_holds_in_nodes_2_0_too(nodes_2_0, check):
    check(nodes_2_0)
    assert complaints(nodes_2_0) == []
