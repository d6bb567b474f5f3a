"""What shows where a picture is transparent, and what is said about a picture."""

import numpy as np
import pytest
from PIL import Image

from multitalk_core.cli.main import main


@pytest.fixture
def cut_out(tmp_path):
    pixels = np.zeros((64, 96, 4), np.uint8)
    pixels[16:48, 32:64] = (10, 20, 30, 255)
    Image.fromarray(pixels).save(tmp_path / "cut-out.png")
    return tmp_path / "cut-out.png"


def localize(picture, *more: str) -> int:
    drawing = picture.with_name("persons.png")
    command = ["localize", "--picture", str(picture), "--persons", "parts", "--output", str(drawing)]
    return main([*command, "--overwrite", *more])


@pytest.mark.parametrize(("colour", "level"), [(None, 0), ("white", 255), ("#808080", 128)])
def test_the_background_shows_and_is_said(cut_out, capsys, colour, level):
    assert localize(cut_out, "--count", "1", *([] if colour is None else ["--background", colour])) == 0
    said = capsys.readouterr()
    assert said.err == f"{cut_out}: transparent in places: {colour or 'black'} shows there.\n"
    assert "person 1" in said.out
    plain = cut_out.with_name("plain.png")
    image = Image.open(cut_out)
    below = Image.new("RGBA", image.size, (level,) * 3)
    Image.alpha_composite(below, image).convert("RGB").save(plain)
    drawn = np.asarray(Image.open(cut_out.with_name("persons.png")))
    assert localize(plain, "--count", "1") == 0
    assert capsys.readouterr().err == ""
    assert np.array_equal(np.asarray(Image.open(cut_out.with_name("persons.png"))), drawn)


def test_an_unknown_colour_is_refused(cut_out, capsys):
    assert localize(cut_out, "--count", "1", "--background", "chartroose") == 2
    assert "chartroose is no colour: give a name such as white or grey, or #rrggbb" in capsys.readouterr().err
