"""The checker of films sees a changed colour, a missing mouth and a faded eye, and passes a drawn film."""

import pytest
import torch

from multitalk_core.demo.files import EMBEDDED
from multitalk_core.evaluation.mouth_openness import BRIDGE, EYE_ABOVE, EYE_APART, CartoonFace
from multitalk_core.media.picture import read_picture, resize_and_crop
from multitalk_core.toy_world.parts import EYE, LIPS, measure_demo, measure_parts
from multitalk_core.toy_world.scene import random_scene

HEIGHT, FRAMES = 96, 5


@pytest.fixture
def drawn():
    """A drawn film, its first picture, and its faces."""
    scene = random_scene(1)
    openness = torch.rand(2, FRAMES, generator=torch.Generator().manual_seed(0))
    faces = [CartoonFace(person.x, person.y, person.size) for person in scene.persons]
    return scene.frames(openness, HEIGHT), scene.frames(torch.zeros(2, 1), HEIGHT)[0], faces


def pixels(face, region):
    """Rows and columns of a region of a face."""
    left, top, right, bottom = (round(edge * face.size * HEIGHT) for edge in region)
    x, y = round(face.x * HEIGHT), round(face.y * HEIGHT)
    return slice(y + top, y + bottom), slice(x + left, x + right)


def skin(film, face):
    return film[0][pixels(face, BRIDGE)].mean((0, 1))


def test_a_drawn_film_keeps_everything(drawn):
    parts = measure_parts(*drawn)
    assert set(parts.colours) == {"hair 1", "hair 2", "skin 1", "skin 2", "shirt 1", "shirt 2", "wall"}
    assert all(distance.max() < 1 for distance in parts.colours.values()), str(parts)
    assert parts.mouths.min() > 0.75 and parts.eyes.min() > 0.9
    assert not parts.without_mouth and not parts.without_eye


def test_a_shirt_of_another_colour_is_seen(drawn):
    film, picture, faces = drawn
    below = slice(round((faces[1].y + 1.9 * faces[1].size) * HEIGHT), HEIGHT)
    film[3:, below, film.shape[2] // 2 :] = torch.tensor([0.2, 0.6, 0.3])
    colours = measure_parts(film, picture, faces).colours
    assert colours["shirt 2"][3:].min() > 10
    assert all(distance[:3].max() < 1 for distance in colours.values()) and colours["shirt 1"].max() < 1


def test_a_missing_mouth_is_seen_in_its_frame(drawn):
    film, picture, faces = drawn
    film[2][pixels(faces[0], (-0.6, LIPS[1], 0.6, LIPS[3] + 0.2))] = skin(film, faces[0])
    assert measure_parts(film, picture, faces).without_mouth == [(0, 2)]


def test_a_faded_eye_is_seen_in_its_frame(drawn):
    film, picture, faces = drawn
    left, top, right, bottom = EYE
    place = pixels(faces[1], (EYE_APART + left, top - EYE_ABOVE, EYE_APART + right, bottom - EYE_ABOVE))
    film[4][place] = film[4][place] * 0.2 + skin(film, faces[1]) * 0.8
    parts = measure_parts(film, picture, faces)
    assert parts.without_eye == [(1, 1, 4)] and not parts.without_mouth
    assert "1 eyes are missing" in str(parts)


def test_the_demos_picture_keeps_everything_at_the_demos_sizes():
    picture = read_picture(EMBEDDED / "picture.png").movedim(-1, 0)
    for height, width in ((96, 144), (128, 192)):
        still = resize_and_crop(picture, height, width).movedim(0, -1)
        parts = measure_demo(still.expand(2, -1, -1, -1))
        assert all(distance.max() < 1e-3 for distance in parts.colours.values())
        assert parts.mouths.min() > 0.75 and parts.eyes.min() > 0.99
