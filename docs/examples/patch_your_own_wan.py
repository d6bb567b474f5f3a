"""Add MultiTalk's audio layers to a diffusers Wan of your own, for your own sampling loop.

    python docs/examples/patch_your_own_wan.py

The embedded miniature stands for your model; any Wan2.1-I2V of diffusers and its adapter take its place.
"""

import torch
from diffusers import WanTransformer3DModel

from multitalk_core import (
    AudioEncoder,
    AudioPatch,
    Timeline,
    WanHost,
    audio_rows,
    build_adapter,
    encode_conversation,
    persons_from_parts,
    read_adapter,
    read_audio,
)
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

HEIGHT, WIDTH, FRAMES = 64, 96, 9  # pixels, pixels, 4n + 1

# Your model, as you load it anyway.
transformer = WanTransformer3DModel.from_single_file(
    str(EMBEDDED / EMBEDDED_FILES["transformer"]), config=str(EMBEDDED / "diffusers"), subfolder="transformer"
)

# Its adapter: a file of MultiTalk's or InfiniteTalk's released form.
state = read_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], torch.float32)
adapter = build_adapter(state, heads=transformer.config.num_attention_heads)

# Two voices at once, encoded 25 times a second, and the persons: here the left and the right half.
voices = [read_audio(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)]
encoder = AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"])
conversation = encode_conversation(Timeline.together(voices), encoder)
masks = persons_from_parts(2, HEIGHT, WIDTH).token_masks(HEIGHT, WIDTH)

# Audio tokens of the clip that begins at frame 0; then each row of a batch has the voices, or none.
windows = conversation.windows(0, FRAMES, window=adapter.shape.window)
rows = audio_rows(adapter.voice_tokens(windows), masks, [True, True, False])

# One step of your loop: prompt, negative prompt, and negative prompt without audio, in one batch.
latent = torch.randn(1, 36, 1 + (FRAMES - 1) // 4, HEIGHT // 8, WIDTH // 8).expand(3, -1, -1, -1, -1)
timestep = torch.tensor([700.0]).expand(3)
text = torch.randn(3, 12, 64)
host = WanHost(transformer, AudioPatch(adapter))
with torch.no_grad(), host.conditioned(rows):
    prompt, negative, without_audio = transformer(latent, timestep, text, return_dict=False)[0]
velocity = without_audio + 5 * (prompt - negative) + 4 * (negative - without_audio)  # the paper's scales
host.remove()  # the model is as it was

print(f"velocity {tuple(velocity.shape)}; the voices' share {(negative - without_audio).norm():.3f}")
