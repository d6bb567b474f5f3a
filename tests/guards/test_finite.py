"""Results that are not finite: they end a film with one sentence, and are neither stored nor shown."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers.tiny_film import TinyFilm
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.guards.finite import is_finite


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_one_number_among_many(value, dtype):
    values = torch.zeros(2, 3, 5, dtype=dtype)
    assert is_finite(values)
    values[1, 2, 3] = value
    assert not is_finite(values)


@pytest.fixture(scope="module")
def film() -> Iterator[TinyFilm]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is quickest so
    yield TinyFilm(clips=3)
    torch.set_num_threads(threads)


@pytest.mark.parametrize("broken", ["adapter", "decoder"])
def test_clips_before_the_one_that_is_not_finite_are_stored(film, tmp_path, broken):
    weights, sentence = {
        "adapter": (film.model.adapter.parameters(), "The latent of clip 3 after step 1 is not finite"),
        "decoder": (
            film.model.models.vae.decoder.parameters(),
            "What the VAE decodes of clip 3 is not finite",
        ),
    }[broken]
    weight = next(weights)
    whole, _ = film.make(tmp_path / "undisturbed")
    healthy = weight.detach().clone()
    with film.clips(tmp_path / "store") as (clips, _):
        made = [next(clips), next(clips)]
        with torch.no_grad():
            weight.fill_(math.nan)
        try:
            with pytest.raises(MultiTalkError, match=sentence):
                next(clips)
        finally:
            with torch.no_grad():
                weight.copy_(healthy)
    assert len(list(tmp_path.glob("store/*/clip-*"))) == len(made)
    again, _ = film.make(tmp_path / "store")
    assert [clip.from_store for clip in again] == [True, True, False]
    assert torch.equal(again[2].frames, whole[2].frames)


def test_an_adapter_of_nan_ends_the_command_with_one_sentence(tmp_path: Path, capsys):
    adapter = load_file(EMBEDDED / EMBEDDED_FILES["adapter"])
    save_file(
        {name: torch.full_like(weight, math.nan) for name, weight in adapter.items()},
        tmp_path / "nan.safetensors",
    )
    voices = [f"{EMBEDDED}/voice_{number}.flac" for number in (1, 2)]
    command = ["generate", "--picture", f"{EMBEDDED}/picture.png", "--voice", voices[0], "--voice", voices[1]]
    command += ["--boxes", "64,56,300,400", "340,50,576,400", "--size", "48x32", "--frames", "5"]
    command += ["--steps", "2", "--text-scale", "1", "--adapter", str(tmp_path / "nan.safetensors")]
    command += ["--store", str(tmp_path / "store"), "--output", str(tmp_path / "film.mp4")]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "Error: The latent of clip 1 after step 1 is not finite" in said and "SageAttention" in said
    assert "Traceback" not in said
    assert not list(tmp_path.glob("*.mp4")) and not list(tmp_path.glob("store/*/clip-*"))
