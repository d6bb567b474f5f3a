"""Files that a command line may be given: right ones, wrong ones, and hostile ones."""

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from multitalk_core.audio.waveform import Waveform
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.media.video_writer import VideoWriter

from ..helpers.signing_keys import write_keys
from .hostile_texts import (
    CONFIGS,
    GRAPHS,
    IN_UTF_16,
    INPUTS,
    JOBS,
    LISTS,
    MANIFESTS,
    SCRIPTS,
    TABLES,
    TEXT_FILES,
)

ANYTHING = [
    "missing",
    "",
    "x" * 300,
    "empty_folder",
    "pipe.mp4",
    "/dev/zero",
    "/dev/full",
    "/dev/null",
    "empty",
    "text.txt",
    "loop.mp4",
    "broken.mp4",
    "locked",
    "\udcff.wav",
    "half.png",
    "text.safetensors",
    ".",
]
FILES = {
    "picture": ["picture.png", "a.wav", "talk.mp4", "grey.png"],
    "video": ["talk.mp4", "picture.png", "a.wav"],
    "voices": ["a.wav", "b.flac", "talk.mp4", "picture.png", "none", "silence.wav", "nan.wav"],
    "recording": ["a.wav", "talk.mp4"],
    "table": [*TABLES, "a.wav"],
    "masks": ["left.png", "right.png", "grey.png", "a.wav"],
    "region": ["left.png", "grey.png", "talk.mp4"],
    "model": ["talk.csv"],
    "adapter": ["adapter.safetensors", "vae.safetensors"],
    "audio_encoder": ["encoder.safetensors", "vae.safetensors"],
    "checkpoint": ["adapter.safetensors", "vae.safetensors", "encoder.safetensors", "picture.png"],
    "manifest": [*MANIFESTS],
    "config": [*CONFIGS],
    "script": [*SCRIPTS, "a.wav"],
    "input": [*INPUTS, "talk.csv"],
    "list": [*LISTS, "a.wav"],
    "jobs": [*JOBS, "a.wav"],
    "graph": [*GRAPHS, "a.wav"],
    "films": ["talk.mp4", "picture.png", "a.wav", "prepared"],
    "references": ["talk.mp4", "picture.png"],
    "weights": ["empty_folder", "a.wav", "new"],
    "convert_weights": ["adapter.safetensors", "empty_folder", "text.safetensors", "picture.png"],
    "files": [
        "picture.png",
        "talk.mp4",
        "a.wav",
        *TABLES,
        "adapter.safetensors",
        "graph.json",
        "talk.script",
    ],
    "face_model": ["adapter.safetensors", "text.safetensors", "picture.png"],
    "separate_vocals": ["adapter.safetensors", "text.safetensors", "a.wav"],
    "components": ["empty_folder", "a.wav"],
    "sign_key": ["ed25519.key.pem", "ed25519.cert.pem", "picture.png", "text.txt"],
    "sign_cert": ["ed25519.cert.pem", "ed25519.key.pem", "picture.png", "text.txt"],
    "input_folder": ["empty_folder", "a.wav"],
    "user_folder": ["empty_folder", "a.wav"],
}


def write_inputs(folder: Path) -> None:
    """All files that the lists above name."""
    for name, text in TEXT_FILES.items():
        encoding = "utf-16" if name in IN_UTF_16 else "utf-8"
        (folder / name).write_bytes(text.encode(encoding))
    write_keys(folder, "ed25519")
    (folder / "text.safetensors").write_text("<html>no</html>")
    shutil.copy(EMBEDDED / "picture.png", folder / "picture.png")
    (folder / "half.png").write_bytes((EMBEDDED / "picture.png").read_bytes()[:2000])
    pictures = np.zeros((3, 400, 640), np.uint8)
    pictures[0, 50:, 64:300], pictures[1, 50:, 340:576] = 255, 255
    for name, pixels in zip(("left", "right", "grey"), pictures, strict=True):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    _write_sounds(folder)
    with VideoWriter(
        folder / "talk.mp4", 64, 48, sound=Waveform(np.zeros((1, 3200), np.float32), 16000)
    ) as writer:
        import torch

        writer.append(torch.rand(5, 48, 64, 3))
    for name, part in (("adapter", "adapter"), ("vae", "vae"), ("encoder", "audio_encoder")):
        shutil.copy(EMBEDDED / EMBEDDED_FILES[part], folder / f"{name}.safetensors")
    (folder / "empty_folder").mkdir()
    os.mkfifo(folder / "pipe.mp4")
    (folder / "loop.mp4").symlink_to("loop.mp4")
    (folder / "broken.mp4").symlink_to("nowhere.mp4")
    os.link(folder / "talk.mp4", folder / "linked.mp4")
    (folder / "locked").write_text("words")
    (folder / "locked").chmod(0)


def _write_sounds(folder: Path) -> None:
    import soundfile

    tone = 0.1 * np.sin(np.arange(4800) / 10).astype(np.float32)
    soundfile.write(folder / "a.wav", tone, 16000)
    soundfile.write(folder / "b.flac", tone[:4000], 16000)
    soundfile.write(folder / "silence.wav", 0 * tone, 16000)
    soundfile.write(folder / "nan.wav", tone * np.nan, 16000, subtype="FLOAT")
    shutil.copy(folder / "a.wav", folder / "\udcff.wav")
