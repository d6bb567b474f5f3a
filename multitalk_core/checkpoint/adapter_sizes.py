"""The dimensions of an audio adapter, read from its tensors."""

from collections.abc import Mapping

from torch import Tensor

from ..errors import MultiTalkError
from ..method.adapter_shape import AdapterShape
from ..method.wan import TEMPORAL_STRIDE
from .adapter_keys import blocks_of, check_keys


def adapter_shape(state: Mapping[str, Tensor]) -> AdapterShape:
    """Read the dimensions of an adapter from its tensors, which may be meta tensors.

    Raises
    ------
    MultiTalkError
        When tensors are missing, or their shapes contradict each other.
    """
    check_keys(state.keys(), (), "the given tensors")
    sizes = {key: tuple(tensor.shape) for key, tensor in state.items()}
    return shape_from_sizes(sizes)


def shape_from_sizes(sizes: Mapping[str, tuple[int, ...]]) -> AdapterShape:
    """`adapter_shape` from the shapes alone."""
    blocks, more_frames = blocks_of(sizes), TEMPORAL_STRIDE - 1
    matrices = [f"audio_proj.{layer}.weight" for layer in ("proj1", "proj1_vf", "proj3")]
    vectors = ["audio_proj.norm.weight", f"blocks.{blocks[0]}.norm_x.weight"]
    for dimensions, keys in ((2, matrices), (1, vectors)):
        for key in keys:
            if len(sizes[key]) != dimensions or 0 in sizes[key]:
                raise _size_error(key, sizes[key], "a matrix" if dimensions == 2 else "a vector")
    intermediate, first = sizes["audio_proj.proj1.weight"]
    later = sizes["audio_proj.proj1_vf.weight"][1]
    feature_size, rest = divmod(later - first, more_frames)
    window = first // feature_size if feature_size > 0 else 0
    if rest or window * feature_size != first or window % 2 == 0:
        raise _size_error(
            "audio_proj.proj1_vf.weight",
            sizes["audio_proj.proj1_vf.weight"],
            f"an input for {more_frames} more frames than the odd window of audio_proj.proj1.weight "
            f"{list(sizes['audio_proj.proj1.weight'])}",
        )
    audio_width = sizes["audio_proj.norm.weight"][0]
    context_tokens = sizes["audio_proj.proj3.weight"][0] // audio_width
    width = sizes[f"blocks.{blocks[0]}.norm_x.weight"][0]
    shape = AdapterShape(blocks, width, audio_width, context_tokens, intermediate, window, feature_size)
    for key, expected in expected_sizes(shape).items():
        if sizes[key] != expected:
            raise _size_error(key, sizes[key], str(list(expected)))
    return shape


def expected_sizes(shape: AdapterShape) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of such an adapter."""
    matrices = {
        "audio_proj.proj1": (shape.intermediate, shape.first_inputs),
        "audio_proj.proj1_vf": (shape.intermediate, shape.later_inputs),
        "audio_proj.proj2": (shape.intermediate, shape.intermediate),
        "audio_proj.proj3": (shape.context_tokens * shape.audio_width, shape.intermediate),
        "audio_proj.norm": (shape.audio_width,),
    }
    for block in shape.blocks:
        matrices |= {
            f"blocks.{block}.audio_cross_attn.q_linear": (shape.width, shape.width),
            f"blocks.{block}.audio_cross_attn.kv_linear": (2 * shape.width, shape.audio_width),
            f"blocks.{block}.audio_cross_attn.proj": (shape.width, shape.width),
            f"blocks.{block}.norm_x": (shape.width,),
        }
    return {
        f"{layer}.{part}": size if part == "weight" else size[:1]
        for layer, size in matrices.items()
        for part in ("weight", "bias")
    }


def check_adapter(
    shape: AdapterShape, *, model_width: int, model_depth: int, model_name: str = "the model"
) -> None:
    """Refuse an adapter that was made for a DiT of another width or depth.

    Raises
    ------
    MultiTalkError
    """
    if shape.width != model_width:
        raise MultiTalkError(
            f"The adapter is for a model {shape.width} wide and {model_name} is {model_width} wide: choose "
            "the adapter made for this model, or the model the adapter was made for."
        )
    if shape.blocks[-1] >= model_depth:
        raise MultiTalkError(
            f"The adapter reaches to block {shape.blocks[-1]} and {model_name} has only blocks 0 to "
            f"{model_depth - 1}: choose the adapter made for this model."
        )


def _size_error(key: str, size: tuple[int, ...], expected: str) -> MultiTalkError:
    return MultiTalkError(
        f"The adapter's tensor {key} is {list(size)} where {expected} is expected: the file is damaged."
    )
