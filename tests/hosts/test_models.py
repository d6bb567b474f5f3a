"""The models: the embedded ones that ship, and Wan2.1-I2V folders built small and real."""

import json
import shutil

import pytest
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from PIL import Image
from safetensors.torch import save_file
from transformers import UMT5EncoderModel

from helpers.tiny_wan import WORDS, tiny_transformer, write_wan_folder
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.checkpoint.adapter_file import read_adapter
from multitalk_core.checkpoint.adapter_sizes import adapter_shape
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.models import decode_latent, encode_frames
from multitalk_core.hosts.diffusers.offloading import Offload
from multitalk_core.hosts.diffusers.wan_folder import load_folder
from multitalk_core.toy_world.wan_keys import transformer_to_wan, vae_to_wan


@pytest.fixture(scope="module")
def embedded():
    return load_embedded()


@pytest.fixture(scope="module")
def wan_folder(tmp_path_factory):
    """Wan2.1-I2V in diffusers' format, every part real and tiny."""
    return write_wan_folder(tmp_path_factory.mktemp("models") / "tiny-wan-i2v")


@pytest.fixture
def broken(wan_folder, tmp_path):
    """A copy of the folder to spoil."""
    return shutil.copytree(wan_folder, tmp_path / "wan")


def run(loaded, text, image=None):
    noise = torch.randn(1, 36, 2, 4, 6, generator=torch.manual_seed(1))
    with torch.no_grad():
        return loaded.transformer(noise, torch.tensor([500]), text, image, return_dict=False)[0]


def test_the_embedded_models_run(embedded):
    assert embedded.transformer.config.in_channels == 36 and embedded.image is None
    prompt, negative = embedded.text("anything"), embedded.text("", negative=True)
    assert prompt.shape == negative.shape == (1, 12, 64) and not torch.equal(prompt, negative)
    assert run(embedded, prompt).shape == (1, 16, 2, 4, 6)
    assert not torch.equal(run(embedded, prompt), run(embedded, negative))


def test_the_embedded_files_are_small():
    assert sum(file.stat().st_size for file in EMBEDDED.rglob("*.*")) < 25e6


def test_the_embedded_parts_fit_each_other(embedded):
    shape = adapter_shape(read_adapter(EMBEDDED / EMBEDDED_FILES["adapter"]))
    encoder = AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"])
    config = embedded.transformer.config
    assert shape.width == config.num_attention_heads * config.attention_head_dim
    assert shape.blocks == tuple(range(config.num_layers))
    assert shape.feature_size == encoder.layers * encoder.channels
    assert encoder.silence(5).shape == (5, encoder.layers, encoder.channels)


def test_the_embedded_picture_and_voices():
    with Image.open(EMBEDDED / "picture.png") as picture:
        assert picture.mode == "RGB" and min(picture.size) >= 160
    for voice in ("voice_1.flac", "voice_2.flac"):
        sound = read_audio(EMBEDDED / voice)
        assert sound.channels == 1 and 1.5 < sound.seconds < 4 and abs(sound.samples).max() > 0.1


def test_frames_and_latents(embedded):
    frames = torch.rand(1, 3, 9, 32, 48, generator=torch.manual_seed(0)) * 2 - 1
    with torch.no_grad():
        latent = encode_frames(embedded.vae, frames)
        assert latent.shape == (1, 16, 3, 4, 6)
        assert torch.equal(latent, encode_frames(embedded.vae, frames))
        film = decode_latent(embedded.vae, latent)
    assert film.shape == frames.shape
    assert film.abs().max() <= 1


def test_frames_and_latents_are_those_of_diffusers(embedded):
    frames = torch.rand(1, 3, 9, 32, 48, generator=torch.manual_seed(0)) * 2 - 1
    config = embedded.vae.config
    mean, std = (torch.tensor(v).view(1, -1, 1, 1, 1) for v in (config.latents_mean, config.latents_std))
    with torch.no_grad():
        encoded = embedded.vae.encode(frames).latent_dist.mode()
        latent = encode_frames(embedded.vae, frames)
        torch.testing.assert_close(latent * std + mean, encoded, atol=1e-4, rtol=1e-4)
        film = decode_latent(embedded.vae, latent)
        torch.testing.assert_close(film, embedded.vae.decode(encoded).sample, atol=1e-5, rtol=0)


def test_wan_names_are_those_that_diffusers_reads(tmp_path, wan_folder):
    for part, rename, model in (
        ("transformer", transformer_to_wan, WanTransformer3DModel),
        ("vae", vae_to_wan, AutoencoderKLWan),
    ):
        saved = model.from_pretrained(wan_folder / part).state_dict()
        path = tmp_path / f"{part}.safetensors"
        save_file(rename(saved), path)
        assert not rename(saved).keys() & saved.keys() - {"patch_embedding.weight", "patch_embedding.bias"}
        read = model.from_single_file(str(path), config=str(wan_folder), subfolder=part).state_dict()
        assert read.keys() == saved.keys()
        assert all(torch.equal(read[name], tensor) for name, tensor in saved.items())


@pytest.mark.parametrize("offload", Offload.words())
def test_a_wan_folder_runs(wan_folder, offload):
    loaded = load_folder(wan_folder, dtype=torch.float32, offload=offload)
    assert loaded.name == "tiny-wan-i2v"
    with torch.no_grad():
        picture = torch.rand(1, 3, 32, 48, generator=torch.manual_seed(0)) * 2 - 1
        latent = encode_frames(loaded.vae, picture[:, :, None])
        tokens = loaded.image(picture)
        film = decode_latent(loaded.vae, latent)
    assert latent.shape == (1, 16, 1, 4, 6) and film.shape == (1, 3, 1, 32, 48)
    assert tokens.shape == (1, 1 + 4, 48)
    plain = WanTransformer3DModel.from_pretrained(wan_folder / "transformer")
    text = loaded.text("two people talk")
    expected = plain(
        torch.randn(1, 36, 2, 4, 6, generator=torch.manual_seed(1)), torch.tensor([500]), text, tokens
    ).sample
    torch.testing.assert_close(run(loaded, text, tokens), expected)


def test_text_is_padded_with_zeros_as_the_encoder_saw_it(wan_folder):
    loaded = load_folder(wan_folder, dtype=torch.float32)
    embedding = loaded.text("two  people\ntalk ")
    assert embedding.shape == (1, 512, 32)
    assert torch.count_nonzero(embedding[:, 3:]) == 0
    encoder = UMT5EncoderModel.from_pretrained(wan_folder / "text_encoder")
    words = torch.tensor([[WORDS.index(word) for word in ("two", "people", "talk")]])
    with torch.no_grad():
        torch.testing.assert_close(embedding[:, :3], encoder(words).last_hidden_state)


def test_a_wan_folder_in_half_precision(wan_folder):
    loaded = load_folder(wan_folder, dtype=torch.bfloat16)
    assert loaded.vae.dtype == torch.float32
    picture = torch.zeros(1, 3, 32, 48)
    assert loaded.text("talk").dtype == loaded.image(picture).dtype == loaded.dtype == torch.bfloat16


def test_the_whole_picture_reaches_the_image_encoder(wan_folder):
    image = load_folder(wan_folder, dtype=torch.float32).image
    picture = torch.zeros(1, 3, 32, 96)
    edge = picture.clone()
    edge[..., :8] = 1
    assert not torch.equal(image(picture), image(edge))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda wan: shutil.rmtree(wan), "does not exist"),
        (lambda wan: (wan / "model_index.json").unlink(), "no model_index.json"),
        (lambda wan: (wan / "transformer/config.json").unlink(), "no transformer/config.json"),
        (lambda wan: (wan / "model_index.json").write_text("{"), "cannot be read"),
        (lambda wan: tiny_transformer(16).save_pretrained(wan / "transformer"), "text-to-video"),
        (lambda wan: (wan / "transformer/config.json").write_text("{}"), "no Wan model"),
        (lambda wan: shutil.rmtree(wan / "vae"), "vae is missing"),
        (lambda wan: shutil.rmtree(wan / "tokenizer"), "tokenizer is missing"),
        (lambda wan: shutil.rmtree(wan / "image_encoder"), "image_encoder is missing"),
        (lambda wan: cut_short(wan / "tokenizer/tokenizer.json"), "The tokenizer .* cannot be loaded"),
        (lambda wan: (wan / "vae/config.json").write_text("[1]"), "The VAE .* cannot be loaded"),
        (lambda wan: (wan / "image_encoder/config.json").write_text("{"), "The image encoder .* cannot be"),
        (lambda wan: pickle_weights(wan / "text_encoder"), "pickle"),
        (
            lambda wan: cut_short(wan / "transformer/diffusion_pytorch_model.safetensors"),
            "cut short|incomplete",
        ),
        (
            lambda wan: (wan / "model_index.json").write_text(
                json.dumps({"transformer_2": ["diffusers", "WanTransformer3DModel"]})
            ),
            "Wan2.2",
        ),
    ],
)
def test_other_folders_are_refused_with_a_sentence(broken, spoil, sentence):
    spoil(broken)
    with pytest.raises(MultiTalkError, match=sentence):
        load_folder(broken)


def pickle_weights(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def cut_short(file):
    file.write_bytes(file.read_bytes()[: -min(1000, file.stat().st_size // 2)])
