"""The demo's training from nothing, every stage at its smallest: trained, measured, told, written, loaded."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from multitalk_core.toy_world import __main__ as command
from multitalk_core.toy_world import fitting
from multitalk_core.toy_world import world as worlds
from multitalk_core.toy_world.report import TABLES, write_report
from multitalk_core.toy_world.results import make_results, measures
from multitalk_core.toy_world.stages import ABLATIONS, STAGES
from multitalk_core.toy_world.talks import SHARD_CLIPS, Kind, Portion, Size
from multitalk_core.toy_world.world import World

SIZE = Size(frames=5, height=64, width=96)
pytestmark = pytest.mark.soak
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def small_world(steps: int = 1) -> World:
    """A world whose stages make a few updates each."""
    return World(
        size=SIZE,
        audio_steps=steps,
        vae_steps=2 * steps,
        clips={
            "events": (Portion(Kind(persons=(1, 2, 3), acting=0.6, voiced=False), SIZE, SHARD_CLIPS),),
            "two": (Portion(Kind(persons=(2,), crossing=0.3), SIZE, SHARD_CLIPS),),
            "one": (Portion(Kind(persons=(1,)), SIZE, SHARD_CLIPS),),
        },
        stages={
            name: replace(stage, recipe=replace(stage.recipe, steps=steps, batch=2))
            for name, stage in (STAGES | ABLATIONS).items()
        },
        sampling=replace(World().sampling, steps=2),
    )


def train_slowly(folder: Path) -> None:
    """Train a small world and save after every step, for a test that kills this process."""
    fitting.SECONDS_BETWEEN_SAVES, fitting.STEPS_BETWEEN_LINES, command.STEPS_BETWEEN_LINES = 0, 1, 1
    worlds.train = partial(worlds.train, seconds_between_saves=0)
    folder.mkdir(exist_ok=True)
    report = partial(print, flush=True)
    command.train(small_world(steps=3), folder, ["base", "one"], report=report)


def run_until(folder: Path, line: str | None) -> bool:
    """Train in a process of its own, killed at the first line that starts so; whether it was."""
    code = f"from tests.soak.test_world import *; train_slowly(Path({str(folder)!r}))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        for printed in process.stdout:
            if line is not None and printed.startswith(line):
                os.kill(process.pid, signal.SIGKILL)
                return True
    assert process.returncode == 0
    return False


@needs_espeak
def test_a_training_killed_in_every_stage_continues_and_ends_as_an_uninterrupted_one(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert not run_until(whole, None)
    for line in ("audio 1:", "vae 1:", "vae 4:", "events:", "two:", "base 1:", "one 2:"):
        assert run_until(killed, line), line
    assert not run_until(killed, None)
    for name in ("audio.pt", "vae.pt"):
        expected, made = (torch.load(folder / name)["network"] for folder in (whole, killed))
        assert all(torch.equal(made[key], tensor) for key, tensor in expected.items()), name
    for name in ("base", "one"):
        expected, made = (
            load_file(folder / "stages" / name / "step-00000003" / "model.safetensors")
            for folder in (whole, killed)
        )
        assert all(torch.equal(made[key], tensor) for key, tensor in expected.items()), name


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A world whose stages base, one and two made one update each, and its folder."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    world, folder = small_world(), tmp_path_factory.mktemp("world")
    for name in world.clips:
        world.prepare_clips(folder, name)
    for name in ("base", "one", "two"):
        world.train_stage(folder, name)
    return world, folder


def test_a_later_stage_leaves_the_base_alone_and_goes_on_from_the_adapter_before(trained):
    world, folder = trained
    base, one, two = (world.sampler(folder, name) for name in ("base", "one", "two"))
    for name, weights in base.models.transformer.state_dict().items():
        assert torch.equal(weights, two.models.transformer.state_dict()[name]), name
    first, second = one.adapter.state_dict(), two.adapter.state_dict()
    assert any(not torch.equal(first[name], second[name]) for name in first)
    # One update of a rising learning rate moves nothing far.
    assert all((first[name] - second[name]).abs().max() < 1e-3 for name in first)


def test_measures_are_made_once_and_reported(trained):
    world, folder = trained
    results = make_results(world, folder, talks=1, report=lambda text: None)
    made = {name for name, wanted in measures().items() if wanted.stage in (None, "base", "one", "two")}
    assert set(results) == made | {"localization", "apart"}
    assert results["real talking"]["own"][0] > 0.9
    assert max(results["real talking"]["looks"].values()) < 1
    assert results["real listening"]["movement"][1] < 0.01 < results["real listening"]["movement"][0]
    shares = results["localization"]["shares"]
    assert len(shares) == 4 and all(0 <= share <= 1 for row in shares for share in row)
    again = make_results(world, folder, talks=1, report=lambda text: pytest.fail(f"{text} was made twice"))
    assert again == results

    # Stages not trained here get the numbers of one that is.
    missing = {name: results["two talking"] for name in measures() if name not in results}
    acting = {name: results["real acting"] for name in measures() if name.endswith("acting")}
    (folder / "results.json").write_text(json.dumps(results | missing | acting))
    page = folder / "results.md"
    page.write_text("".join(f"<!-- {name} -->\nold\n<!-- end -->\nby hand\n" for name in TABLES))
    write_report(folder, page)
    text = page.read_text()
    assert "old" not in text and text.count("by hand") == len(TABLES) and "| l-rope |" in text
    assert (folder / "results_schemes.png").stat().st_size > 1000
