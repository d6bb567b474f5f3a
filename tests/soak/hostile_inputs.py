"""Files and texts that a command line may be given: right ones, wrong ones, and hostile ones."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from multitalk_core.audio.waveform import Waveform
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.media.video_writer import VideoWriter

NUMBERS = [
    "0",
    "1",
    "2",
    "5",
    "9",
    "0.5",
    "0.2",
    "1.0",
    "25",
    "-1",
    "-0.0",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1e6",
    "1e12",
    "1e400",
    "1e-320",
    "1000000000",
    "18446744073709551615",
    "18446744073709551616",
    "9" * 5000,
    "0x10",
    "1_0",
    "٣",
    "",
    " ",
    "5.5",
    "two",
    "1;2",
    "--",
    "1e",
]
TEXTS = [
    "",
    " ",
    "two people talk",
    "a" * 100_000,
    "a" * 100_001,
    "\udcff",
    "<b>x</b>",
    "\x1b[31mred",
    "a\nb",
    "%s%n{0}",
    "😀",
    "\u202eabc",
    "-",
    "--",
    "$(true)",
    "CON",
    "nul.",
    "\x7f",
    "left,hops",
    "é" * 300,
]
STRUCTURED = {
    "boxes": [
        "64,56,300,400",
        "340,50,576,400",
        "0,0,1,1",
        "1,2,3",
        "nan,0,9,9",
        "1e300,0,9,9",
        "9,9,1,1",
        "-5,-5,5000,5000",
        "a,b,c,d",
        "",
    ],
    "places": [
        "1:0:a.wav",
        "2:0.1:a.wav",
        "3:0:none",
        "1:1e12:a.wav",
        "99:0:a.wav",
        "0:0:a.wav",
        "1:nan:a.wav",
        "1:-1:a.wav",
        "1:0:",
        "1:0",
        "1:0:missing.wav",
        "8:0:none",
        "1:36000:a.wav",
        "١:0:a.wav",
    ],
    "retake": ["1", "1:7", "2:0", "0", "9", "1:-1", "1:18446744073709551616", "two", "1:", "99999999999"],
    "loras": ["lora.safetensors", "adapter.safetensors:0.5", "a.wav:1", "adapter.safetensors:nan", ":1", ":"],
    "prompt_at": ["0:left hops", "0.1:x", "9:x", "nan:x", "-1:x", "x", ":x", "0:", "1e300:x", "0:\udcff"],
    "label_ranges": [
        "paper",
        "narrow",
        "wide",
        "0:4,20:24/12/2,22",
        "0:4/12/2",
        "nan:4,20:24/12/2,22",
        "0:4:5,1:2/0/1,2",
        "///",
        "1e300:4,20:24/12/2,22",
        "4:0,24:20/12/2,22",
    ],
    "size": [
        "48x32",
        "96x64",
        "16x16",
        "0x0",
        "-16x32",
        "100x64",
        "16384x16384",
        "16400x16",
        "99999999x16",
        "x",
        "48x",
        "48x32x16",
        "²x16",
        "nanxnan",
    ],
    "device": ["cpu", "cuda", "cuda:99", "meta", "mps", "", "cpu:0", "gpu", "cpu:-1", "hpu", "\udcff"],
    "names": ["ann", "bob", "carl", "", "\udcff", "ann,bob"],
    "segmentation_model": ["nowhere", "a/b/c", "empty_folder", "", "\udcff", "../x"],
    "output": [
        "film.mp4",
        "new.mp4",
        "",
        "x" * 300 + ".mp4",
        "x" * 200 + ".mp4",
        "é.mp4",
        "\udcff.mp4",
        "film.avi",
        ".mp4",
        "empty_folder",
        "empty_folder/film.mp4",
        "missing/film.mp4",
        "talk.mp4",
        "pipe.mp4",
        "/dev/full",
        "a.wav",
        "loop.mp4",
        "broken.mp4",
        "linked.mp4",
        "persons.png",
        "new.png",
        "picture.png",
        "..",
        ".",
        "a\nb.mp4",
    ],
    "store": [
        "store",
        "new_store",
        "",
        "a.wav",
        "empty_folder",
        "/dev/full",
        "x" * 300,
        "loop.mp4",
        "\udcff",
        "a/b/c",
    ],
    "folder": [
        "new",
        "",
        "a.wav",
        "empty_folder",
        "/dev/full",
        "x" * 300,
        "loop.mp4",
        "\udcff",
        "a.wav/b",
        "prepared",
    ],
}
CONFIG = 'output = "run"\nclips = "prepared"\ntensorboard = false\n[recipe]\nsteps = 1\nbatch = 1\n'
CONFIGS = {
    "nan.toml": CONFIG + "learning_rate = nan\n",
    "inf.toml": CONFIG + "clip_norm = inf\n",
    "huge.toml": CONFIG.replace("batch = 1", "batch = 999999999999"),
    "negative.toml": CONFIG + "seed = -1\n",
    "words.toml": CONFIG.replace("1", '"one"'),
    "deep.toml": "a = " + "[" * 100_000,
    "digits.toml": "a = " + "9" * 5000,
    "nul.toml": CONFIG.replace("run", "\\u0000"),
    "blank.toml": CONFIG.replace("run", ""),
    "long.toml": CONFIG.replace("run", "x" * 300),
    "away.toml": CONFIG,
    "empty.toml": "",
    "list.toml": "[[recipe]]",
    "samples.toml": CONFIG + "[samples]\naudio_scale = nan\n",
    "key.toml": CONFIG + f"{'k' * 9999} = 1\n",
}
TABLES = {
    "talk.csv": "speaker,start,end\nann,0,0.2\nbob,0.2,0.4\n",
    "nan.csv": "speaker,start,end\nann,nan,inf\n",
    "deep.json": "[" * 100_000,
    "digits.json": f'[{{"speaker": "a", "start": 0, "end": {"9" * 400}}}]',
    "nine.csv": "speaker,start,end\n" + "".join(f"{n},0,0.1\n" for n in range(9)),
    "empty.csv": "",
    "null.json": "null",
    "late.csv": "speaker,start,end\nann,0,1e12\nbob,0,0.1\n",
    "long.csv": f'speaker,start,end\n"{"a" * 140_000}",0,0.1\n',
}
MANIFESTS = {
    "talk.jsonl": json.dumps({"video": "talk.mp4", "caption": "They talk."}),
    "empty.jsonl": "",
    "null.jsonl": "null",
    "missing.jsonl": '{"video": "missing.mp4", "caption": ""}',
    "deep.jsonl": "[" * 100_000,
    "nan.jsonl": '{"video": "talk.mp4", "caption": "", "voices": ["a.wav"], "boxes": [[NaN, 0, 1e999, 9]]}',
    "pipe.jsonl": '{"video": "pipe.mp4", "caption": ""}',
    "wrong.jsonl": '{"video": "a.wav", "caption": ""}',
}
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
}


def write_inputs(folder: Path) -> None:
    """All files that the lists above name."""
    for name, text in {**TABLES, **MANIFESTS, **CONFIGS, "text.txt": "words", "empty": ""}.items():
        (folder / name).write_text(text)
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
