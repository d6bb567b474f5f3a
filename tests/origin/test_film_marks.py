"""What films and pictures say of their origin, as exiftool and `inspect` read it; frames stay the same."""

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from helpers.exiftool import exiftool, sources
from helpers.mp4_boxes import box
from multitalk_core.audio.waveform import Waveform
from multitalk_core.media.inspection import inspect_media
from multitalk_core.media.picture import write_picture
from multitalk_core.media.video_writer import VideoWriter
from multitalk_core.origin.digital_source import DigitalSource
from multitalk_core.origin.film_mark import FilmMark
from multitalk_core.origin.mp4_boxes import XMP
from multitalk_core.origin.xmp_packet import source_in_packet

TRAINED, COMPOSITE = DigitalSource.TRAINED, DigitalSource.COMPOSITE
FRAMES = torch.rand(30, 48, 64, 3, generator=torch.Generator().manual_seed(0))
SOUND = Waveform(np.sin(np.arange(19200) / 9).astype(np.float32)[None] / 9, 16000)


def write(path: Path, **mark: object) -> Path:
    with VideoWriter(path, 64, 48, sound=SOUND, mark=FilmMark(**mark)) as writer:
        writer.append(FRAMES)
    return path


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux()]


@pytest.mark.parametrize("source", [TRAINED, COMPOSITE])
def test_a_film_says_that_it_is_synthetic_in_both_places(tmp_path, source):
    film = write(tmp_path / "film.mp4", source=source)
    assert sources(film) == {"QuickTime": source, "XMP": source}
    found = inspect_media(film)
    assert found.as_json()["origin"] == {
        "synthetic": True,
        "marks": {"metadata": source.uri, "XMP": source.uri},
        "signature": None,
    }
    assert any(f"synthetic: {source} (metadata, XMP)" in line for line in found.lines())


def test_marks_and_tags_leave_frames_and_sound_as_they_are(tmp_path):
    plain = write(tmp_path / "plain.mp4")
    tagged = write(tmp_path / "tagged.mp4", source=COMPOSITE, tags={"workflow": '{"nodes": "é" }' * 500})
    assert packets(plain) == packets(tagged)
    assert exiftool(tagged)["QuickTime:Workflow"].startswith('{"nodes": "é" }')
    bare = tmp_path / "bare.mp4"
    strip = ["ffmpeg", "-v", "error", "-i", plain, "-map_metadata", "-1", "-c", "copy", bare]
    subprocess.run(strip, check=True)
    assert plain.stat().st_size - bare.stat().st_size < 1500 and packets(bare) == packets(plain)
    assert inspect_media(bare).origin is None


def test_a_film_that_was_never_finished_says_it_too(tmp_path):
    with VideoWriter(tmp_path / "film.mp4", 64, 48, mark=FilmMark(tags={"prompt": "{}"})) as writer:
        for _ in range(3):  # more than one fragment
            writer.append(FRAMES)
        left = tmp_path / "left.mp4"
        left.write_bytes(writer.growing.read_bytes())
    assert sources(left)["QuickTime"] == TRAINED and exiftool(left)["QuickTime:Prompt"] == "{}"


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tiff"])
def test_a_picture_says_what_it_was_made_from(tmp_path, ending):
    path = tmp_path / f"drawing.{ending}"
    write_picture(path, FRAMES[0], TRAINED)
    assert sources(path) == {"XMP": TRAINED}
    assert inspect_media(path).origin.marks == {"XMP": TRAINED.uri}
    write_picture(path, FRAMES[0])
    assert inspect_media(path).as_json()["origin"]["synthetic"] is False  # a program drew it
    reopened = np.asarray(Image.open(path))
    assert ending in ("jpg", "webp") or np.array_equal(reopened, (FRAMES[0] * 255).round().byte())


def test_formats_without_a_place_for_it_are_written_as_before(tmp_path):
    write_picture(tmp_path / "drawing.bmp", FRAMES[0])
    assert inspect_media(tmp_path / "drawing.bmp").origin is None


@pytest.mark.parametrize(
    "packet",
    [
        b"<rdf:Description Iptc4xmpExt:DigitalSourceType = 'http://x/algorithmicMedia'/>",
        b'<Description i:DigitalSourceType="http://x/algorithmicMedia" other="1">',
        b"<e:DigitalSourceType>\n http://x/algorithmicMedia\n</e:DigitalSourceType>",
        b'<e:DigitalSourceType rdf:resource="http://x/algorithmicMedia"/>',
    ],
)
def test_packets_of_other_programs_are_read(packet):
    assert source_in_packet(packet) == "http://x/algorithmicMedia"


@pytest.mark.parametrize("packet", [b"", b"DigitalSourceType", b"<e:DigitalSourceType/>", b"\xff\x00" * 99])
def test_packets_that_say_nothing(packet):
    assert source_in_packet(packet) is None


@pytest.mark.parametrize(
    "appended",
    [
        b"\0\0\0\0uuid" + XMP,  # to the end of the file
        b"\0\0\0\1uuid\0\0",  # its length is cut off
        b"\0\0\0\3uuid",  # shorter than itself
        b"\xff\xff\xff\xffuuid" + XMP + b"<",  # longer than the file
        box(b"uuid", XMP + "<DigitalSourceType>☃</".encode()),
        box(b"free", b""),
    ],
)
def test_odd_boxes_at_the_end_do_no_harm(tmp_path, appended):
    film = write(tmp_path / "film.mp4")
    film.write_bytes(film.read_bytes() + appended)
    assert inspect_media(film).origin.marks == {"metadata": TRAINED.uri, "XMP": TRAINED.uri}


def test_a_sound_and_a_foreign_video_say_nothing(tmp_path):
    for name in ("tone.m4a", "tone.wav", "tone.mkv"):
        tone = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=0.2", tmp_path / name]
        subprocess.run(tone, check=True)
        assert inspect_media(tmp_path / name).origin is None
