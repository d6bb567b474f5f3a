"""Films of the ComfyUI host, for comparison with the diffusers host's: two clips, or one short one."""

import torch
from multitalk_pack.multitalk_core.clips import plan_clips
from scene import save_outputs, shoot

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
}
TWO_CLIPS = ("three_passes", "projected")


def main() -> None:
    """A film of each variant."""
    outputs = {}
    for name, changes in VARIANTS.items():
        run = shoot(steps=2, **changes)
        plan = plan_clips(13, 9, 5) if name in TWO_CLIPS else plan_clips(5, 5, 1)
        finished = list(run.film(plan, None))
        outputs[f"{name}.frames"] = torch.cat([clip.frames for clip in finished])
        outputs[f"{name}.latents"] = torch.cat([clip.latent for clip in finished])
        for clip, record in run.recorder.records.items():
            outputs[f"{name}.similarity_{clip}"] = record.similarity
            if record.labels is not None:
                outputs[f"{name}.labels_{clip}"] = record.labels
    save_outputs(outputs)


main()
