"""The demo's training from nothing, every stage at its smallest: trained, measured, told, written, loaded."""

import json
import shutil
from dataclasses import replace

import pytest
import torch

from multitalk_core.toy_world.report import TABLES, write_report
from multitalk_core.toy_world.results import make_results, measures
from multitalk_core.toy_world.stages import ABLATIONS, STAGES
from multitalk_core.toy_world.talks import SHARD_CLIPS, Kind, Portion, Size
from multitalk_core.toy_world.world import World

SIZE = Size(frames=5, height=64, width=96)
pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A world whose stages base, one and two made one update each, and its folder."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    world = World(
        size=SIZE,
        audio_steps=1,
        vae_steps=2,
        decoder_steps=1,
        clips={
            "events": (Portion(Kind(persons=(1, 2, 3), acting=0.6, voiced=False), SIZE, SHARD_CLIPS),),
            "two": (Portion(Kind(persons=(2,), crossing=0.3), SIZE, SHARD_CLIPS),),
            "one": (Portion(Kind(persons=(1,)), SIZE, SHARD_CLIPS),),
        },
        stages={
            name: replace(stage, recipe=replace(stage.recipe, steps=1, batch=2))
            for name, stage in (STAGES | ABLATIONS).items()
        },
        sampling=replace(World().sampling, steps=2),
    )
    folder = tmp_path_factory.mktemp("world")
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
    assert set(results) == made | {"localization"}
    assert results["real talking"]["own"][0] > 0.9
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
