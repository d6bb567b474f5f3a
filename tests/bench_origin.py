"""What the marks of origin survive: a signed film is treated as people treat films, and read again.

    python -m tests.bench_origin [--write]

It needs ffmpeg, exiftool, c2pa-python and a ComfyUI. --write puts the table into docs/origin.md.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from multitalk_core.errors import MultiTalkError
from multitalk_core.media.inspection import inspect_media
from multitalk_core.media.video_writer import VideoWriter
from multitalk_core.origin.film_mark import FilmMark
from multitalk_core.origin.signed_video import sign_video
from multitalk_core.origin.signing_identity import read_identity
from tests.comfyui.comfy_server import find_comfyui
from tests.helpers.signing_keys import write_keys

PAGE = Path(__file__).parents[1] / "docs" / "origin.md"
BEGIN, END = "<!-- written by tests/bench_origin.py -->", "<!-- end of the table -->"
HEAD = "| What is done to a film | metadata | XMP | C2PA |\n|---|---|---|---|"
SAVE_VIDEO = """
import sys
from comfy_api.latest import InputImpl, Types
InputImpl.VideoFromFile("film.mp4").save_to(sys.argv[1], metadata={"prompt": {}}, **eval(sys.argv[2]))
"""


@dataclass(frozen=True)
class Treatment:
    """What is done to a film, and the file that comes of it.

    `command` has the words between film.mp4 and the result, of ffmpeg unless it says otherwise.
    """

    name: str
    result: str
    command: str
    program: str = "ffmpeg"


TREATMENTS = (
    Treatment("nothing", "film.mp4", "", "none"),
    Treatment("ComfyUI's *Save Video*, as it is", "saved.mp4", "{}", "comfyui"),
    Treatment("ComfyUI's *Save Video*, encoded again", "again.mp4", "{'crf': 23.0}", "comfyui"),
    Treatment(
        "ComfyUI's *Save Video* as WebM", "saved.webm", "{'format': Types.VideoContainer.WEBM}", "comfyui"
    ),
    Treatment("`ffmpeg -c copy`", "copied.mp4", "-c copy"),
    Treatment(
        "`ffmpeg -c copy -movflags use_metadata_tags`", "keys.mp4", "-c copy -movflags use_metadata_tags"
    ),
    Treatment("`ffmpeg -c copy` into MKV", "copied.mkv", "-c copy"),
    Treatment("cutting, `ffmpeg -ss 0.4 -t 1 -c copy`", "cut.mp4", "-ss 0.4 -t 1 -c copy"),
    Treatment("encoding again, `ffmpeg -c:v libx264`", "encoded.mp4", "-c:v libx264"),
    Treatment("WebM, `ffmpeg -c:v libvpx-vp9`", "film.webm", "-c:v libvpx-vp9"),
    Treatment("GIF", "film.gif", ""),
    Treatment("one picture of it as PNG", "still.png", "-frames:v 1"),
    Treatment("`ffmpeg -map_metadata -1 -c copy`", "bare.mp4", "-map_metadata -1 -c copy"),
    Treatment("`exiftool -all=`", "erased.mp4", "-all= -o", "exiftool"),
    Treatment("screen recording: the pixels alone", "screen.mp4", "", "pixels"),
    Treatment("one byte changed", "changed.mp4", "", "byte"),
)


def write_film(folder: Path) -> None:
    """Two seconds of moving blobs, signed."""
    keys = write_keys(folder)
    mark = FilmMark(identity=read_identity(keys.key, keys.certificate), tags={"prompt": "{}"})
    blobs = torch.rand(1, 3, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    frames = torch.nn.functional.interpolate(blobs, (50, 96, 144), mode="trilinear")[0].permute(1, 2, 3, 0)
    with VideoWriter(folder / "film.mp4", 144, 96, mark=mark) as writer:
        writer.append(frames)
    sign_video(folder / "film.mp4", mark)


def treat(folder: Path, treatment: Treatment) -> None:
    """Make a treatment's result in the folder."""
    film, result = folder / "film.mp4", folder / treatment.result
    words = treatment.command.split()
    match treatment.program:
        case "ffmpeg":
            run(folder, "ffmpeg", "-v", "error", "-i", film, *words, result)
        case "exiftool":
            run(folder, "exiftool", "-q", *words, result, film)
        case "comfyui":
            comfyui, python = find_comfyui()
            script = f"import sys; sys.path.insert(0, {str(comfyui)!r}){SAVE_VIDEO}"
            run(folder, python, "-c", script, result, treatment.command)
        case "pixels":
            raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", folder / "pixels.rgb"]
            run(folder, "ffmpeg", "-v", "error", "-i", film, *raw)
            shape = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "144x96", "-r", "25"]
            run(folder, "ffmpeg", "-v", "error", *shape, "-i", folder / "pixels.rgb", result)
        case "byte":
            content = bytearray(film.read_bytes())
            content[content.rindex(b"mdat") + 2000] ^= 1
            result.write_bytes(content)


def run(folder: Path, *command: object) -> None:
    """Run a command in the folder."""
    subprocess.run(list(map(str, command)), cwd=folder, check=True)


def row(folder: Path, treatment: Treatment) -> str:
    """What is left, as a line of the table."""
    treat(folder, treatment)
    try:
        origin = inspect_media(folder / treatment.result).origin
    except MultiTalkError as error:
        return f"| {treatment.name} | {error} | | |"
    marks = {} if origin is None else origin.marks
    signature = None if origin is None else origin.signature
    kept = ["yes" if place in marks else "no" for place in ("metadata", "XMP")]
    state = "no" if signature is None else signature.state.lower()
    return f"| {treatment.name} | {kept[0]} | {kept[1]} | {state} |"


def table() -> Iterator[str]:
    """The lines of the table."""
    yield HEAD
    with tempfile.TemporaryDirectory() as scratch:
        write_film(Path(scratch))
        for treatment in TREATMENTS:
            yield row(Path(scratch), treatment)


def main() -> None:
    """Print the table, and write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write docs/origin.md")
    write, lines = parser.parse_args().write, []
    for line in table():
        print(line, flush=True)
        lines.append(line)
    if write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}")


if __name__ == "__main__":
    main()
