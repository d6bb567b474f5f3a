"""Picture files as users have them: many bits, floats, wide colours, plugins, other kinds of file."""

import contextlib
import random
import struct
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from multitalk_core.errors import MultiTalkError
from multitalk_core.media.picture import on_background, open_picture, read_mask, read_picture

ROWS, COLUMNS = 24, 40
GREY = np.linspace(0.1, 0.9, ROWS * COLUMNS).reshape(ROWS, COLUMNS)
COLOURS = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)
# Red in sRGB under the numbers that other spaces have for it, and their primaries (x, y), white and gamma.
D65, D50 = (0.3127, 0.3290), (0.3457, 0.3585)
WIDE = {
    "Display P3": ((234, 51, 35), ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), D65, 2.4),
    "Adobe RGB": ((219, 0, 0), ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), D65, 2.2),
    "ProPhoto RGB": ((179, 70, 26), ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)), D50, 1.8),
}


def profile(name: str, colour_space: bytes, kind: bytes, space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile, version 2."""
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name.encode() + bytes(80), **tags}
    table, data = struct.pack(">I", len(tags)), b""
    for key, content in tags.items():
        content += bytes(-len(content) % 4)
        table += key + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(content))
        data += content
    header = struct.pack(">I4sI4s4s4s12x4s", 128 + len(table + data), b"", 0x02400000, kind, colour_space,
                         space, b"acsp").ljust(68, b"\0")  # fmt: skip
    return (header + xyz(0.9642, 1, 0.8249)[8:]).ljust(128, b"\0") + table + data


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def wide_profile(name: str) -> bytes:
    """A space of red, green and blue from its primaries, adapted to D50 as ICC wants it."""
    _, primaries, white, gamma = WIDE[name]
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    bright = np.array((white[0] / white[1], 1, (1 - white[0] - white[1]) / white[1]))
    matrix = columns * np.linalg.solve(columns, bright)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    cones = bradford @ (0.9642, 1, 0.8249) / (bradford @ bright)
    matrix = np.linalg.inv(bradford) @ (cones[:, None] * bradford) @ matrix
    encoded = np.linspace(0, 1, 1024)
    curve = encoded**gamma
    if name == "Display P3":
        curve = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** gamma)
    levels = (curve * 65535).round().astype(">u2").tobytes()
    tags = {b"wtpt": xyz(0.9642, 1, 0.8249)}
    for letter, column in zip("rgb", matrix.T, strict=True):
        tags[f"{letter}XYZ".encode()] = xyz(*column)
        tags[f"{letter}TRC".encode()] = b"curv\0\0\0\0" + struct.pack(">I", 1024) + levels
    return profile(name, b"RGB ", b"mntr", b"XYZ ", tags)


def ink_profile() -> bytes:
    """Inks of a press on which paper is white and every ink prints the same grey, L* 50."""
    ramp = bytes(range(256))
    grid = bytes((255, 128, 128)) + bytes((128, 128, 128)) * 15
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + struct.pack(">9i", *(65536 * i for i in (1, 0, 0, 0, 1,
            0, 0, 0, 1))) + ramp * 4 + grid + ramp * 3  # fmt: skip
    return profile("a grey press", b"CMYK", b"prtr", b"Lab ", {b"A2B0": table})


def seen(path: object) -> np.ndarray:
    return read_picture(path).numpy()


def tiff(path: object, picture: np.ndarray, kind: str, **options: object) -> None:
    whole = np.iinfo(kind).max if np.dtype(kind).kind in "iu" else 1
    tifffile.imwrite(path, (picture * whole).astype(kind), byteorder=kind[0], **options)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("white_is_zero", [False, True])
@pytest.mark.parametrize("kind", ["u2", "u4", "i2", "f2", "f4", "f8"])
def test_grey_of_any_depth_and_byte_order(tmp_path, kind, order, white_is_zero):
    stored = 1 - GREY if white_is_zero and kind.startswith("u2") else GREY
    photometric = "miniswhite" if stored is not GREY else "minisblack"
    tiff(tmp_path / "a.tif", stored, order + kind, photometric=photometric)
    assert np.abs(seen(tmp_path / "a.tif") - GREY[..., None]).max() < 0.003


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("kind", ["u2", "f2", "f4"])
def test_colours_of_any_depth_and_layout(tmp_path, kind, order, planes):
    stored = COLOURS if planes == "contig" else np.moveaxis(COLOURS, -1, 0)
    tiff(tmp_path / "a.tif", stored, order + kind, photometric="rgb", planarconfig=planes)
    assert np.abs(seen(tmp_path / "a.tif") - COLOURS).max() < 0.005


@pytest.mark.parametrize("shape", [(1, 8), (8, 1), (1, 1)])
def test_a_line_of_pixels(tmp_path, shape):
    tifffile.imwrite(tmp_path / "a.tif", np.full(shape, 0.5, "f2"))
    assert seen(tmp_path / "a.tif").shape == (*shape, 3)
    Image.fromarray(np.full(shape, 30000, "u2")).save(tmp_path / "a.png")
    assert seen(tmp_path / "a.png").shape == (*shape, 3)


@pytest.mark.parametrize(
    ("most", "kind", "white"),
    [(1, "f4", "1 as white"), (255, "f4", "255 as white"), (65535, "f8", "65535 as white"),
     (255, "i4", "255 as white"), (65535, "i4", "65535 as white"), (65535, "i8", "65535 as white")],
)  # fmt: skip
def test_levels_that_do_not_say_what_is_white_are_read_by_their_range_and_told(tmp_path, most, kind, white):
    tifffile.imwrite(tmp_path / "a.tif", (GREY * most).astype(kind))
    picture = open_picture(tmp_path / "a.tif")
    assert np.abs(on_background(picture).numpy() - GREY[..., None]).max() < 0.006
    assert any(remark.endswith(white) for remark in picture.remarks)


def test_highlights_are_cut_and_numbers_that_are_none_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", (GREY * 3 - 0.5).astype("f4"))
    picture = open_picture(tmp_path / "a.tif")
    assert "what lies beyond is cut" in picture.remarks[0]
    assert on_background(picture).max() == 1
    tifffile.imwrite(tmp_path / "a.tif", np.full((8, 8), np.nan, "f4"))
    with pytest.raises(MultiTalkError, match=r"The levels of .*a\.tif reach from nan"):
        read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("multiplied", [False, True])
def test_opacity_of_a_deep_tiff(tmp_path, multiplied):
    opacity = np.full((ROWS, COLUMNS, 1), 0.5)
    stored = np.concatenate([COLOURS * (0.5 if multiplied else 1), opacity], axis=-1)
    tiff(tmp_path / "a.tif", stored, "<f4", photometric="rgb",
         extrasamples=["assocalpha" if multiplied else "unassalpha"])  # fmt: skip
    assert np.abs(seen(tmp_path / "a.tif") - COLOURS / 2).max() < 0.01
    assert read_mask(tmp_path / "a.tif").mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp", "avif", "deep.tif", "16.png"])
def test_upright_in_all_eight_ways(tmp_path, ending, orientation):
    upright = np.zeros((ROWS, COLUMNS))
    upright[:8, :8] = 1
    transposed = upright.T if orientation > 4 else upright
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: transposed, 6: transposed[::-1], 7: transposed[::-1, ::-1], 8: transposed[:, ::-1],
    }[orientation]  # fmt: skip
    file = tmp_path / f"a.{ending}"
    if ending == "deep.tif":
        tifffile.imwrite(file, stored.astype("f8"), extratags=[(274, "H", 1, orientation, True)])
    else:
        image = Image.fromarray((stored * 65535).astype("u2") if ending == "16.png" else
                                (stored * 255).astype("u1")[..., None].repeat(3, -1))  # fmt: skip
        exif = image.getexif()
        exif[274] = orientation
        image.save(file, exif=exif)
    assert np.abs(seen(file) - upright[..., None]).mean() < 0.02


@pytest.mark.parametrize("space", WIDE)
@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_wide_colours_become_srgb(tmp_path, space, ending):
    image = Image.new("RGB", (32, 32), WIDE[space][0])
    image.save(tmp_path / f"a.{ending}", icc_profile=wide_profile(space), quality=100)
    picture = open_picture(tmp_path / f"a.{ending}")
    assert np.abs(on_background(picture).numpy() * 255 - (255, 0, 0)).max() < 9
    assert f"colours converted from {space} to sRGB" in picture.remarks


def test_srgb_and_damaged_profiles_leave_the_levels_as_they_are(tmp_path):
    from PIL import ImageCms

    pixels = (COLOURS * 255).astype("u1")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for content, remarks in ((srgb, 0), (b"no profile", 1), (ink_profile(), 1)):
        Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=content)
        picture = open_picture(tmp_path / "a.png")
        assert np.array_equal(np.asarray(picture.image)[..., :3], pixels)
        assert len(picture.remarks) == remarks


def test_a_wide_picture_keeps_its_opacity(tmp_path):
    image = Image.new("RGBA", (8, 8), (*WIDE["Display P3"][0], 128))
    image.save(tmp_path / "a.png", icc_profile=wide_profile("Display P3"))
    assert np.abs(np.asarray(open_picture(tmp_path / "a.png").image)[0, 0] - (255.0, 0, 0, 128)).max() <= 2


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_inks_are_read_by_their_profile(tmp_path, ending):
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    image.save(tmp_path / f"a.{ending}", icc_profile=ink_profile())
    assert np.abs(seen(tmp_path / f"a.{ending}") * 255 - 119).max() < 4  # L* 50
    image.save(tmp_path / f"plain.{ending}")
    picture = open_picture(tmp_path / f"plain.{ending}")
    assert on_background(picture)[0, 0].tolist() == pytest.approx([0, 1, 1], abs=0.02)
    assert picture.remarks == ["no colour profile: the colours are approximate"]


def test_lab_palettes_bits_and_grey_with_alpha(tmp_path):
    Image.new("LAB", (8, 8), (128, 128, 128)).save(tmp_path / "lab.tif")
    assert np.abs(seen(tmp_path / "lab.tif") * 255 - 119).max() < 4
    Image.fromarray((COLOURS * 255).astype("u1")).quantize(16).save(tmp_path / "a.gif")
    assert np.abs(seen(tmp_path / "a.gif") - COLOURS).mean() < 0.1
    Image.fromarray(GREY > 0.5).save(tmp_path / "a.tif")
    assert np.array_equal(seen(tmp_path / "a.tif")[..., 0] > 0.5, GREY > 0.5)
    Image.new("LA", (8, 8), (200, 51)).save(tmp_path / "la.png")
    assert seen(tmp_path / "la.png").mean() == pytest.approx(200 / 255 / 5, abs=0.01)


def test_transparency_is_put_on_the_chosen_background(tmp_path):
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").max() == 0
    assert read_picture(tmp_path / "a.png", "white").min() == 1
    assert (read_picture(tmp_path / "a.png", "#00ff00")[0, 0] * 255).tolist() == [0, 255, 0]
    for colour in ("chartroose", "", "#12", "rgb(300,0,0)", "w" * 200):
        with pytest.raises(MultiTalkError, match="is no colour: give a name such as white"):
            read_picture(tmp_path / "a.png", colour)


def test_one_grey_of_sixteen_bits_may_be_transparent(tmp_path):
    levels = np.full((4, 8), 60000, "u2")
    levels[:, :4] = 1234
    Image.fromarray(levels).save(tmp_path / "a.png", transparency=1234)
    assert read_mask(tmp_path / "a.png")[0].tolist() == [0] * 4 + [1] * 4


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "avif", "tif"])
def test_an_animation_gives_its_first_picture_and_says_so(tmp_path, ending):
    red, blue = (Image.new("RGB", (32, 32), colour) for colour in ("red", "blue"))
    red.save(tmp_path / f"a.{ending}", save_all=True, append_images=[blue])
    picture = open_picture(tmp_path / f"a.{ending}")
    assert np.abs(on_background(picture).numpy() - (1, 0, 0)).max() < 0.02
    assert picture.remarks == ["an animation or several pages: the first picture is taken"]


@pytest.mark.parametrize(
    ("ending", "package", "module"),
    [("heic", "pillow-heif", "pillow_heif"), ("jxl", "pillow-jxl-plugin", "pillow_jxl")],
)
def test_heic_and_jpeg_xl_are_read_or_refused_by_name(tmp_path, monkeypatch, ending, package, module):
    plugin = pytest.importorskip(module)
    if ending == "heic":
        plugin.register_heif_opener()
    Image.fromarray((COLOURS * 255).astype("u1")).save(tmp_path / f"a.{ending}", quality=95)
    assert np.abs(seen(tmp_path / f"a.{ending}") - COLOURS).mean() < 0.02
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MultiTalkError, match=rf"install it with `pip install {package}`, or export"):
        read_picture(tmp_path / f"a.{ending}")


def test_a_tiff_that_needs_tifffile_says_so(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", COLOURS.astype("f4"), photometric="rgb")
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(MultiTalkError, match=r"a TIFF of floats or many bits.*pip install tifffile"):
        read_picture(tmp_path / "a.tif")


OTHERS = {
    "an SVG drawing": b'<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    "a PDF": b"%PDF-1.7\n" + bytes(99),
    "a PostScript file": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "an OpenEXR picture": b"\x76\x2f\x31\x01" + bytes(99),
    "a Radiance HDR picture": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n",
    "another program's working file": b"gimp xcf v011\0" + bytes(99),
    "a web page": b"<!DOCTYPE html><html>Log in</html>",
    "a video": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2" + bytes(99),
    "a sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(99),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_kind_of_file_is_named(tmp_path, kind):
    (tmp_path / "a.png").write_bytes(OTHERS[kind])
    with pytest.raises(MultiTalkError, match=f"a.png is {kind}, which is not read as a picture: "):
        read_picture(tmp_path / "a.png")


def test_the_preview_in_a_raw_file_is_not_taken_for_the_picture(tmp_path):
    for name, tags in (("a.tif", [(50706, "B", 4, (1, 4, 0, 0), True)]), ("a.nef", [])):
        tifffile.imwrite(tmp_path / name, (COLOURS * 255).astype("u1"), photometric="rgb", extratags=tags)
        with pytest.raises(MultiTalkError, match="is a camera's raw file: develop it"):
            read_picture(tmp_path / name)


def test_a_deep_tiff_that_is_huge_or_cut_or_strange_gets_a_sentence(tmp_path):
    file = tmp_path / "a.tif"
    tifffile.imwrite(file, COLOURS.astype("f4"), photometric="rgb")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MultiTalkError, match=r"cut short|broken"):
        read_picture(file)
    tifffile.imwrite(file, COLOURS.astype("f4"), photometric="cielab")
    with pytest.raises(MultiTalkError, match="a TIFF with uncommon colours"):
        read_picture(file)


def test_what_the_readers_warn_of_a_damaged_tiff_is_not_shown(tmp_path, capfd):
    file = tmp_path / "a.tif"
    tifffile.imwrite(file, COLOURS.astype("f4"), photometric="rgb")
    whole, draw = file.read_bytes(), random.Random(3)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[draw.randrange(8, 250)] = draw.choice((0, 1, 127, 255))
        file.write_bytes(damaged)
        with contextlib.suppress(MultiTalkError):
            assert read_picture(file).ndim == 3
    assert capfd.readouterr() == ("", "")
