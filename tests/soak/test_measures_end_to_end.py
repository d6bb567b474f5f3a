"""Every measure on films of real people, with random weights in the original files' form: minutes."""

import json
import zlib
from collections import OrderedDict

import numpy as np
import pytest
import torch

from helpers.crossing_people import PICTURES
from helpers.sound_files import write_sound
from helpers.talking_films import FIRST, SECOND, voice, write_film
from multitalk_core.cli.main import main
from multitalk_core.measures.measure_network import expected_tensors
from multitalk_core.measures.weight_files import WEIGHT_FILES
from multitalk_core.media.picture import read_picture, resize_and_crop

pytestmark = [pytest.mark.soak, pytest.mark.usefixtures("one_thread")]
GAINS = {"inception": 2.5, "i3d": 2.5}
SEED, FRAMES, HEIGHT, WIDTH = 20250522, 52, 240, 416


def drawn(name, key, like):
    """A tensor by the rule of the golden metrics."""
    leaf, one, tenth = key.rpartition(".")[2], np.float32(1), np.float32(0.1)
    if leaf == "num_batches_tracked":
        return torch.zeros((), dtype=torch.int64)
    generator = np.random.Generator(np.random.PCG64(SEED ^ zlib.crc32(key.encode())))
    x = generator.standard_normal(size=like.shape, dtype=np.float32)
    if leaf == "running_var":
        x = one + tenth * np.abs(x)
    elif leaf in ("running_mean", "bias"):
        x = tenth * x
    elif like.ndim == 1:
        x = one + tenth * x
    else:
        x = x * np.float32(np.sqrt(GAINS.get(name, 1.0) / np.prod(like.shape[1:])))
    return torch.from_numpy(x)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """All five files as they are downloaded; one has its network beside an optimizer."""
    folder = tmp_path_factory.mktemp("originals")
    for name, entry in WEIGHT_FILES.items():
        tensors = expected_tensors(entry.network).items()
        state = OrderedDict((key, drawn(name, key, tensor)) for key, tensor in tensors)
        torch.save({"net_recon": state, "opt_00": {}} if name == "deep3d" else state, folder / entry.original)
    return folder


def moving(name):
    """A photograph that moves a little, [frames, height, width, 3]."""
    size = HEIGHT + 16, WIDTH + 16
    large = resize_and_crop(read_picture(PICTURES / name).movedim(-1, 0), *size).movedim(0, -1)
    shifts = [(round(8 + 7 * np.sin(i / 6)), round(8 + 7 * np.cos(i / 9))) for i in range(FRAMES)]
    return torch.stack([large[top : top + HEIGHT, left : left + WIDTH] for top, left in shifts])


def test_every_measure_end_to_end(originals, tmp_path, capsys):
    films, references, weights = (tmp_path / name for name in ("films", "references", "weights"))
    films.mkdir(), references.mkdir()
    for name, picture in (("a", "s01.jpg"), ("b", "s05.jpg")):
        write_film(films / f"{name}.mp4", moving(picture))
        voices = {"person1": "1.wav", "person2": "2.wav"}
        (films / f"{name}.json").write_text(json.dumps({"cond_audio": voices, "audio_type": "para"}))
    for number, openness in enumerate((FIRST, SECOND), start=1):
        write_sound(films / f"{number}.wav", [[(0.0, voice(openness).samples)]])
    write_film(references / "c.mp4", moving("s08.jpg")[:34])
    given = ["--references", str(references), "--weights", str(weights), "--convert-weights", str(originals)]
    output = tmp_path / "scores.json"
    code = main(["evaluate", str(films), *given, "--split", "persons", "--output", str(output)])
    said = capsys.readouterr().out
    print(said)
    content = json.loads(output.read_text())
    scores = {score["name"]: score for score in content["scores"]}
    assert code == 0 and not content["failed"]
    assert {"fid", "fvd", "e-fid", "sync-c", "sync-d", "listening mouth"} <= scores.keys()
    assert scores["fid"]["measured"] == "104 and 34 frames"
    assert scores["fvd"]["measured"] == "6 and 2 clips of 16 frames"
    assert all(
        np.isfinite(score["value"]) and score["value"] >= 0
        for score in scores.values()
        if "fid" in score["name"]
    )
    assert "104 and 34 samples in 2048 dimensions" in said
    again = tmp_path / "again.json"
    main(["evaluate", str(references), *given[:4], "--metrics", "fid", "efid", "--output", str(again)])
    for score in json.loads(again.read_text())["scores"]:
        assert score["value"] == pytest.approx(0, abs=1e-3) and score["low"] is None
