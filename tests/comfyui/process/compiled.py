"""Latents under torch.compile as TorchCompileModel sets it up, with dynamo's eager backend to be quick.

The guards on transformer_options are dropped by the options, whatever the backend.
"""

import torch
from comfy_api.torch_helpers import set_torch_compile_wrapper
from comfy_extras.nodes_torch_compile import skip_torch_compile_dict
from scene import apart, conditioned, guided, model, sample, save_outputs


def main() -> None:
    """Batched, apart, and without compilation."""
    patched = model().clone(disable_dynamic=True)
    options = {"guard_filter_fn": skip_torch_compile_dict}
    set_torch_compile_wrapper(model=patched, backend="eager", options=options)
    with torch.inference_mode():
        outputs = {
            "plain": sample(guided(conditioned()), steps=1),
            "compiled": sample(guided(conditioned(patched)), steps=1),
            "apart": apart(lambda: sample(guided(conditioned(patched)), steps=1)),
            "silent": sample(guided(conditioned(audio_strength=0.0)), steps=1),
        }
    save_outputs(outputs)


main()
