"""The audio encoder: the reference implementation's numbers, all forms of checkpoints, voices in pieces."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC, Wav2Vec2Model, WhisperConfig, WhisperModel

from multitalk_core.audio import blockwise_attention as attention
from multitalk_core.audio import features, pieces
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.running_statistics import RunningStatistics
from multitalk_core.cli.freed_memory import LARGEST_REUSED
from multitalk_core.errors import MultiTalkError

GOLDEN = Path(__file__).parents[1] / "golden"
STATE = "state."


def tiny_config(large: bool = False) -> Wav2Vec2Config:
    """A wav2vec2 in miniature, of base's or of large's kind (layer norms, biases, stable order)."""
    large_kind = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
    return Wav2Vec2Config(
        hidden_size=64,
        num_hidden_layers=3,
        num_attention_heads=1,
        intermediate_size=96,
        conv_dim=[24] * 7,
        num_conv_pos_embedding_groups=4,
        **(large_kind if large else {}),
    )


def tiny_model(large: bool = False) -> Wav2Vec2Model:
    torch.manual_seed(0)
    return Wav2Vec2Model(tiny_config(large)).eval()


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise in syllables, [samples]."""
    time = np.arange(round(16000 * seconds)) / 16000
    noise = np.random.default_rng(seed).standard_normal(len(time))
    return (0.1 * noise * np.sin(2 * np.pi * 2 * time) ** 2).astype(np.float32)


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


@pytest.fixture(scope="module")
def golden() -> tuple[dict, dict, dict]:
    """Tensors, weights and configuration of the reference implementation's case."""
    tensors = load_file(GOLDEN / "wav2vec2.safetensors")
    cases = json.loads((GOLDEN / "manifest.json").read_text())["cases"]
    config = next(case["config"] for case in cases if case["case"] == "wav2vec2")
    state = {key.removeprefix(STATE): value for key, value in tensors.items() if key.startswith(STATE)}
    return tensors, state, config


def test_the_released_codes_numbers(golden, tmp_path):
    tensors, state, config = golden
    save_file(state, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "preprocessor_config.json").write_text('{"do_normalize": true}')
    encoder = AudioEncoder.load(tmp_path)
    assert relative(encoder.encode(tensors["waveform"].numpy()), tensors["embedding"]) < 1e-5
    untouched = AudioEncoder.load(tmp_path, normalise=False).encode(tensors["waveform"].numpy())
    assert relative(untouched, tensors["embedding"]) > 1e-3


def test_a_single_file_says_in_its_metadata_what_its_tensors_cannot(golden, tmp_path):
    tensors, state, config = golden
    described = {"num_attention_heads": config["num_attention_heads"], "do_normalize": True}
    save_file(state, tmp_path / "encoder.safetensors", metadata={"config": json.dumps(described)})
    ours = AudioEncoder.load(tmp_path / "encoder.safetensors").encode(tensors["waveform"].numpy())
    assert relative(ours, tensors["embedding"]) < 1e-5


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("old_names", [False, True])
def test_a_speech_recognisers_file_is_the_same_encoder(tmp_path, large, old_names):
    torch.manual_seed(0)
    recogniser = Wav2Vec2ForCTC(tiny_config(large)).eval()
    state = recogniser.state_dict()
    if old_names:
        renamed = {
            "parametrizations.weight.original0": "weight_g",
            "parametrizations.weight.original1": "weight_v",
        }
        for new, old in renamed.items():
            state = {name.replace(new, old): tensor for name, tensor in state.items()}
    save_file(state, tmp_path / "recogniser.safetensors")
    encoder = AudioEncoder.load(tmp_path / "recogniser.safetensors")
    assert (encoder.layers, encoder.channels) == (3, 64)
    samples = voice(1.0)
    expected = AudioEncoder(recogniser.wav2vec2).encode(samples)
    assert torch.equal(encoder.encode(samples), expected)


@pytest.mark.parametrize("large", [False, True])
def test_the_network_is_transformers_own_with_the_features_at_the_frames(large):
    model = tiny_model(large)
    samples = voice(1.3)
    convolved = model.feature_extractor(torch.from_numpy(samples)[None]).detach()
    resized = torch.nn.functional.interpolate(convolved, size=32, mode="linear", align_corners=True)
    hook = model.feature_extractor.register_forward_hook(lambda *_: resized)
    with torch.no_grad():
        expected = model(torch.from_numpy(samples)[None], output_hidden_states=True)
    hook.remove()
    ours = AudioEncoder(model).encode(samples)
    assert ours.shape == (32, 3, 64) and ours.dtype == torch.float32
    for layer in (0, 1):
        assert relative(ours[:, layer], expected.hidden_states[layer + 1][0]) < 1e-5
    assert relative(ours[:, -1], expected.last_hidden_state[0]) < 1e-5


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("piece", [1, 7, 64, 65])
def test_convolutions_in_pieces_are_exact(monkeypatch, large, piece):
    encoder = AudioEncoder(tiny_model(large))
    samples = voice(1.31)
    samples[:8000] += 0.5  # group norm must see the whole: the halves differ
    whole = encoder.model.feature_extractor(torch.from_numpy(samples)[None])
    monkeypatch.setattr(features, "CONVOLUTION_FRAMES_PER_PIECE", piece)
    statistics = encoder._running_statistics(samples)
    with torch.no_grad():
        statistics.advance(len(samples))
        assert relative(encoder._convolve(statistics), whole) < 1e-5


@pytest.mark.parametrize("bias", [False, True])
def test_running_statistics_are_those_of_the_beginning(bias):
    torch.manual_seed(1)
    config = tiny_config()
    config.conv_bias = bias
    first = Wav2Vec2Model(config).eval().feature_extractor.conv_layers[0].requires_grad_(False)
    samples = voice(9.0) + 0.2
    samples[50000:] *= 5
    statistics = RunningStatistics(samples, first.conv, grouped=True, normalise=True)
    for end in (16000, 16003, 70000, 70000, len(samples)):
        statistics.advance(end)
        beginning = samples[:end]
        wave = (beginning - beginning.mean()) / np.sqrt(beginning.var() + 1e-7)
        np.testing.assert_allclose(statistics.wave(4000, end), wave[4000:], atol=1e-4)
        variance, mean = torch.var_mean(first.conv(torch.from_numpy(wave)[None]), dim=1, correction=0)
        torch.testing.assert_close(statistics.convolved(), (mean, variance), atol=1e-5, rtol=1e-4)


def test_the_transformer_in_pieces_is_near_but_not_the_same():
    encoder = AudioEncoder(tiny_model())
    samples = voice(24.0)
    whole = encoder.encode(samples)
    pieces = encoder.encode(samples, seconds_per_piece=4.0)
    assert 0 < relative(pieces, whole) < 0.1
    assert torch.equal(encoder.encode(samples, seconds_per_piece=24.0), whole)


def test_the_convolutions_buffers_are_small_enough_to_be_used_again():
    config = tiny_config()
    config.conv_dim = [512, *[24] * 6]  # the first as wide as base's
    encoder, samples = AudioEncoder(Wav2Vec2Model(config).eval()), voice(12.0)
    with torch.profiler.profile(profile_memory=True) as profiler:
        encoder.encode(samples)
    assert 2**23 < max(event.self_cpu_memory_usage for event in profiler.events()) < LARGEST_REUSED


def test_a_long_voice_is_cut_so_that_attention_does_not_grow_with_its_square(monkeypatch):
    encoder, seen = AudioEncoder(tiny_model()), []
    inner = attention.functional.scaled_dot_product_attention

    def counted(query, key, value, **options):
        seen.append(query.shape[2] * key.shape[2])
        return inner(query, key, value, **options)

    monkeypatch.setattr(attention.functional, "scaled_dot_product_attention", counted)
    monkeypatch.setattr(pieces, "WHOLE_SECONDS", 20.0)
    monkeypatch.setattr(pieces, "LONG_VOICE_PIECE_SECONDS", 10.0)

    def pairs(seconds: float, **options: float) -> int:
        seen.clear()
        encoder.encode(voice(seconds), **options)
        return sum(seen)

    whole = pairs(20.0)
    assert whole == 3 * 500**2
    assert pairs(80.0) < 2.3 * pairs(40.0)
    assert pairs(40.0, seconds_per_piece=40.0) == 4 * whole
    cut, uncut = (encoder.encode(voice(24.0), seconds_per_piece=length) for length in (None, 24.0))
    assert torch.equal(cut, encoder.encode(voice(24.0), seconds_per_piece=10.0))
    assert 0 < relative(cut, uncut) < 0.1


@pytest.mark.parametrize("normalise", [False, True])
def test_a_later_change_leaves_the_pieces_before_it(normalise):
    encoder = AudioEncoder(tiny_model(), normalise=normalise)
    short, longer = voice(24.0), np.concatenate([voice(24.0), 3 * voice(9.0)])
    kept = 16 * 25  # pieces of 4 s that end 5 s and more before the change
    pieces, more = (encoder.encode(samples, seconds_per_piece=4.0) for samples in (short, longer))
    assert torch.equal(pieces[:kept], more[:kept]) and not torch.equal(
        pieces[kept:], more[kept : len(pieces)]
    )
    whole, more = encoder.encode(short), encoder.encode(longer)
    assert not torch.equal(whole[:kept], more[:kept])


@pytest.mark.parametrize(
    ("samples", "fps", "frames"), [(18560, 25.0, 28), (16000, 25.0, 25), (16000, 30.0, 30), (51200, 24.0, 76)]
)
def test_frames_follow_the_length(samples, fps, frames):
    assert len(AudioEncoder(tiny_model()).encode(voice(samples / 16000), fps)) == frames


@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_silence_has_features_that_are_not_zero(fps):
    silence = AudioEncoder(tiny_model(), normalise=True).silence(3, fps)
    assert silence.shape == (3, 3, 64)
    assert silence.isfinite().all() and silence.abs().mean() > 0.1


def test_half_precision_hears_the_same():
    samples = voice(1.0)
    whole = AudioEncoder(tiny_model()).encode(samples)
    half = AudioEncoder(tiny_model().bfloat16()).encode(samples)
    assert half.dtype == torch.float32 and relative(half, whole) < 0.05


def test_a_sound_below_one_frame_is_refused():
    with pytest.raises(MultiTalkError, match="too short"):
        AudioEncoder(tiny_model()).encode(voice(0.02))


def test_what_is_no_encoder_is_named(tmp_path):
    state = tiny_model().state_dict()
    config = tiny_config().to_json_string()
    pickle, truncated, other, hubert, thin, bare = (
        tmp_path / name for name in ("pickle", "truncated", "other", "hubert", "thin", "bare")
    )
    for folder in (pickle, truncated, other, hubert, thin, bare):
        folder.mkdir()
        (folder / "config.json").write_text(config)
    torch.save(state, pickle / "pytorch_model.bin")
    save_file(state, truncated / "model.safetensors")
    whole = (truncated / "model.safetensors").read_bytes()
    (truncated / "model.safetensors").write_bytes(whole[:-1000])
    save_file({"blocks.0.weight": torch.zeros(2)}, other / "model.safetensors")
    (hubert / "model.safetensors").write_bytes(whole)
    (hubert / "config.json").write_text('{"model_type": "hubert"}')
    (thin / "model.safetensors").write_bytes(whole)
    (thin / "config.json").write_text('{"num_hidden_layers": 2}')
    (bare / "model.safetensors").write_bytes(whole)
    (bare / "config.json").unlink()
    for path, message in [
        (pickle, "convert it"),
        (pickle / "pytorch_model.bin", "is a pickle"),
        (truncated, "ends too early"),
        (other, "no wav2vec2"),
        (hubert, "no wav2vec2"),
        (thin, "does not fit"),
        (bare, "no config.json"),
        (tmp_path / "missing.safetensors", "does not exist"),
        (tmp_path / "missing", "does not exist"),
    ]:
        with pytest.raises(MultiTalkError, match=message) as raised:
            AudioEncoder.load(path)
        assert str(path) in str(raised.value)


def test_another_kind_of_encoder_is_refused_where_it_was_connected():
    whisper = WhisperModel(
        WhisperConfig(
            d_model=32,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            vocab_size=8,
            decoder_attention_heads=2,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
            decoder_start_token_id=1,
        )
    )
    said = r"^What is connected to audio_encoder is no wav2vec2 model.*: choose one such as \S+\.$"
    with pytest.raises(MultiTalkError, match=said):
        AudioEncoder.from_state(whisper.state_dict(), source="What is connected to audio_encoder")


def test_attention_in_blocks_is_that_of_the_whole(monkeypatch):
    encoder = AudioEncoder.from_state(tiny_model().state_dict())
    whole = encoder.encode(voice(1.31))
    monkeypatch.setattr(attention, "SCORES_AT_ONCE", 200)  # six queries of 32 frames
    assert relative(encoder.encode(voice(1.31)), whole) < 1e-6


def test_encoding_stops_wherever_it_is_interrupted(monkeypatch):
    monkeypatch.setattr(attention, "SCORES_AT_ONCE", 200)
    encoder = AudioEncoder.from_state(tiny_model().state_dict())
    asked = Counter()
    encoder.encode(voice(1.31), check_interrupted=lambda: asked.update(["times"]))
    assert asked["times"] > 2 * 32 / 6  # between blocks of attention too, in both layers

    def stop():
        asked.subtract(["times"])
        if not asked["times"]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encoder.encode(voice(1.31), check_interrupted=stop)
    assert len(encoder.encode(voice(1.31))) == 32  # and still works
