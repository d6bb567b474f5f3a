"""A scheme of your own: registered by your program, then used like any other.

python docs/examples/new_scheme.py
"""

import torch
from torch import Tensor

from multitalk_core import (
    AudioPatch,
    Binding,
    BindingOptions,
    RangeTensors,
    Scheme,
    WanHost,
    audio_rows,
    load_adapter,
    load_embedded,
    persons_from_parts,
    register,
    token_classes,
)
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

HEIGHT, WIDTH, FRAMES = 64, 96, 9  # pixels, pixels, 4n + 1


class Shared(Scheme):
    """A person's tokens attend to that person's voice alone, those of the background to every voice."""

    name = "shared"
    help = "each person follows only their own voice, and the background follows all"

    def needs_localization(self, voices: int) -> bool:
        """Always: a token is bound by where it is."""
        return True

    def bind_located(self, similarity: Tensor, ranges: RangeTensors) -> Binding:
        """The voice of the token's own person, or all voices."""
        voices = torch.arange(similarity.shape[1] - 1, device=similarity.device)
        classes = token_classes(similarity)[:, :, None]
        return Binding(may_attend=(classes == voices) | (classes == len(voices)))


register(Shared())

# One forward pass of the embedded model under each of two schemes, to see that they differ.
models = load_embedded()
adapter = load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models)
generator = torch.Generator().manual_seed(0)
windows = torch.randn(2, FRAMES, 5, 4, 64, generator=generator)  # stands for two voices' features
masks = persons_from_parts(2, HEIGHT, WIDTH).token_masks(HEIGHT, WIDTH)
rows = audio_rows(adapter.voice_tokens(windows), masks, [True])
latent = torch.randn(1, 36, 1 + (FRAMES - 1) // 4, HEIGHT // 8, WIDTH // 8, generator=generator)

velocities = {}
for scheme in ("routed", "shared"):
    host = WanHost(models.transformer, AudioPatch(adapter, BindingOptions(scheme=scheme)))
    with torch.no_grad(), host.conditioned(rows):
        text = models.text("two people talk")
        velocities[scheme] = models.transformer(latent, torch.tensor([700.0]), text, return_dict=False)[0]
    host.remove()
difference = (velocities["shared"] - velocities["routed"]).norm() / velocities["routed"].norm()
print(f"shared differs from routed by {difference:.2%}")
