"""The command line without a home, with streams that fail, and with names that are no text."""

import os
import pwd
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from multitalk_core.demo.files import EMBEDDED
from multitalk_core.doctor.checkup import names_of, without_folders
from multitalk_core.errors import MultiTalkError
from multitalk_core.farm import comfy_place
from multitalk_core.media.video_writer import read_video

ROOT = Path(__file__).parents[2]
FILM = ["generate", "--picture", str(EMBEDDED / "picture.png"), "--persons", "parts", "--size", "48x32"]
FILM += ["--frames", "5", "--clip-frames", "5", "--motion-frames", "1", "--steps", "1"]
FILM += ["--voice", str(EMBEDDED / "voice_1.flac")]


def run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """A shell's command, in which $MULTITALK is the command line."""
    known = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    known |= {
        "MULTITALK": f"{sys.executable} -m multitalk_core",
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
    }
    shell = ["bash", "-c", command]
    return subprocess.run(shell, cwd=folder, env={**known, **environment}, capture_output=True)


def film(*more: str) -> str:
    return " ".join(["$MULTITALK", *FILM, *more])


def test_without_a_home_no_clips_are_kept_and_the_rest_works(tmp_path):
    """A user whom the system does not know, as containers have them."""
    homeless = "import pwd, sys; pwd.getpwuid = {}.__getitem__; from multitalk_core.cli.main import main; "
    command = f"{sys.executable} -c '{homeless}sys.exit(main(sys.argv[1:]))'"
    said = "Error: There is no home folder to store films in: name a folder with --store.\n"
    done = run(f"{command} films", tmp_path)
    assert (done.returncode, done.stderr.decode()) == (2, said)
    done = run(f"{command} {shlex.join(FILM)}", tmp_path)
    assert done.returncode == 0 and b"Clips are not stored, because there is no home folder" in done.stdout
    assert run(f"{command} {shlex.join(FILM)} --store store", tmp_path).returncode == 0
    assert {"film.mp4", "film-2.mp4", "store"} < {path.name for path in tmp_path.iterdir()}
    done = run(f"{command} films", tmp_path, XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 0 and str(tmp_path / "multitalk" / "films") in done.stdout.decode()


def test_without_a_home_the_doctor_and_the_farm_work(tmp_path, monkeypatch):
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("COMFYUI_PATH", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    assert without_folders("/a/b.mp4 is small", names_of([Path("/a/b.mp4")])) == "b.mp4 is small"
    monkeypatch.setattr(comfy_place, "PACK", tmp_path / "pack")
    with pytest.raises(MultiTalkError, match="name its folder with --comfyui"):
        comfy_place.ComfyPlace.find(None, None)


@pytest.mark.parametrize(
    "streams",
    ["| head -n 1", "2>&1 | head -c 1", "| true", ">&-", "2>&-", ">&- 2>&- <&-"],
)
def test_a_film_is_finished_though_nobody_reads(tmp_path, streams):
    done = run(f"{film('--no-store')} {streams}; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr and b"Error" not in done.stderr
    assert len(read_video(tmp_path / "film.mp4")[0]) == 5 and (tmp_path / "film.drift.png").exists()


def test_output_on_a_full_disk_is_reported_and_the_film_is_there(tmp_path):
    done = run(f"{film('--no-store')} > /dev/full", tmp_path)
    assert done.returncode == 2
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("Error: Some of the output could not be printed (No space left on device)")
    assert (tmp_path / "film.mp4").exists()


def test_help_into_a_closed_pipe(tmp_path):
    done = run("$MULTITALK generate --help | true; exit ${PIPESTATUS[0]}", tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")


def test_characters_that_the_terminal_lacks_are_escaped(tmp_path):
    done = run(film("--no-store"), tmp_path, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0 and rb"48\xd732" in done.stdout and b"Traceback" not in done.stderr


def test_names_that_are_no_text(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    folder.mkdir()
    shutil.copy(EMBEDDED / "picture.png", folder / os.fsdecode(b"p\xfe.png"))
    shutil.copy(EMBEDDED / "voice_1.flac", folder / os.fsdecode(b"v\xfe.flac"))
    command = " ".join(["$MULTITALK", *FILM]).replace(str(EMBEDDED / "picture.png"), "$'p\\xfe.png'")
    command = command.replace(str(EMBEDDED / "voice_1.flac"), "$'v\\xfe.flac'")
    done = run(f"{command} --store $'s\\xfe' --output $'f\\xfe.mp4'", folder)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr and (folder / os.fsdecode(b"f\xfe.mp4")).exists()
    done = run(f"{command} --store $'s\\xfe' --output $'f\\xfe.mp4' --prompt $'\\xfe'", folder)
    assert done.returncode == 2 and done.stderr.startswith(b"Error: argument --prompt: \\udcfe is not valid")


def test_interrupted_while_it_loads(tmp_path):
    slow = "import signal, sys, os; os.kill(os.getpid(), signal.SIGTERM)"
    (tmp_path / "torch.py").write_text(slow)
    done = run("$MULTITALK films", tmp_path, PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert done.returncode == 130 and done.stderr == b"\nStopped.\n"
