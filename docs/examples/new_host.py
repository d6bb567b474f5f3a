"""A host in one file: Wan's forward pass written out, with MultiTalk's two hooks where they belong.

    python docs/examples/new_host.py

Whatever computes your Wan's blocks, it calls the same two hooks at the same two places. Here the layers are
those of diffusers; `tests/docs/test_new_host.py` puts this host through the suite that every host passes.
"""

import torch
import torch.nn.functional as F
from diffusers import WanTransformer3DModel
from torch import Tensor

from multitalk_core import (
    AudioAdapter,
    AudioPatch,
    AudioRows,
    ClipInputs,
    Grid,
    Models,
    ProjectedGuidance,
    audio_rows,
    guide,
    load_adapter,
    load_embedded,
    persons_from_parts,
    released_timesteps,
    sample_clip,
)
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.hosts.diffusers.models import decode_latent, encode_frames


def forward(
    transformer: WanTransformer3DModel,
    latent: Tensor,
    timestep: Tensor,
    *,
    text: Tensor,
    patch: AudioPatch | None = None,
    rows: AudioRows | None = None,
) -> Tensor:
    """Predict the velocity of noisy latents.

    Parameters
    ----------
    transformer : WanTransformer3DModel
        An image-to-video model without an image embedder, such as the embedded one.
    latent : Tensor [rows, 36, frames, height, width]
        Noisy latent, mask and conditioning latent.
    timestep : Tensor [rows], in 1000..0
    text : Tensor [rows, tokens, channels]
    patch : AudioPatch, optional
        Without one this is the plain model.
    rows : AudioRows
        With `patch`: the voices of every row.

    Returns
    -------
    Tensor [rows, 16, frames, height, width]
    """
    grid = Grid.of_latent(latent)
    rotation = transformer.rope(latent)
    hidden = transformer.patch_embedding(latent).flatten(2).transpose(1, 2)
    time, modulation, text, _ = transformer.condition_embedder(timestep, text)
    modulation = modulation.unflatten(1, (6, -1)).float()

    for index, block in enumerate(transformer.blocks):
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = (block.scale_shift_table + modulation).chunk(
            6, 1
        )

        attention = block.attn1
        normed = block.norm1(hidden) * (1 + scale) + shift
        query = rotate(
            attention.norm_q(attention.to_q(normed)).unflatten(-1, (attention.heads, -1)), *rotation
        )
        key = rotate(attention.norm_k(attention.to_k(normed)).unflatten(-1, (attention.heads, -1)), *rotation)
        value = attention.to_v(normed).unflatten(-1, (attention.heads, -1))
        audio = None if patch is None else patch.block(index)
        if audio is not None:  # the first hook: queries and keys as they attend
            binding = audio.after_self_attention(query, key, rows=rows, grid=grid)
        attended = F.scaled_dot_product_attention(*(part.transpose(1, 2) for part in (query, key, value)))
        hidden = hidden + attention.to_out[0](attended.transpose(1, 2).flatten(2)) * gate

        hidden = hidden + block.attn2(block.norm2(hidden), text)
        if audio is not None:  # the second hook: what the audio layer adds to the hidden states
            hidden = hidden + audio.after_text_attention(hidden, rows=rows, grid=grid, binding=binding)

        hidden = hidden + block.ffn(block.norm3(hidden) * (1 + mlp_scale) + mlp_shift) * mlp_gate

    shift, scale = (transformer.scale_shift_table + time[:, None]).chunk(2, 1)
    patches = transformer.proj_out(transformer.norm_out(hidden) * (1 + scale) + shift)
    # tokens and patches back to a picture: [rows, frames, height, width, 1, 2, 2, channels]
    patches = patches.unflatten(1, (grid.frames, grid.height, grid.width)).unflatten(-1, (1, 2, 2, -1))
    return patches.permute(0, 7, 1, 4, 2, 5, 3, 6).flatten(6, 7).flatten(4, 5).flatten(2, 3)


def rotate(vectors: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Wan's 3-D RoPE on [rows, tokens, heads, channels]."""
    even, odd = vectors.unflatten(-1, (-1, 2)).unbind(-1)
    cosine, sine = cosine[..., 0::2], sine[..., 1::2]
    return torch.stack([even * cosine - odd * sine, even * sine + odd * cosine], dim=-1).flatten(-2)


class WrittenOutVideoModel:
    """What a host offers the film: `encode`, `decode`, `sample`.

    Parameters
    ----------
    models : Models
        Wan and its VAE.
    adapter : AudioAdapter
    prompt : str
    """

    def __init__(self, models: Models, adapter: AudioAdapter, *, prompt: str) -> None:
        self.models = models
        self.adapter = adapter
        self.prompt, self.negative_prompt = models.text(prompt), models.text("", negative=True)

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """Frames [1, 3, frames, height, width] in -1..1 to the normalised latent."""
        return encode_frames(self.models.vae, frames)

    @torch.no_grad()
    def decode(self, latent: Tensor) -> Tensor:
        """The way back."""
        return decode_latent(self.models.vae, latent)

    @torch.no_grad()
    def sample(self, inputs: ClipInputs) -> Tensor:
        """The latent of one clip."""
        sampling, audio, source = inputs.sampling, inputs.audio, inputs.source
        passes = sampling.scales.passes()
        text = torch.cat([self.negative_prompt if each.negative else self.prompt for each in passes])
        audible = [each.audible for each in passes]
        rows = audio_rows(self.adapter.voice_tokens(audio.windows), audio.masks, audible)
        patch = AudioPatch(self.adapter, inputs.binding, observer=inputs.observer)
        given = torch.cat([inputs.mask, inputs.encoded], dim=1)
        projected = ProjectedGuidance() if sampling.projected else None

        def predict(latent: Tensor, timestep: Tensor) -> Tensor:
            model_input = torch.cat([latent, given], dim=1).expand(len(passes), -1, -1, -1, -1)
            timesteps = timestep.expand(len(passes))
            velocities = forward(
                self.models.transformer, model_input, timesteps, text=text, patch=patch, rows=rows
            )
            return guide(dict(zip(passes, velocities.split(1), strict=True)), sampling.scales, projected)

        return sample_clip(
            predict,
            inputs.noise,
            released_timesteps(sampling.steps, sampling.shift, 1.0 if source is None else source.denoise),
            motion=inputs.motion,
            on_step=inputs.on_step,
            source=source,
        )


@torch.no_grad()
def main() -> None:
    """Condition one forward pass of the embedded model on two voices."""
    models = load_embedded()
    adapter = load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models)
    windows = torch.randn(2, 9, 5, 4, 64)  # stands for two voices' features
    masks = persons_from_parts(2, 64, 96).token_masks(64, 96)
    rows = audio_rows(adapter.voice_tokens(windows), masks, [True])
    latent, timestep = torch.randn(1, 36, 3, 8, 12), torch.tensor([700.0])
    text = models.text("two people talk")
    plain = forward(models.transformer, latent, timestep, text=text)
    conditioned = forward(
        models.transformer, latent, timestep, text=text, patch=AudioPatch(adapter), rows=rows
    )
    print(f"the voices change the prediction by {(conditioned - plain).norm() / plain.norm():.1%}")


if __name__ == "__main__":
    main()
