"""The network says what the graph that its weights come from says."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from multitalk_core.persons.face_detector import FaceDetector
from multitalk_core.persons.face_network import MEAN_COLOUR, FaceNetwork, anchors, decoded_boxes

GOLDEN = load_file(Path(__file__).with_name("face_network.safetensors"))


@pytest.fixture(scope="module")
def said() -> tuple[torch.Tensor, ...]:
    """What our network says of the golden pixels."""
    pixels = (GOLDEN["pixels"].float() - torch.tensor(MEAN_COLOUR)).movedim(-1, 0)[None]
    return FaceDetector().network(pixels)


def test_every_anchor_says_what_it_says_in_the_original_graph(said):
    certainties, offsets, landmarks = said
    assert (GOLDEN["conf"][:, 1] > 0.99).any()
    torch.testing.assert_close(certainties, GOLDEN["conf"][:, 1], atol=1e-5, rtol=0)
    torch.testing.assert_close(offsets, GOLDEN["loc"], atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(landmarks.flatten(1), GOLDEN["landmarks"], atol=2e-4, rtol=1e-4)


def test_the_best_anchor_is_decoded_to_the_face(said):
    certainties, offsets, _ = said
    height, width = GOLDEN["pixels"].shape[:2]
    boxes = decoded_boxes(offsets, anchors(height, width))
    left, top, right, bottom = boxes[certainties.argmax()].tolist()
    assert (left, top, right, bottom) == pytest.approx((33, 26, 128, 144), abs=8)  # her face in the truth


@pytest.mark.parametrize("size", [(64, 64), (33, 70), (1, 40)])
def test_there_is_an_anchor_for_every_prediction(size):
    certainties, offsets, landmarks = FaceNetwork().eval()(torch.zeros(1, 3, *size))
    count = len(anchors(*size))
    assert certainties.shape == (count,) and offsets.shape == (count, 4) and landmarks.shape == (count, 5, 2)
