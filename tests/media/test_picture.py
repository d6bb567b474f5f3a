"""Pictures: files, the released resize and crop, trained sizes."""

import contextlib
import json
import random
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file

from multitalk_core.errors import MultiTalkError
from multitalk_core.media.picture import (
    check_size,
    covering,
    read_mask,
    read_picture,
    resize_and_crop,
    write_picture,
)

GOLDEN = Path(__file__).parents[1] / "golden"
CONFIG = next(c for c in json.loads((GOLDEN / "manifest.json").read_text())["cases"] if c["case"] == "masks")[
    "config"
]
EXPECTED = load_file(GOLDEN / "masks.safetensors")


@pytest.mark.parametrize(("index", "size"), [(0, (32, 48)), (1, (48, 32))])
def test_picture_is_prepared_as_by_the_released_code(index, size):
    source = EXPECTED[f"image_{index}_source"].permute(2, 0, 1) / 255
    prepared = (resize_and_crop(source, *size) - 0.5) * 2
    torch.testing.assert_close(prepared, EXPECTED[f"image_{index}_prepared"][0, :, 0], rtol=0, atol=1e-5)


@given(
    st.integers(1, 90), st.integers(1, 90), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**31 - 1)
)
@settings(max_examples=40, deadline=None)
def test_any_size_is_resized_as_pillow_does_it(source_height, source_width, rows, columns, seed):
    height, width = 16 * rows, 16 * columns
    pixels = np.random.default_rng(seed).integers(0, 256, (source_height, source_width, 3), dtype=np.uint8)
    ratio = max(height / source_height, width / source_width)
    resized = Image.fromarray(pixels).resize(
        (int(np.ceil(ratio * source_width)), int(np.ceil(ratio * source_height))), Image.Resampling.BILINEAR
    )
    left, top = round((resized.width - width) / 2), round((resized.height - height) / 2)
    expected = np.asarray(resized.crop((left, top, left + width, top + height)))
    picture = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
    fitted = resize_and_crop(picture[None], height, width)
    assert np.array_equal((fitted[0] * 255).round().byte().permute(1, 2, 0).numpy(), expected)


@pytest.mark.parametrize("ending", ["png", "webp", "jpg"])
def test_written_pictures_read_back(tmp_path, ending):
    picture = torch.linspace(0, 1, 48)[None, :, None].expand(32, 48, 3)
    write_picture(tmp_path / f"a.{ending}", picture)
    assert (read_picture(tmp_path / f"a.{ending}") - picture).abs().max() < (
        0.003 if ending == "png" else 0.05
    )
    assert [file.name for file in tmp_path.iterdir()] == [f"a.{ending}"]


@pytest.mark.parametrize(
    ("source", "size"), [((60, 91), (48, 64)), ((31, 40), (96, 96)), ((100, 50), (32, 80))]
)
def test_a_place_in_a_picture_is_where_the_crop_shows_it(source, size):
    rows, columns = torch.arange(source[0]).float(), torch.arange(source[1]).float()
    places = torch.stack([rows[:, None].expand(source), columns.expand(source)])
    shown = resize_and_crop(places, *size, nearest=True)
    ratio, _, (top, left) = covering(source, size)
    for row, column in ((0, 0), (size[0] // 2, size[1] // 3), (size[0] - 1, size[1] - 1)):
        expected = torch.tensor([(row + 0.5 + top) / ratio, (column + 0.5 + left) / ratio])
        nearest = 0.6 + 0.5 / ratio  # pixels between the middle of a sample and of what it is taken from
        torch.testing.assert_close(shown[:, row, column] + 0.5, expected, atol=nearest, rtol=0)


def test_orientation_transparency_and_depth(tmp_path):
    wide = Image.fromarray(np.zeros((10, 30, 3), np.uint8))
    exif = wide.getexif()
    exif[274] = 6
    wide.save(tmp_path / "turned.jpg", exif=exif)
    assert read_picture(tmp_path / "turned.jpg").shape == (30, 10, 3)
    Image.new("RGBA", (4, 4), (255, 255, 255, 0)).save(tmp_path / "clear.png")
    assert read_picture(tmp_path / "clear.png").max() == 0
    Image.fromarray(np.full((4, 4), 32896, np.uint16)).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png").mean() == pytest.approx(0.502, abs=0.002)


def test_a_mask_is_opacity_where_there_is_any_and_brightness_else(tmp_path):
    cutout = np.zeros((4, 8, 4), np.uint8)
    cutout[:, :4, 3] = 255  # dark hair on nothing
    Image.fromarray(cutout).save(tmp_path / "cutout.png")
    assert read_mask(tmp_path / "cutout.png")[0].tolist() == [1] * 4 + [0] * 4
    cutout[..., 3] = 255
    cutout[:, 4:, :3] = 255
    Image.fromarray(cutout).save(tmp_path / "painted.png")
    assert read_mask(tmp_path / "painted.png")[0].tolist() == [0] * 4 + [1] * 4
    Image.new("RGB", (4, 4), "red").save(tmp_path / "red.png")
    with pytest.raises(MultiTalkError, match="picture in colour and no mask"):
        read_mask(tmp_path / "red.png")


def test_bad_files_get_a_sentence(tmp_path):
    with pytest.raises(MultiTalkError, match="no picture at"):
        read_picture(tmp_path / "missing.png")
    (tmp_path / "empty.png").touch()
    with pytest.raises(MultiTalkError, match="empty file"):
        read_picture(tmp_path / "empty.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    for name, content, said in (
        ("cut.png", whole[: len(whole) // 2], "is cut short: download or copy it again"),
        ("text.png", b"not a picture", "broken or not a picture"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MultiTalkError, match=said):
            read_picture(tmp_path / name)


def test_bad_places_get_a_sentence_and_leave_nothing(tmp_path):
    picture = torch.zeros(4, 4, 3)
    with pytest.raises(MultiTalkError, match="does not end like a picture"):
        write_picture(tmp_path / "a.mp3", picture)
    with pytest.raises(MultiTalkError, match="cannot be written"):
        write_picture(tmp_path / "nowhere" / "a.png", picture)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(MultiTalkError, match="cannot be written"):
        write_picture(tmp_path / "folder.png", picture)
    assert [file.name for file in tmp_path.iterdir()] == ["folder.png"]


def test_sizes_are_divisible_by_16():
    check_size(448, 896)
    with pytest.raises(MultiTalkError, match=r"height is 450.*448 or 464"):
        check_size(450, 896)
    with pytest.raises(MultiTalkError, match=r"width is 0.*16 or 32"):
        check_size(448, 0)


def png(width, height):
    """A PNG that claims a size; its pixels are not there."""

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99)))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("width", "height"),
    [(9400, 9400), (13_000, 13_000), (1, 60_000), (16_385, 1), (8193, 8192)],
)
def test_a_size_that_no_picture_has_is_reported_from_the_header(tmp_path, width, height):
    (tmp_path / "claims.png").write_bytes(png(width, height))
    with pytest.raises(MultiTalkError, match=f"claims.png is {width}×{height}: .*scale it down"):
        read_picture(tmp_path / "claims.png")


@pytest.mark.parametrize(("width", "height"), [(2**31 - 1, 1), (2**31 - 1, 2**31 - 1)])
def test_a_header_that_claims_more_than_pillow_opens(tmp_path, width, height):
    (tmp_path / "claims.png").write_bytes(png(width, height))
    with pytest.raises(MultiTalkError, match="too large to open safely"):
        read_picture(tmp_path / "claims.png")


@pytest.mark.parametrize(
    "ending", ["png", "jpg", "webp", "gif", "tiff", "bmp", "tga", "ico", "jp2", "dds", "avif"]
)
def test_a_picture_with_any_bytes_changed_is_read_or_told(tmp_path, ending):
    pixels = np.random.default_rng(0).integers(0, 255, (24, 40, 3), np.uint8)
    file = tmp_path / f"a.{ending}"
    Image.fromarray(pixels).save(file)
    whole, draw = file.read_bytes(), random.Random(ending)
    for _ in range(40):
        changed = bytearray(whole)
        for _ in range(draw.choice((1, 4, 16))):
            changed[draw.randrange(min(len(whole), draw.choice((40, 400))))] = draw.choice((0, 127, 255))
        file.write_bytes(changed)
        with contextlib.suppress(MultiTalkError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert read_picture(file).ndim == 3


@pytest.mark.parametrize(("height", "width"), [(60_000, 1), (16_000, 1), (2, 16_384), (9400, 9400)])
def test_a_picture_that_no_film_has_the_shape_of_is_reported_before_it_is_resized(height, width):
    picture = torch.zeros(1, 1).expand(height, width)[None]  # takes no memory
    with pytest.raises(MultiTalkError, match=rf"{width}×{height}.* (crop it|scale it down)"):
        resize_and_crop(picture, 480, 832)
