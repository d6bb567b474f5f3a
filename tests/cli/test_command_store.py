"""Stored clips, from the command line: resuming, retakes, approval and other prompts."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.video_writer import read_video

VOICES = [f"{EMBEDDED}/voice_{number}.flac" for number in (1, 2)]
PLACES = ["--boxes", "64,56,300,400", "340,50,576,400", "--size", "48x32", "--text-scale", "1"]
LENGTHS = ["--frames", "13", "--clip-frames", "5", "--motion-frames", "1", "--steps", "1"]


@pytest.fixture
def generate(tmp_path, capsys):
    """Make a film of three clips; what was printed."""
    torch.set_num_threads(1)

    def said(*arguments: str, store: Path | None = tmp_path / "store", code: int = 0) -> str:
        voices = ["--voice", VOICES[0], "--voice", VOICES[1]]
        command = ["generate", "--picture", f"{EMBEDDED}/picture.png", *voices, *PLACES, *LENGTHS]
        kept = ["--no-store"] if store is None else ["--store", str(store)]
        assert main([*command, *kept, "--output", str(tmp_path / "film.mp4"), *arguments]) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    return said


def frames(folder: Path, name: str = "film.mp4") -> torch.Tensor:
    return read_video(folder / name)[0]


def test_approval_then_the_whole_film_then_a_retake(generate, tmp_path):
    assert "drift     " in generate(store=None)
    alone = frames(tmp_path)
    said = generate("--stop-after", "1", code=2)
    assert "film.mp4 exists" in said and "--overwrite" in said  # it was made without a store
    said = generate("--stop-after", "1", "--overwrite")
    assert "clips are stored in" in said and "after clip 1 of 3: without --stop-after" in said
    beginning = frames(tmp_path, "film.unfinished-5-of-13-frames.mp4")
    assert len(beginning) == 5
    assert "resumes after clip 1 of 3" in generate()
    assert torch.equal(frames(tmp_path), alone)
    said = generate("--retake", "2")
    seed = re.search(r"--retake 2:(\d+)", said)[1]
    retaken = frames(tmp_path)
    assert "clips from 2 on differ from the last film.mp4: seed of its own changed" in said
    assert len(retaken) == 13 and not torch.equal(retaken, alone)
    assert "resumes after clip 3 of 3" in generate("--retake", f"2:{seed}")
    assert torch.equal(frames(tmp_path), retaken)


def test_a_changed_prompt_is_named_and_another_prompt_begins_with_its_clip(generate):
    generate("--stop-after", "2")
    said = generate("--prompt-at", "0.4:They laugh.")
    assert "prompt of its own changed" in said and "clip 3 'They laugh.'" in said
    assert "resumes after clip 2 of 3" in said
    said = generate("--prompt", "A quarrel.", "--overwrite")
    assert "every clip differs from the last film.mp4: prompt changed" in said


def test_a_harmed_clip_is_named(generate, tmp_path):
    generate()
    second = next((tmp_path / "store").glob("*/clip-0002-*"))
    second.write_bytes(second.read_bytes()[:-1])
    assert "clip 2 and those that follow it are generated again: the stored clip is cut short" in generate()


def test_films_lists_and_clears(generate, tmp_path, capsys):
    generate("--stop-after", "2")
    assert main(["films", "--store", str(tmp_path / "store")]) == 0
    said = capsys.readouterr().out
    assert "2 of 3 clips  film.mp4" in said and "in 1 film in" in said
    assert main(["films", "--store", str(tmp_path / "store"), "--clear"]) == 0
    assert "1 film cleared" in (said := capsys.readouterr().out) and "in 0 films" in said
    assert not list((tmp_path / "store").iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--retake", "4"], "There is no clip 4: the film has 3"),
        (["--stop-after", "9"], "There is no clip 9"),
        (["--retake", "two"], '"two" is not a clip: write a clip as in 3'),
        (["--prompt-at", "laugh"], "laugh has no time: write SECONDS:TEXT"),
        (["--prompt-at", "7:laugh"], "lies after the film's end at 0.52 seconds"),
        (["--store-limit", "0"], "0 is not a number from 0.001"),
    ],
)
def test_what_cannot_be(generate, arguments, sentence):
    assert sentence in generate(*arguments, code=2)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc takes no files, not even from root")
def test_a_store_that_takes_no_files_is_reported_before_models_are_looked_for(generate, tmp_path):
    said = generate("--adapter", f"{EMBEDDED}/picture.png", store=Path("/proc/films"), code=2)
    assert "The store /proc/films cannot be written to" in said and "without a store" in said
    assert not list(tmp_path.iterdir())


def test_clips_belong_to_how_they_were_computed(generate, tmp_path):
    generate("--stop-after", "1")
    (manifest,) = (tmp_path / "store").glob("*/film.json")
    description = json.loads(manifest.read_text())["description"]
    assert description["device"] == "cpu" and torch.__version__.startswith(description["torch"] + ".")
    assert {"diffusers", "attention", "precision", "version"} <= set(description)
    assert "rows at once" not in description and "rows_at_once" not in description
    said = generate("--dtype", "bfloat16", "--stop-after", "1", "--overwrite")
    assert "every clip differs from the last film.mp4: precision changed" in said


def test_what_the_limit_clears_is_reported(generate, tmp_path):
    larger = ("--size", "384x256", "--stop-after", "1")  # more than the least limit, a megabyte
    generate(*larger)
    said = generate(*larger, "--seed", "1", "--store-limit", "0.001", "--overwrite")
    assert 'the film "film.mp4" was cleared, 1 clips of 0.00' in said
    assert len(list((tmp_path / "store").iterdir())) == 1


def test_two_runs_at_once(generate, tmp_path):
    generate("--stop-after", "1")
    folder = next((tmp_path / "store").glob("*/lock"))
    hold = "import sys; from pathlib import Path; from multitalk_core.files.lock import locked\n"
    hold += "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        other.stdout.readline()
        assert f"Process {other.pid} is making the same film" in generate(code=2)
        other.kill()
    assert "resumes after clip 1" in generate()


def test_other_seam_settings_make_another_film(generate, tmp_path):
    assert "seams     a frame changes by" in generate()
    alone = frames(tmp_path)
    seams = ["--colour-method", "mean", "--seam-frames", "2", "--codec-correction", "0.5"]
    said = generate(*seams, "--overwrite")
    changed = "colour method, seam frames, codec correction"
    assert f"every clip differs from the last film.mp4: {changed} changed" in said
    assert not torch.equal(frames(tmp_path), alone)
    assert "resumes after clip 3 of 3" in generate(*seams)
    assert (tmp_path / "film.drift.png").exists()


HOMELESS = """
import os, sys
import multitalk_core.cli.films_command  # nobody else may read this Python
from multitalk_core.cli.main import main
os.environ.clear()
os.setuid(54321)
sys.exit(main(["films"]))
"""


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root becomes anybody")
def test_a_user_without_a_home_is_reported():
    result = subprocess.run([sys.executable, "-c", HOMELESS], capture_output=True, text=True)
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert "There is no home folder to store films in: name a folder with --store." in result.stderr
