"""`generate --input`: MultiTalk's and InfiniteTalk's own input files become the same film as by options."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from multitalk_core.cli.main import main, make_parser
from multitalk_core.cli.options.input_options import films
from multitalk_core.cli.options.person_options import read_persons, read_source
from multitalk_core.cli.options.voice_options import read_timeline
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.errors import MultiTalkError

SMALL = ["--size", "48x32", "--frames", "5", "--clip-frames", "5", "--motion-frames", "1", "--steps", "1"]
SMALL += ["--text-scale", "1", "--audio-scale", "1"]
# As MultiTalk's first example: rows come first in its boxes.
FIELD = json.loads((Path(__file__).parents[1] / "field" / "graphs" / "multitalk_input.json").read_text())
EXAMPLE = FIELD | {
    "cond_image": "examples/multi/1/multi1.png",
    "cond_audio": {"person1": "examples/multi/1/1.WAV", "person2": "examples/multi/1/2.WAV"},
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory) -> Path:
    """A copy of the reference scripts' folder, with stand-ins of the same form."""
    root = tmp_path_factory.mktemp("MultiTalk")
    folder = root / "examples" / "multi" / "1"
    folder.mkdir(parents=True)
    with Image.open(EMBEDDED / "picture.png") as picture:
        picture.convert("RGB").resize((2560, 1440)).save(folder / "multi1.png")
    for number in (1, 2):
        shutil.copy(EMBEDDED / f"voice_{number}.flac", folder / f"{number}.WAV")
    return root


def filled(scripts: Path, content: object, *options: str):
    """The arguments of each film of a JSON in the folder `examples`."""
    path = scripts / "examples" / "input.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return films(make_parser().parse_args(["generate", "--input", str(path), *options]))


def path_of(voice) -> Path:
    """The file of a voice, which may also have a channel."""
    return voice if isinstance(voice, Path) else voice.path


def test_the_first_example_is_read_as_the_reference_reads_it(scripts):
    (film,) = filled(scripts, EXAMPLE)
    assert film.prompt == "Two people talk." and film.picture == scripts / EXAMPLE["cond_image"]
    timeline = read_timeline(film)
    first, second = timeline.placed_voices
    assert (first.start, second.start) == (0, first.voice.seconds)
    picture, video = read_source(film)
    persons = read_persons(film, picture, timeline.speakers)
    assert video is None and persons.count == 2
    assert persons.masks[0, 160:1280, 120:1080].all() and persons.masks[0].sum() == 1120 * 960
    assert persons.masks[1, 160:1280, 1320:2280].all() and persons.masks[1].sum() == 1120 * 960


def test_together_without_boxes_is_halves_and_one_voice_is_the_whole_picture(scripts):
    (film,) = filled(scripts, EXAMPLE | {"audio_type": "para", "bbox": None})
    assert [placed.start for placed in read_timeline(film).placed_voices] == [0, 0]
    persons = read_persons(film, read_source(film)[0], 2)
    assert persons.masks[0].any(dim=0).nonzero().max() < 1280 < persons.masks[1].any(dim=0).nonzero().min()
    (film,) = filled(scripts, EXAMPLE | {"cond_audio": {"person1": EXAMPLE["cond_audio"]["person1"]}})
    assert read_persons(film, read_source(film)[0], read_timeline(film).speakers).masks.all()


def test_persons_keep_the_order_of_the_file(scripts):
    swapped = dict(zip(("person1", "person2"), reversed(EXAMPLE["bbox"].values()), strict=True))
    (film,) = filled(scripts, EXAMPLE | {"bbox": swapped})
    assert read_persons(film, read_source(film)[0], 2).masks[0, 200, 2000]


def test_a_person_without_a_voice_listens(scripts):
    (film,) = filled(scripts, EXAMPLE | {"cond_audio": EXAMPLE["cond_audio"] | {"person1": "None"}})
    timeline = read_timeline(film)
    assert timeline.speakers == 2 and [placed.speaker for placed in timeline.placed_voices] == [1]


def test_infinitetalk_continues_as_infinitetalk_and_may_dub(scripts):
    entry = {key: value for key, value in EXAMPLE.items() if key != "cond_image"}
    (film,) = filled(scripts, entry | {"cond_video": EXAMPLE["cond_image"]})
    assert film.picture is not None and film.video is None
    assert (film.continuation, film.motion_frames) == ("infinitetalk", 9)
    (scripts / "talk.MP4").write_bytes(b"video")
    (film,) = filled(scripts, entry | {"cond_video": "talk.MP4"})
    assert film.video == scripts / "talk.MP4" and film.picture is None
    (film,) = filled(scripts, entry | {"cond_video": "talk.MP4"}, "--continuation", "multitalk")
    assert (film.continuation, film.motion_frames) == ("multitalk", 5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--prompt", "They nod."], {"prompt": "They nod."}),
        (["--order", "together"], {"order": "together"}),
        (["--persons", "auto"], {"persons": "auto", "boxes": None}),
        (["--seed", "7"], {"seed": 7, "order": "in-turn"}),
        (["--speakers-order", "left-to-right"], {"speakers_order": "left-to-right"}),
        (["--place", "1:0:none"], {"voices": None}),
    ],
)
def test_options_on_the_line_win_over_the_file(scripts, options, expected):
    (film,) = filled(scripts, EXAMPLE, *options)
    assert {name: getattr(film, name) for name in expected} == expected


def test_a_voice_on_the_line_replaces_all_of_the_file(scripts):
    (film,) = filled(scripts, EXAMPLE, "--voice", str(EMBEDDED / "voice_1.flac"))
    assert [path_of(voice) for voice in film.voices] == [EMBEDDED / "voice_1.flac"]


def test_files_are_looked_for_beside_the_json_first_and_in_the_working_directory_last(
    scripts, tmp_path, monkeypatch, capsys
):
    for folder in (tmp_path, scripts / "examples"):
        shutil.copy(EMBEDDED / "voice_1.flac", folder / "voice.wav")
    monkeypatch.chdir(tmp_path)
    film = {"cond_image": EXAMPLE["cond_image"], "cond_audio": {"person1": "voice.wav"}}
    assert path_of(filled(scripts, film)[0].voices[0]) == scripts / "examples" / "voice.wav"
    (scripts / "examples" / "voice.wav").unlink()
    assert path_of(filled(scripts, film)[0].voices[0]) == tmp_path / "voice.wav"
    assert str(tmp_path / "voice.wav") in capsys.readouterr().out


def test_a_list_makes_a_film_each(scripts, tmp_path, capsys):
    path = scripts / "examples" / "two.json"
    shutil.copy(EMBEDDED / "picture.png", scripts / "small.png")
    film = EXAMPLE | {"cond_image": "small.png", "bbox": None}
    path.write_text(json.dumps([film, film | {"audio_type": "para"}]))
    output = tmp_path / "talk.mp4"
    assert main(["generate", "--input", str(path), *SMALL, "--output", str(output)]) == 0
    assert output.stat().st_size and (tmp_path / "talk-2.mp4").stat().st_size
    said = capsys.readouterr().out
    assert f"{path}, film 2: {scripts / 'small.png'}; voices" in said and "(together)" in said


WRONG = {
    "no_json": ("{", "input.json is not valid JSON"),
    "deep": ("[" * 100_000, "cannot be read as JSON"),
    "digits": ("9" * 5000, "cannot be read as JSON"),
    "graph": ({"nodes": []}, "no input of MultiTalk"),
    "empty_list": ([], "lists 0 films"),
    "missing_file": (EXAMPLE | {"cond_image": "gone.png"}, "no picture or video gone.png in .*examples, "),
    "long_name": (EXAMPLE | {"cond_image": "x" * 3000}, "There is no picture or video xxx"),
    "folder": (EXAMPLE | {"cond_image": "multi"}, "is a folder"),
    "number": (EXAMPLE | {"prompt": 5}, "prompt is 5: write a text"),
    "two_sources": (EXAMPLE | {"cond_video": "x.mp4"}, "a cond_image and a cond_video"),
    "third": (EXAMPLE | {"cond_audio": {"person9": "x"}}, "cond_audio names person9"),
    "columns_first": (EXAMPLE | {"bbox": {"person1": [120, 160, 100, 1280]}}, "order is .top, left"),
    "text_box": (EXAMPLE | {"bbox": {"person1": "1,2,3,4"}}, "bbox.person1 is 1,2,3,4: write .top"),
    "one_box": (EXAMPLE | {"bbox": {"person1": [0, 0, 9, 9]}}, "2 voices and boxes of 1 persons"),
    "second_film": ([EXAMPLE, EXAMPLE | {"audio_type": "mix"}], 'Film 2 of .*no audio type "mix"'),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_input_is_refused_in_a_sentence(scripts, name):
    content, message = WRONG[name]
    with pytest.raises(MultiTalkError, match=message):
        filled(scripts, content)


def test_without_a_picture_the_sentence_names_the_ways_to_give_one(capsys):
    assert main(["generate", "--voice", str(EMBEDDED / "voice_1.flac")]) == 2
    assert "Name a --picture, a --video, or an --input" in capsys.readouterr().err
