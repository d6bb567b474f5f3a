"""`evaluate` without weights: where voices come from, what is written, and what is said of odd films."""

import json
import shutil

import pytest
import torch
from PIL import Image

from helpers.sound_files import write_sound
from helpers.talking_films import FIRST, SECOND, picture, talking_frames, voice, write_film
from multitalk_core.cli.main import main
from multitalk_core.media.picture import write_picture

pytestmark = pytest.mark.usefixtures("one_thread")
BOX = {"person1": [0, 0, 320, 240], "person2": [0, 240, 320, 480]}
VOICES = {"person1": "1.wav", "person2": "2.wav"}
ENTRY = {"cond_image": "two.png", "cond_audio": VOICES, "audio_type": "para", "bbox": BOX}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A film of two who speak in turn, its picture and its voices."""
    folder = tmp_path_factory.mktemp("evaluated")
    for number, openness in enumerate((FIRST, SECOND), start=1):
        write_sound(folder / f"{number}.wav", [[(0.0, voice(openness).samples)]])
    write_picture(folder / "two.png", picture())
    write_film(folder / "talk.mp4", talking_frames(FIRST, SECOND))
    (folder / "talk.json").write_text(json.dumps(ENTRY))
    return folder


@pytest.fixture
def evaluated(folder, tmp_path, capfd):
    """Evaluate with some arguments: the exit code, the scores by name, and what is said."""

    def run(*arguments):
        output = tmp_path / "scores.json"
        code = main(["evaluate", *map(str, arguments), "--output", str(output), "--overwrite"])
        said = capfd.readouterr()
        content = json.loads(output.read_text()) if output.exists() else {"scores": []}
        return code, content, said.out + said.err

    return run


def values(content):
    return {score["name"]: score["value"] for score in content["scores"]}


def test_a_film_with_its_json_is_scored_reported_and_drawn(evaluated, folder, tmp_path):
    plot = tmp_path / "scores.png"
    code, content, said = evaluated(folder / "talk.mp4", "--plot", plot)
    scores = values(content)
    assert code == 0 and scores["binding difference"] > 1 and scores["listening mouth"] < 0.4
    assert content["protocol"]["drawn_faces"] and content["protocol"]["frames"] == 60
    assert "binding own" in said and "2000 resamples of blocks of 13 frames" in said
    assert "fid needs weights" in said and "sync needs weights" in said
    with Image.open(plot) as drawn:
        assert drawn.size[0] == 1000 and len(drawn.convert("RGB").getcolors(100000)) > 50


def test_persons_and_voices_keep_together(evaluated, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "films")
    mirrored = {"person1": BOX["person2"], "person2": BOX["person1"]}
    (tmp_path / "films" / "talk.json").write_text(json.dumps(ENTRY | {"bbox": mirrored}))
    for split in ("halves", "persons"):
        _, content, _ = evaluated(tmp_path / "films", "--split", split, "--metrics", "binding")
        assert values(content)["binding difference"] < -1


def test_options_win_over_the_json(evaluated, folder):
    film, binding = folder / "talk.mp4", ["--metrics", "binding"]
    _, described, _ = evaluated(film, *binding)
    height, width = talking_frames(FIRST, SECOND).shape[1:3]
    boxes = f"{width // 2},0,{width},{height}", f"0,0,{width // 2},{height}"
    for split in ("halves", "persons"):
        _, mirrored, _ = evaluated(film, *binding, "--split", split, "--boxes", *boxes)
        assert values(described)["binding difference"] > 1 and values(mirrored)["binding difference"] < -1
    _, _, said = evaluated(film, *binding, "--order", "in-turn")
    assert "binding needs two persons with a voice" in said  # the second one begins after the film
    code, _, said = evaluated(film, *binding, "--persons", "1")
    assert code == 2 and "are those of 2 persons, and --persons says 1" in said
    code, _, _ = evaluated(film, *binding, "--persons", "2")
    assert code == 0


def test_given_voices_leave_the_persons_to_the_json(evaluated, folder, tmp_path):
    """The film's boxes and picture stay, in either split; the JSON's own voices need not be there."""
    shutil.copytree(folder, tmp_path / "films")
    film = tmp_path / "films" / "talk.mp4"
    lost = {"cond_audio": {"person1": "lost.wav", "person2": "lost.wav"}, "bbox": BOX}
    film.with_suffix(".json").write_text(json.dumps(ENTRY | lost))
    voices = [("--voice", folder / f"{number}.wav") for number in (1, 2)]
    for split in ("halves", "persons"):
        for given, sign in ((voices, 1), (voices[::-1], -1)):
            line = [film, *given[0], *given[1], "--split", split, "--metrics", "binding"]
            _, content, _ = evaluated(*line)
            assert values(content)["binding difference"] * sign > 1 and content["protocol"]["drawn_faces"]
    code, _, said = evaluated(film, *voices[0], "--metrics", "binding")
    assert code == 2 and "describes 2 persons, and the voices are those of 1:" in said


def test_given_boxes_need_no_picture(evaluated, folder, tmp_path):
    """The faces are looked for in the film; a JSON's own boxes are in pixels of the picture."""
    film = tmp_path / "talk.mp4"
    write_film(film, talking_frames(FIRST, SECOND)[:4])
    film.with_suffix(".json").write_text(json.dumps(ENTRY | {"cond_image": "lost.png"}))
    voices = ["--voice", folder / "1.wav", "--voice", folder / "2.wav", "--metrics", "binding"]
    height, width = talking_frames(FIRST, SECOND).shape[1:3]
    boxes = f"0,0,{width // 2},{height}", f"{width // 2},0,{width},{height}"
    _, _, said = evaluated(film, *voices, "--boxes", *boxes)
    assert "lost.png" not in said and "4/4" in said
    code, _, said = evaluated(film, *voices)
    assert code == 2 and "lost.png" in said


def test_odd_films_are_named_and_the_others_scored(evaluated, folder, tmp_path):
    films = tmp_path / "films"
    shutil.copytree(folder, films)
    (films / "a.mp4").write_bytes(b"no film")
    write_film(films / "short.mp4", talking_frames(FIRST, SECOND)[:4])
    write_film(films / "nobody.mp4", torch.full((6, 96, 144, 3), 0.5))
    shutil.copy(folder / "talk.mp4", films / "gone.mp4")
    for name, entry in (
        ("short", ENTRY),
        ("nobody", {"cond_audio": VOICES, "audio_type": "para"}),
        ("gone", ENTRY | {"cond_audio": {"person1": "gone.wav"}}),
    ):
        (films / f"{name}.json").write_text(json.dumps(entry))
    shutil.copy(films / "nobody.mp4", films / "unknown.mp4")
    (films / "short.growing.mp4").write_bytes(b"unfinished")
    code, content, said = evaluated(films, "--metrics", "binding", "interaction")
    assert code == 2 and "2 of the films could not be scored" in said
    assert "a.mp4 cannot be read" in said and "no voice gone.wav" in said and "growing" not in said
    assert values(content)["binding difference"] > 1 and len(content["films"]) == 4
    assert "nobody.mp4: 2 of 2 persons have no face in the first frame" in said
    assert "short.mp4: binding needs two persons" in said
    assert "unknown.mp4: nobody's voice is known" in said
    code, _, said = evaluated(films / "gone.mp4", "--metrics", "binding")
    assert code == 2 and "No film can be scored." in said and "gone.wav" in said


def test_other_rates_and_more_persons_than_voices(evaluated, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "slow")
    slow = write_film(tmp_path / "slow" / "talk.mp4", talking_frames(FIRST, SECOND)[::2], fps=12.5)
    code, content, said = evaluated(slow, "--metrics", "binding")
    assert code == 0 and content["protocol"]["resampled_films"] == 1
    assert content["protocol"]["frames"] == 60 and values(content)["binding difference"] > 0.8
    still = write_film(tmp_path / "still.mp4", torch.full((6, 96, 144, 3), 0.5))
    voices = ["--voice", folder / "1.wav", "--voice", folder / "2.wav"]
    boxes = ["--boxes", "0,0,40,96", "40,0,80,96", "80,0,144,96"]
    for given in ([], ["--voice", "none"]):
        code, _, said = evaluated(
            still, *voices, *given, *boxes, "--split", "persons", "--metrics", "interaction"
        )
        assert code == 2 and "3 of 3 persons have no face" in said
    code, _, said = evaluated(still, *voices, *boxes, "--metrics", "binding")
    assert code == 2 and "has 3 persons, and halves are for two" in said
    code, _, said = evaluated(still, *voices, *boxes[:2], "--split", "persons", "--metrics", "binding")
    assert code == 2 and "2 voices and 1 persons" in said
    code, _, said = evaluated(still, "--persons", "1", "--metrics", "binding")
    assert code == 2 and "nobody's voice is known" in said  # a film without sound


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name the FILMS to score"),
        (["empty"], "contains no films"),
        (["talk.mp4", "--metrics", "lips"], "invalid choice: 'lips'"),
        (["talk.mp4", "--metrics", "fid"], "fid needs weights"),
        (["talk.mp4", "--metrics", "fid", "--weights", "empty"], "inception.safetensors"),
        (["--convert-weights", "talk.mp4"], "name it"),
        (["--convert-weights", "empty", "--weights", "empty"], "has none of syncnet_v2.model"),
        (["--convert-weights", "talk.mp4", "--weights", "empty"], "talk.mp4"),
        (["talk.mp4", "--output", "talk.json"], "talk.json is one of the inputs"),
        (["talk.mp4", "--plot", "two.png", "--overwrite"], "two.png is one of the inputs"),
        (["talk.mp4", "--plot", "linked.png", "--overwrite"], "linked.png is one of the inputs"),
        (["moved/talk.mp4", "--plot", "linked.png", "--overwrite"], "linked.png is one of the inputs"),
        (
            ["talk.mp4", "--references", "moved", "--output", "moved/talk.json"],
            "talk.json is one of the inputs",
        ),
        (["talk.mp4", "--output", "scores.txt"], "must be a .json file"),
    ],
)
def test_what_is_refused(folder, capsys, monkeypatch, arguments, sentence):
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir(exist_ok=True)
    if not (folder / "linked.png").exists():
        (folder / "linked.png").hardlink_to(folder / "1.wav")  # which both talk.json name
        (folder / "moved").mkdir()
        (folder / "moved" / "talk.mp4").hardlink_to(folder / "talk.mp4")
        (folder / "moved" / "talk.json").write_text(json.dumps(ENTRY | {"cond_image": "gone.png"}))
    assert main(["evaluate", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_which_weights_are_missing_is_said(tmp_path, capsys):
    (tmp_path / "i3d.safetensors").write_bytes(b"broken")
    assert main(["evaluate", "--weights", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.count("missing\n") == 4 and "i3d.safetensors" in said and "not usable" in said
