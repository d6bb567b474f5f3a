"""Files that the pack writes on its own: the templates' examples, and a dubbed video that is in memory."""

import json
import logging
import os
import shutil
from io import BytesIO
from pathlib import Path

import folder_paths
import torch
from comfy_api.latest import InputImpl
from multitalk_pack.nodes.host import example_inputs
from multitalk_pack.nodes.save_signed_video import _file_of
from safetensors.torch import save_file

from helpers.video_files import write_video

EXCHANGE = Path(os.environ["EXCHANGE"])
warnings: list[str] = []


class Listed(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        warnings.append(record.getMessage())


def offered(name: str) -> list[str]:
    """What a new input folder has after the offer."""
    folder_paths.set_input_directory(str(EXCHANGE / name))
    example_inputs.offer_examples()
    return sorted(os.listdir(EXCHANGE / name))


def dubbed(name: str, codec: str) -> str:
    """The name of the file of a video in memory."""
    path = EXCHANGE / name
    write_video(path, codec=codec)
    scratch = EXCHANGE / f"scratch of {name}"
    scratch.mkdir()
    return _file_of(InputImpl.VideoFromFile(BytesIO(path.read_bytes())), scratch).name


logging.getLogger().addHandler(Listed(logging.WARNING))
found = {
    "names": [dubbed("film.mp4", "libx264"), dubbed("film.webm", "libvpx"), dubbed("film.avi", "mpeg4")],
    "all": offered("all"),
    "no warnings": not warnings,
}
copy = shutil.copyfile


def full(source: Path, target: Path) -> None:
    """A drive that is full after the first bytes."""
    target.write_bytes(b"half")
    raise OSError(28, "No space left on device", str(source), None, str(target))


shutil.copyfile = full
found["full"] = offered("full")
shutil.copyfile = copy
example_inputs.EXAMPLES = EXCHANGE / "no examples"
found["missing"] = offered("missing")
found["warnings"] = warnings
(EXCHANGE / "found.json").write_text(json.dumps(found))
save_file({"done": torch.ones(1)}, EXCHANGE / "outputs.safetensors")
