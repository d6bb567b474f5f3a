"""Films of the ComfyUI host, for comparison with the diffusers host's."""

import torch
from multitalk_pack.multitalk_core.clips import plan_clips
from scene import FRAMES, save_outputs, shoot

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


def main() -> None:
    """Two clips of each variant."""
    outputs = {}
    plan = plan_clips(13, FRAMES, 5)
    for name, changes in VARIANTS.items():
        run = shoot(**changes)
        finished = list(run.film(plan, None))
        outputs[f"{name}.frames"] = torch.cat([clip.frames for clip in finished])
        outputs[f"{name}.latents"] = torch.cat([clip.latent for clip in finished])
        for clip, record in run.recorder.records.items():
            outputs[f"{name}.similarity_{clip}"] = record.similarity
            if record.labels is not None:
                outputs[f"{name}.labels_{clip}"] = record.labels
    save_outputs(outputs)


main()
