"""Films of the ComfyUI host, for comparison with the diffusers host's: two clips, or one short one."""

from fractions import Fraction

import torch
from comfy_api.latest import Input, InputImpl, Types
from multitalk_pack.multitalk_core.film.clips import plan_clips
from multitalk_pack.multitalk_core.film.film import make_film
from multitalk_pack.multitalk_core.film.spec import Continuation
from scene import inputs, prepared, save_outputs

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
        plan = plan_clips(13, 9, 5) if name in TWO_CLIPS else plan_clips(5, 5, 1)
        spec = {"continuation": Continuation.INFINITETALK} if name == "sparse" else {}
        run = prepared(plan, spec, steps=2, **changes, **source)
        finished = list(make_film(run.spec, run.model, listener=run.reporter))
        outputs[f"{name}.frames"] = torch.cat([clip.frames for clip in finished])
        outputs[f"{name}.latents"] = torch.cat([clip.latent for clip in finished])
        for clip in finished:
            if (record := clip.record) is not None:
                outputs[f"{name}.similarity_{clip.clip.index}"] = record.similarity
                if record.labels is not None:
                    outputs[f"{name}.labels_{clip.clip.index}"] = record.labels
    save_outputs(outputs)


main()
