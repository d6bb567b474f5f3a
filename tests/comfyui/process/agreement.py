"""Films of the ComfyUI host, for comparison with the diffusers host's: two clips, or one short one."""

from fractions import Fraction

import torch
from comfy_api.latest import Input, InputImpl, Types
from multitalk_pack.multitalk_core.film.clips import plan_clips
from multitalk_pack.multitalk_core.film.film import INFINITETALK
from multitalk_pack.nodes.host.clip_settings import ClipSettings
from scene import inputs, save_outputs, shoot

LEFT_HALF = torch.cat([torch.ones(15, 48, 24), torch.zeros(15, 48, 24)], dim=2)
VARIANTS = {
    "three_passes": {},
    "text_scale_1": {"text_scale": 1.0},
    "audio_scale_1": {"audio_scale": 1.0},
    "one_pass": {"text_scale": 1.0, "audio_scale": 1.0},
    "projected": {"projected_guidance": True},
    "routed": {"scheme": "routed"},
    "add": {"scheme": "add"},
    "split": {"scheme": "split"},
    "concat": {"scheme": "concat"},
    "dubbed": {"denoise": 0.5},
    "sparse": {"denoise": 1.0},
    "masked": {"denoise": 1.0, "region": LEFT_HALF},
}
TWO_CLIPS = ("three_passes", "projected", "dubbed", "sparse", "masked")
DUBBED = ("dubbed", "sparse", "masked")


def video() -> Input.Video:
    """15 frames of the picture, wandering sideways."""
    images = torch.stack([inputs()["picture"].roll(frame, 1) for frame in range(15)])
    return InputImpl.VideoFromComponents(Types.VideoComponents(images, Fraction(30)))


def main() -> None:
    """A film of each variant."""
    outputs = {}
    for name, changes in VARIANTS.items():
        source = {"picture": video()} if name in DUBBED else {}
        run = shoot(steps=2, **changes, **source)
        plan = plan_clips(13, 9, 5) if name in TWO_CLIPS else plan_clips(5, 5, 1)
        clips = ClipSettings(continuation=INFINITETALK) if name == "sparse" else None
        finished = list(run.film(plan, None, clips))
        outputs[f"{name}.frames"] = torch.cat([clip.frames for clip in finished])
        outputs[f"{name}.latents"] = torch.cat([clip.latent for clip in finished])
        for clip, record in run.recorder.records.items():
            outputs[f"{name}.similarity_{clip}"] = record.similarity
            if record.labels is not None:
                outputs[f"{name}.labels_{clip}"] = record.labels
    save_outputs(outputs)


main()
