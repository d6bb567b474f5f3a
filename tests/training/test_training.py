"""Training on real tiny models: the loss falls, the right weights move, and a killed run resumes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from diffusers import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanTransformerBlock
from torch.distributed.fsdp import fully_shard

from multitalk_core.errors import MultiTalkError
from multitalk_core.method.adapter import AudioAdapter, AudioLayer
from multitalk_core.method.adapter_shape import AdapterShape
from multitalk_core.method.labels import spread_ranges
from multitalk_core.training.order import ClipOrder, clip_index
from multitalk_core.training.recipe import ADAPTER, BASE, FULL, Recipe
from multitalk_core.training.saving import (
    checkpoints,
    load_newest,
    newest_weights,
    save_checkpoint,
    start_from,
)
from multitalk_core.training.shards import ShardedClips, TrainingClip, stack_clips, write_shard
from multitalk_core.training.silent_start import silenced
from multitalk_core.training.trainer import own_rows, rate_share, train
from multitalk_core.training.training_model import Draws, TrainingModel, flow_loss

FRAMES, HEIGHT, WIDTH = 2, 4, 6
TWO_FULL = Recipe(steps=3, batch=4, learning_rate=1e-2, warm_up=1, trained=FULL)
TWO_ADAPTER = Recipe(steps=2, batch=4, learning_rate=1e-2, warm_up=1)


def random_clip(seed, voices=2):
    generator = torch.Generator().manual_seed(seed)

    def normal(*size):
        return torch.randn(size, generator=generator).half().float()

    persons = torch.zeros(voices + 1, HEIGHT * WIDTH // 4)
    persons[range(voices), range(voices)], persons[voices, voices:] = 1, 1
    latent = (16, FRAMES, HEIGHT, WIDTH)
    return TrainingClip(
        normal(*latent),
        normal(*latent),
        torch.ones(4, FRAMES, HEIGHT, WIDTH),
        normal(voices, 4 * FRAMES + 1, 2, 8),
        persons,
        normal(3, 32),
    )


def tiny_model(recipe):
    torch.manual_seed(0)
    transformer = WanTransformer3DModel(
        in_channels=36, num_attention_heads=2, attention_head_dim=16, num_layers=2, ffn_dim=64, text_dim=32
    )
    shape = AdapterShape((0, 1), 32, 16, 2, 16, 5, 16)
    return TrainingModel(transformer, AudioAdapter(shape, 2), recipe)


@pytest.fixture
def clips(tmp_path):
    write_shard(tmp_path, 0, [random_clip(seed) for seed in range(3)])
    write_shard(tmp_path, 1, [random_clip(seed) for seed in range(3, 5)])
    return ShardedClips(tmp_path)


def losses(recipe, clips, folder, **options):
    seen = {}
    model = tiny_model(recipe)
    train(model, clips, recipe, folder=folder, on_step=seen.__setitem__, **options)
    return model, seen


def test_clips_come_back_from_their_shards(clips):
    assert len(clips) == 5
    for index in range(5):
        wanted = random_clip(index).tensors()
        assert clips[index].tensors().keys() == wanted.keys()
        for name, tensor in clips[index].tensors().items():
            assert torch.equal(tensor, wanted[name])


def test_a_folder_without_clips_is_refused(tmp_path):
    with pytest.raises(MultiTalkError, match="no training clips"):
        ShardedClips(tmp_path)


def test_the_loss_falls_and_all_weights_move(clips, tmp_path):
    recipe = Recipe(steps=40, batch=4, learning_rate=3e-3, warm_up=5, trained=FULL)
    model, seen = losses(recipe, clips, tmp_path / "run")
    assert seen[40] < 0.8 * seen[1]
    before = tiny_model(recipe).state_dict()
    unmoved = [name for name, tensor in model.state_dict().items() if torch.equal(tensor, before[name])]
    assert not unmoved


def test_a_new_adapter_changes_nothing_before_it_is_trained(clips):
    model, batch = tiny_model(TWO_ADAPTER), stack_clips([clips[0], clips[1]])

    def predicted(audible):
        heard = torch.tensor([audible, audible])
        with torch.no_grad():
            return model(batch, batch.latent, level=torch.tensor([0.3, 0.7]), audible=heard)

    assert not torch.allclose(predicted(True), predicted(False), atol=1e-4)
    silenced(model.adapter)
    assert torch.equal(predicted(True), predicted(False))


@pytest.mark.parametrize(("trained", "part"), [(ADAPTER, "adapter"), (BASE, "transformer")])
def test_only_the_trained_part_moves_and_is_saved(clips, tmp_path, trained, part):
    recipe = Recipe(steps=3, batch=2, learning_rate=1e-2, trained=trained)
    model, _ = losses(recipe, clips, tmp_path)
    before = tiny_model(recipe).state_dict()
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == {name for name in before if name.startswith(part)}
    saved, _ = newest_weights(tmp_path)
    assert saved.keys() == moved


def test_the_base_trains_as_the_plain_model_does(clips, tmp_path):
    recipe = Recipe(steps=2, batch=2, learning_rate=1e-2, warm_up=1, trained=BASE)
    model = tiny_model(recipe)
    batch, draws = ClipOrder(clips, recipe).batch(0, [0, 1])
    loss = flow_loss(model, batch, draws, shift=7.0)
    model.host.remove()
    for parameter in model.adapter.parameters():
        parameter.data.fill_(float("nan"))
    torch.testing.assert_close(flow_loss(model, batch, draws, shift=7.0), loss)


def test_stages_go_on_from_each_other(clips, tmp_path):
    base, _ = losses(Recipe(steps=2, batch=2, warm_up=1, trained=BASE), clips, tmp_path / "base")
    second = Recipe(steps=2, batch=2, warm_up=1, learning_rate=1e-2)
    model = tiny_model(second)
    start_from(model, tmp_path / "base")
    for name, tensor in base.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor)
    train(model, clips, second, folder=tmp_path / "adapter")
    third = tiny_model(second)
    start_from(third, tmp_path / "base")
    start_from(third, tmp_path / "adapter")
    for name, tensor in model.state_dict().items():
        assert torch.equal(third.state_dict()[name], tensor)


def test_a_stage_of_another_model_is_refused(clips, tmp_path):
    recipe = Recipe(steps=1, batch=2)
    losses(recipe, clips, tmp_path)
    wider = AudioAdapter(AdapterShape((0, 1), 32, 24, 2, 16, 5, 16), 2)
    with pytest.raises(MultiTalkError, match="another model"):
        start_from(TrainingModel(tiny_model(recipe).transformer, wider, recipe), tmp_path)


def test_clips_of_one_and_two_persons_train_together(clips, tmp_path):
    write_shard(tmp_path, 2, [random_clip(seed, voices=1) for seed in range(5, 8)])
    write_shard(tmp_path, 3, [random_clip(seed) for seed in range(8, 10)])
    both = ShardedClips(tmp_path)
    assert [len(kind) for kind in both.kinds] == [7, 3]
    recipe = Recipe(steps=400, batch=1, ranges=spread_ranges(2, label_range=2.0, label_distance=2.0))
    order = ClipOrder(both, recipe)
    persons = [order.batch(step, [0])[0].features.shape[1] for step in range(recipe.steps)]
    assert set(persons) == {1, 2} and persons.count(1) == pytest.approx(120, abs=30)
    _, seen = losses(replace(recipe, steps=6), both, tmp_path / "run")
    assert len(seen) == 6


def test_i2v_clips_have_their_share_of_the_updates(clips, tmp_path):
    (tmp_path / "i2v").mkdir()
    write_shard(tmp_path / "i2v", 0, [random_clip(seed, voices=0) for seed in range(5, 8)])
    recipe = Recipe(steps=200, batch=2, without_audio=0.25)
    i2v_clips = ShardedClips(tmp_path / "i2v")
    order = ClipOrder(clips, recipe, i2v_clips)
    batches = [order.batch(step, range(2)) for step in range(recipe.steps)]
    audible = [bool(draws.audible.all()) for _, draws in batches]
    assert audible == [batch.features.shape[1] == 2 for batch, _ in batches]
    assert audible.count(False) == pytest.approx(50, abs=15)
    firsts = [batch.latent for batch, _ in batches if batch.features.shape[1] == 0][:3]
    seen = torch.cat(firsts)  # two rounds of the three clips
    assert len({clip.sum().item() for clip in seen}) == 3
    _, first = losses(replace(recipe, steps=8, warm_up=1), clips, tmp_path / "a", i2v_clips=i2v_clips)
    _, second = losses(replace(recipe, steps=8, warm_up=1), clips, tmp_path / "b", i2v_clips=i2v_clips)
    assert first == second


def test_the_i2v_task_is_conditioned_on_the_zero_embedding_of_one_person(clips):
    model = tiny_model(Recipe(steps=1)).eval()
    clip = stack_clips([random_clip(0)])
    wordless = replace(clip, features=clip.features[:, :0], persons=clip.persons[:, 2:])
    draws = Draws(torch.randn(clip.latent.shape), torch.rand(1), torch.tensor([False]))
    with torch.no_grad():
        torch.testing.assert_close(
            flow_loss(model, wordless, draws, shift=7.0), flow_loss(model, clip, draws, shift=7.0)
        )


def test_a_killed_run_resumes_to_the_same_losses(clips, tmp_path):
    recipe = Recipe(steps=6, batch=4, learning_rate=1e-2, warm_up=2, final_rate=0.1, trained=FULL)
    _, whole = losses(recipe, clips, tmp_path / "whole")

    def killed(step, loss):
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            tiny_model(recipe),
            clips,
            recipe,
            folder=tmp_path / "run",
            on_step=killed,
            seconds_between_saves=0,
        )
    assert [path.name for path in checkpoints(tmp_path / "run")] == ["step-00000002", "step-00000003"]
    _, resumed = losses(recipe, clips, tmp_path / "run")
    assert list(resumed) == [4, 5, 6]
    assert resumed == pytest.approx({step: whole[step] for step in resumed}, rel=1e-5)


def test_accumulated_steps_are_the_whole_batch(clips, tmp_path):
    recipe = Recipe(steps=3, batch=4, learning_rate=1e-2, warm_up=1, trained=FULL)
    _, whole = losses(recipe, clips, tmp_path / "whole")
    accelerator = Accelerator(gradient_accumulation_steps=2)
    _, parts = losses(recipe, clips, tmp_path / "parts", accelerator=accelerator)
    assert parts == pytest.approx(whole, rel=1e-4)


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """A folder in which two processes trained: each with the whole model, then with half of it."""
    folder = tmp_path_factory.mktemp("two")
    write_shard(folder, 0, [random_clip(seed) for seed in range(5)])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([*command, __file__, str(folder)], env=environment, check=True, timeout=300)
    return folder


def test_two_processes_are_one(two_processes, tmp_path):
    model, _ = losses(TWO_FULL, ShardedClips(two_processes), tmp_path)
    state, steps = newest_weights(two_processes / "whole")
    assert steps == 3
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(state[name], tensor, atol=1e-4, rtol=1e-3)


def test_a_model_in_parts_on_two_processes_is_one(two_processes, tmp_path):
    """FSDP's own sharding: saved after one update, loaded, and updated again."""
    model, _ = losses(TWO_ADAPTER, ShardedClips(two_processes), tmp_path)
    state, steps = newest_weights(two_processes / "parts")
    assert steps == 2
    assert state.keys() == {name for name in model.state_dict() if name.startswith("adapter.")}
    for name, tensor in state.items():
        torch.testing.assert_close(tensor, model.state_dict()[name], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("trained", [ADAPTER, FULL])
def test_gradient_checkpointing_changes_nothing(clips, trained):
    recipe = Recipe(steps=1, batch=2, trained=trained)
    kept, checkpointed = tiny_model(recipe).train(), tiny_model(recipe).train()
    checkpointed.transformer.enable_gradient_checkpointing()
    for step in range(2):  # the second batch must not be conditioned on the first one's voices
        batch, draws = ClipOrder(clips, replace(recipe, steps=2)).batch(step, [0, 1])
        first, second = (flow_loss(model, batch, draws, shift=7.0).mean() for model in (kept, checkpointed))
        assert first.item() == second.item()
        first.backward()
        second.backward()
    gradients = dict(checkpointed.named_parameters())
    for name, parameter in kept.named_parameters():
        if parameter.requires_grad:
            torch.testing.assert_close(gradients[name].grad, parameter.grad)


def test_without_audio_the_voices_do_not_matter(clips):
    recipe = Recipe(steps=1, trained=FULL)
    model = tiny_model(recipe).eval()
    batch, draws = ClipOrder(clips, recipe).batch(0, [0, 1])
    silent = Draws(draws.noise, draws.level, torch.tensor([False, True]))
    changed = TrainingClip(**{**vars(batch), "features": batch.features + 1})
    with torch.no_grad():
        first, second = (
            flow_loss(model, batch, silent, shift=7.0),
            flow_loss(model, changed, silent, shift=7.0),
        )
    assert first[0] == second[0] and first[1] != second[1]


def test_every_round_has_every_clip_once():
    rounds = [[clip_index(position, 7, 0) for position in range(7 * turn, 7 * turn + 7)] for turn in range(3)]
    assert all(sorted(order) == list(range(7)) for order in rounds)
    assert rounds[0] != rounds[1]


def test_the_learning_rate_rises_then_stays_or_falls():
    steady = Recipe(steps=100, warm_up=10)
    assert [rate_share(steady, step) for step in (0, 9, 10, 99)] == [0.1, 1, 1, 1]
    falling = Recipe(steps=100, warm_up=10, final_rate=0.05)
    assert rate_share(falling, 10) == 1 and rate_share(falling, 99) == pytest.approx(0.05, abs=1e-3)


def train_in_parts(accelerator, folder):
    """Two updates of a model that lies in parts, a checkpoint between them loaded by a model of its own."""
    for step in range(2):
        model = tiny_model(TWO_ADAPTER).train()
        model.transformer.enable_gradient_checkpointing()
        for module in list(model.modules())[::-1]:
            if isinstance(module, WanTransformerBlock | AudioLayer):
                fully_shard(module)
        fully_shard(model)
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(trained, TWO_ADAPTER.learning_rate, weight_decay=0.01)
        optimizer = accelerator.prepare(optimizer)
        assert load_newest(accelerator, model, optimizer, folder=folder / "parts") == step
        (rows,) = own_rows(TWO_ADAPTER, accelerator)
        batch, draws = ClipOrder(ShardedClips(folder), TWO_ADAPTER).batch(step, rows)
        flow_loss(model, batch, draws, shift=TWO_ADAPTER.shift).mean().backward()
        torch.nn.utils.clip_grad_norm_(trained, TWO_ADAPTER.clip_norm)
        optimizer.step()
        (folder / "parts").mkdir(exist_ok=True)
        save_checkpoint(accelerator, model, optimizer, folder=folder / "parts", step=step + 1)


if __name__ == "__main__":  # one of the two processes
    folder, accelerator = Path(sys.argv[1]), Accelerator(cpu=True)
    train(
        tiny_model(TWO_FULL), ShardedClips(folder), TWO_FULL, folder=folder / "whole", accelerator=accelerator
    )
    train_in_parts(accelerator, folder)
