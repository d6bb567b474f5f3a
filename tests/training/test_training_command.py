"""`train` as its users meet it: a config, a run that is killed, an adapter that other commands read."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.video_model import load_adapter
from multitalk_core.media.picture import read_picture, resize_and_crop
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.method.labels import spread_ranges
from multitalk_core.training.config import TrainingConfig, read_config
from multitalk_core.training.recipe import Recipe
from multitalk_core.training.run import make_model
from multitalk_core.training.saving import checkpoints, newest_weights
from multitalk_core.training.shards import ShardedClips

SIZE = (32, 48)
SMALL_ADAPTER = "[new_adapter]\ncontext_tokens = 4\naudio_width = 16\nintermediate = 16\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with clips of two people, and clips without voices."""
    folder = tmp_path_factory.mktemp("prepared")
    picture = resize_and_crop(read_picture(EMBEDDED / "picture.png").movedim(-1, 0), *SIZE).movedim(0, -1)
    with VideoWriter(folder / "talk.mp4", SIZE[1], SIZE[0]) as writer:
        writer.append(picture.expand(21, -1, -1, -1))
    voices = [str(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)]
    talk = {"video": "talk.mp4", "caption": "They talk."}
    two = {**talk, "voices": voices, "boxes": [[4, 4, 22, 30], [26, 4, 44, 30]]}
    for name, entry in (("clips", two), ("i2v", talk)):
        (folder / f"{name}.jsonl").write_text(json.dumps(entry))
        arguments = [str(folder / f"{name}.jsonl"), str(folder / name), "--size", "48x32"]
        assert main(["prepare", *arguments, "--clip-frames", "5"]) == 0
    return folder


@pytest.fixture
def write(tmp_path, prepared):
    """Write a config; its clips are the prepared ones."""

    def config(text, recipe="steps = 2\nbatch = 2", name="config.toml", sections=SMALL_ADAPTER):
        whole = f'clips = "{prepared / "clips"}"\n{text}\n[recipe]\n{recipe}\n{sections}'
        (tmp_path / name).write_text(whole)
        return tmp_path / name

    return config


def tracked(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder / "tensorboard")).Reload()


def scalars(folder, name):
    return {event.step: event.value for event in tracked(folder).Scalars(name)}


def test_a_killed_run_resumes_to_the_same_losses(write, prepared, tmp_path):
    text = (
        f'i2v_clips = "{prepared / "i2v"}"\nprecision = "bf16"\ngradient_checkpointing = true\n'
        "accumulation = 2\nminutes_between_saves = 0\n"
    )
    recipe = "steps = 16\nbatch = 2\nwarm_up = 2\nlearning_rate = 1e-2\nwithout_audio = 0.3"
    samples = "[samples]\nevery = 8\ncount = 1\nsampling_steps = 2\n" + SMALL_ADAPTER
    whole, killed = (
        write(f'output = "{name}"\n{text}', recipe, f"{name}.toml", samples) for name in ("whole", "killed")
    )
    command = [sys.executable, "-m", "multitalk_core", "train"]
    subprocess.run([*command, str(whole)], check=True, timeout=300)
    process = subprocess.Popen([*command, str(killed)])
    while not checkpoints(tmp_path / "killed" / "checkpoints"):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = newest_weights(tmp_path / "killed" / "checkpoints")[1]
    assert before < 16, "killed too late to tell"
    subprocess.run([*command, str(killed)], check=True, timeout=300)
    wanted, resumed = scalars(tmp_path / "whole", "loss"), scalars(tmp_path / "killed", "loss")
    assert set(wanted) == set(range(1, 17)) and set(resumed) >= set(range(before + 1, 17))
    assert resumed == pytest.approx({step: wanted[step] for step in resumed}, rel=1e-3)
    rates = scalars(tmp_path / "whole", "learning rate")
    assert rates[1] == pytest.approx(5e-3) and rates[16] == pytest.approx(1e-2)
    assert all(norm > 0 for norm in scalars(tmp_path / "whole", "gradient norm").values())
    frames, fps, _ = read_video(tmp_path / "whole" / "samples" / "clip-1-step-00000016.mp4")
    assert frames.shape == (5, *SIZE, 3) and fps == 25
    (image, *_) = tracked(tmp_path / "whole").Images("clip 1")
    assert (image.width, image.height) == (5 * SIZE[1], SIZE[0])
    first, second = (
        load_adapter(tmp_path / name / "adapter.safetensors", load_embedded()) for name in ("whole", "killed")
    )
    for name, tensor in first.state_dict().items():
        torch.testing.assert_close(second.state_dict()[name], tensor, rtol=2e-2, atol=2e-3)  # bf16
    moved = first.blocks["0"].audio_cross_attn.proj.weight
    assert moved.abs().max() > 0, "a new adapter starts from zero here"


def test_stages_go_on_from_the_base(write, tmp_path):
    base = write(
        'output = "base"\ntensorboard = false', 'steps = 2\nbatch = 2\ntrained = "base"', "base.toml"
    )
    assert main(["train", str(base)]) == 0
    assert not (tmp_path / "base" / "adapter.safetensors").exists()
    stage = write('output = "one"\nstart_from = "base"\ntensorboard = false')
    assert main(["train", str(stage)]) == 0
    config = read_config(stage)
    model = make_model(config, ShardedClips(*config.clips)[0])
    weights, _ = newest_weights(tmp_path / "base" / "checkpoints")
    embedded = load_embedded().transformer.state_dict()
    own = model.transformer.state_dict()
    assert all(torch.equal(own[name.removeprefix("transformer.")], weights[name]) for name in weights)
    assert any(not torch.equal(own[name], embedded[name]) for name in own)
    from diffusers import WanTransformer3DModel

    written = WanTransformer3DModel.from_pretrained(tmp_path / "base" / "transformer").state_dict()
    assert all(torch.equal(written[name], own[name]) for name in own)


def test_an_adapter_goes_on_from_a_file(write):
    path = EMBEDDED / EMBEDDED_FILES["adapter"]
    config = read_config(write(f'output = "run"\nadapter = "{path}"'))
    model = make_model(config, ShardedClips(*config.clips)[0])
    for name, tensor in load_adapter(path, load_embedded()).state_dict().items():
        assert torch.equal(model.adapter.state_dict()[name], tensor)


def test_the_config_says_what_is_trained(write, tmp_path):
    path = write('output = "run"\naccumulation = 4', 'steps = 7\nranges = "narrow"\nlearning_rate = 1')
    config = read_config(path)
    assert config.output == tmp_path / "run" and config.accumulation == 4
    assert config.recipe == Recipe(
        steps=7, ranges=spread_ranges(2, label_range=2.0, label_distance=2.0), learning_rate=1.0
    )


@pytest.mark.parametrize(
    ("text", "recipe", "said"),
    [
        ('output = "run"\ncolour = 1', "steps = 2", "There is no key colour in the config"),
        ('output = "run"', "steps = 2\nlearning_rates = 1", r"no key learning_rates in \[recipe\]"),
        ("", "steps = 2", "The key output is missing"),
        ('output = "run"', "batch = 2", r"The key steps is missing in \[recipe\]"),
        ('output = "run"', 'steps = "many"', "steps .* is many: give a whole number"),
        ('output = "run"', "steps = 0", "steps .* is 0: give a whole number from 1"),
        (
            'output = "run"',
            "steps = 2\nwithout_audio = 1.5",
            "without_audio .* is 1.5: give a number from 0.0 to 1.0",
        ),
        ('output = "run"', 'steps = 2\ntrained = "all"', "choose base, adapter, full"),
        ('output = "run"\nprecision = "fp8"', "steps = 2", "choose no, bf16"),
        ('output = "run"', 'steps = 2\nranges = "wide"', "label ranges wide cannot be read"),
        ("output = run", "steps = 2", "is not valid TOML"),
    ],
)
def test_a_config_with_a_slip_is_refused_in_a_sentence(write, text, recipe, said):
    with pytest.raises(MultiTalkError, match=said):
        read_config(write(text, recipe))


def test_a_batch_that_does_not_divide_is_refused(write, capsys):
    assert main(["train", str(write('output = "run"\naccumulation = 3\ntensorboard = false'))]) == 2
    assert "make it a multiple of 3" in capsys.readouterr().err


def test_a_run_does_not_change_its_recipe_midway(write, capsys):
    settings = 'output = "run"\ntensorboard = false'
    assert main(["train", str(write(settings))]) == 0
    assert main(["train", str(write(settings, "steps = 3\nbatch = 2"))]) == 0
    assert main(["train", str(write(settings, "steps = 4\nbatch = 2\nlearning_rate = 1.0"))]) == 2
    assert "learning_rate = 2e-05, not 1.0" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["checkpoints/step-00000002/model.safetensors", "run.json", "a pipe"])
def test_a_damaged_run_is_reported(write, tmp_path, capsys, name):
    settings = 'output = "run"\ntensorboard = false'
    assert main(["train", str(write(settings))]) == 0
    file = tmp_path / "run" / ("run.json" if name == "a pipe" else name)
    file.write_bytes(file.read_bytes()[:-5])
    if name == "a pipe":
        file.unlink()
        os.mkfifo(file)
    assert main(["train", str(write(settings, "steps = 3\nbatch = 2"))]) == 2
    said = capsys.readouterr().err
    assert re.search(r"Error: .*(delete this folder|another output folder|is a pipe)", said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": torch.zeros(8, 32)}, "32 channels but the model expects 64"),
        ({"image": torch.zeros(257, 1280)}, "CLIP image tokens"),
        ({"features": torch.zeros(3, 9, 4, 64)}, "2 persons but the clips have 3"),
    ],
)
def test_clips_of_other_models_are_refused(prepared, tmp_path, changed, said):
    clip = ShardedClips(prepared / "clips")[0]
    recipe = Recipe(steps=1, ranges=spread_ranges(2))
    config = TrainingConfig(tmp_path, (prepared,), recipe)
    with pytest.raises(MultiTalkError, match=said):
        make_model(config, replace(clip, **changed), empty=True)


def test_an_adapter_of_another_audio_encoder_is_refused(prepared, tmp_path):
    clip = ShardedClips(prepared / "clips")[0]
    adapter = EMBEDDED / EMBEDDED_FILES["adapter"]
    config = TrainingConfig(tmp_path, (prepared,), Recipe(steps=1), adapter=adapter)
    with pytest.raises(MultiTalkError, match="the adapter's own audio encoder"):
        make_model(config, replace(clip, features=torch.zeros(2, 9, 12, 64)))


def test_the_binding_of_cartoon_faces_is_tracked(tmp_path):
    """Samples of an untrained adapter; the voices are given from right to left."""
    picture = read_picture(EMBEDDED / "picture.png")[:, :, :3]
    with VideoWriter(tmp_path / "talk.mp4", 640, 400) as writer:
        writer.append(picture.expand(5, -1, -1, -1))
    voices = [str(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)]
    entry = {"video": "talk.mp4", "voices": voices, "boxes": [[340, 50, 576, 400], [64, 56, 300, 400]]}
    (tmp_path / "talk.jsonl").write_text(json.dumps({**entry, "caption": ""}))
    arguments = [str(tmp_path / "talk.jsonl"), str(tmp_path / "clips"), "--size", "96x64"]
    assert main(["prepare", *arguments, "--clip-frames", "5", "--cartoon-faces"]) == 0
    right, left = ShardedClips(tmp_path / "clips")[0].faces
    assert left[0] < 0.75 < right[0]  # in heights of a picture that is 1.5 wide
    config = 'output = "run"\nclips = "clips"\n[recipe]\nsteps = 1\nbatch = 1\n'
    config += "[samples]\nevery = 1\ncount = 1\nsampling_steps = 1\n" + SMALL_ADAPTER
    (tmp_path / "config.toml").write_text(config)
    assert main(["train", str(tmp_path / "config.toml")]) == 0
    for name in ("own voice", "other voice"):
        ((step, value),) = scalars(tmp_path / "run", f"clip 1, {name}").items()
        assert step == 1 and -1 <= value <= 1
