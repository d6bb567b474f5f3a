"""What each golden case compares: the core's public functions on one side, released numbers on the other."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from golden_clips import compare_audio_windows, compare_long_video
from golden_wan import compare_dit_block, compare_dit_model
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.loudness import integrated_loudness, normalise_loudness
from multitalk_core.film.colour import match_colour
from multitalk_core.kernels.rotation import rotate
from multitalk_core.media.picture import resize_and_crop
from multitalk_core.method.adapter import AudioProjection
from multitalk_core.method.adapter_shape import AdapterShape
from multitalk_core.method.attention import AudioCrossAttention
from multitalk_core.method.binding import Binding
from multitalk_core.method.guidance import GuidancePass, GuidanceScales, ProjectedGuidance, guide
from multitalk_core.method.labels import spread_ranges, token_labels
from multitalk_core.method.localization import class_similarity, token_classes
from multitalk_core.method.schemes import find_scheme
from multitalk_core.method.wan import Grid, nearest_bucket
from multitalk_core.method.windows import first_and_later_frames
from multitalk_core.persons.box import Box
from multitalk_core.persons.marking import PersonOrder, persons_from_boxes, persons_from_parts

SKIPPED = {
    "tea_cache": "step caching is ComfyUI's EasyCache and diffusers' own caches; the case is there to read"
}

Config = dict[str, Any]
Tensors = dict[str, Tensor]
Comparisons = Iterator[tuple[str, Tensor, Tensor]]


def state_of(tensors: Tensors) -> Tensors:
    """Parameters stored in a case, under their original names."""
    return {name.removeprefix("state."): t for name, t in tensors.items() if name.startswith("state.")}


def compare_lrope(config: Config, tensors: Tensors, case: dict) -> Comparisons:
    yield "output", rotate(tensors["x"], tensors["positions"]), tensors["output"]


def compare_localization(config: Config, tensors: Tensors, case: dict) -> Comparisons:
    similarity = class_similarity(tensors["q"], tensors["k"], tensors["ref_target_masks"][None])
    yield "x_ref_attn_map", similarity[0], tensors["x_ref_attn_map"]


def compare_audio_adapter(config: Config, tensors: Tensors, case: dict) -> Comparisons:
    shape = AdapterShape(
        blocks=(),
        width=0,
        audio_width=config["output_dim"],
        context_tokens=config["context_tokens"],
        intermediate=config["intermediate_dim"],
        window=config["seq_len"],
        feature_size=config["blocks"] * config["channels"],
    )
    projection = AudioProjection(shape)
    projection.load_state_dict(state_of(tensors))
    first, later = first_and_later_frames(tensors["audio"])
    tokens = projection(tensors["audio"])
    yield "first_frame", first, tensors["first_frame"]
    yield "later_frames", later, tensors["later_frames"]
    yield "tokens_without_norm", projection.unnormalised(tensors["audio"]), tensors["tokens_without_norm"]
    yield "tokens", tokens, tensors["tokens"]
    yield "joined", tokens.transpose(0, 1).flatten(1, 2)[None], tensors["joined"]


def compare_audio_cross_attention(config: Config, tensors: Tensors, case: dict) -> Comparisons:
    layer = AudioCrossAttention(config["dim"], config["num_heads"], config["encoder_hidden_states_dim"])
    layer.load_state_dict(state_of(tensors))
    grid = Grid(*tensors["grid"].tolist())
    similarity = tensors["x_ref_attn_map"][None]
    ranges = spread_ranges(2).on("cpu")
    yield "normalized_pos", token_labels(similarity, ranges)[0], tensors["normalized_pos"]
    yield "winner", token_classes(similarity)[0], tensors["winner"]
    for voices in (1, 2):
        audio = tensors[f"encoder_hidden_states_{voices}"].unflatten(2, (voices, -1))
        binding = Binding() if voices == 1 else find_scheme("l-rope").bind_located(similarity, ranges)
        yield (
            f"output_{voices}",
            layer(tensors["x"], audio, grid, binding=binding),
            tensors[f"output_{voices}"],
        )


def compare_wav2vec2(config: Config, tensors: Tensors, case: dict) -> Comparisons:
    about_the_case = {"transformers", "samples", "sample_rate", "fps", "seq_len", "base_seed"}
    architecture = {key: value for key, value in config.items() if key not in about_the_case}
    encoder = AudioEncoder.from_state(state_of(tensors), architecture, normalise=True)
    features = encoder.encode(tensors["waveform"].numpy(), fps=config["fps"])
    yield "embedding", features, tensors["embedding"]


def compare_loudness(config: Config, tensors: Tensors, case: dict) -> Comparisons:
    rate, target = config["sample_rate"], config["lufs"]
    numbered = sorted(name.removeprefix("input_") for name in tensors if name.startswith("input_"))
    for index in numbered:
        wave = tensors[f"input_{index}"].numpy()
        measured = torch.tensor([integrated_loudness(wave, rate)], dtype=torch.float32)
        yield f"lufs_{index}", measured, tensors[f"lufs_{index}"]
        ours = torch.from_numpy(normalise_loudness(wave, rate, target))
        yield f"output_{index}", ours, tensors[f"output_{index}"]
    silence = normalise_loudness(tensors["silence_input"].numpy(), rate, target)
    yield "silence_output", torch.from_numpy(silence), tensors["silence_output"]


def compare_guidance(config: Config, tensors: Tensors, case: dict) -> Comparisons:
    names = {
        "cond": GuidancePass.PROMPT,
        "drop_text": GuidancePass.NEGATIVE,
        "uncond": GuidancePass.NEGATIVE_WITHOUT_AUDIO,
        "drop_audio": GuidancePass.PROMPT_WITHOUT_AUDIO,
    }
    full = GuidanceScales(config["text_guide_scale"], config["audio_guide_scale"])
    audio_only = GuidanceScales(1.0, config["audio_guide_scale"])
    for scales, suffix in ((full, ""), (audio_only, "_text_scale_1")):
        projected = ProjectedGuidance(config["apg_momentum"], config["apg_norm_threshold"])
        for step in range(config["steps"]):
            predictions = {ours: tensors[theirs][step][None] for theirs, ours in names.items()}
            plain = guide(predictions, scales)[0]
            yield f"guided_cfg{suffix}", plain, tensors[f"guided_cfg{suffix}"][step]
            guided = guide(predictions, scales, projected)[0]
            yield f"guided_apg{suffix}", guided, tensors[f"guided_apg{suffix}"][step]
            if not suffix:
                for term in ("text", "audio"):
                    running = projected.running[term][0]
                    yield f"apg_{term}_buffer", running, tensors[f"apg_{term}_buffer"][step]


def compare_colour(config: Config, tensors: Tensors, case: dict) -> Comparisons:
    for strength in config["strengths"]:
        name = f"output_{round(strength * 100)}"
        yield name, match_colour(tensors["source"], tensors["reference"], strength), tensors[name]


def compare_masks(config: Config, tensors: Tensors, case: dict) -> Comparisons:
    for name, job in config["jobs"].items():
        size = job["source"]["height"], job["source"]["width"]
        if job["bbox"] is None:
            persons = persons_from_parts(job["persons"], *size)
        else:
            boxes = [job["bbox"][f"person{index + 1}"] for index in range(job["persons"])]
            boxes = [Box(left, top, right, bottom) for top, left, bottom, right in boxes]
            persons = persons_from_boxes(boxes, *size, order=PersonOrder.GIVEN)
        if job["persons"] == 1:
            # The reference implementation passes the whole picture thrice; its one-person call reads none.
            tokens = persons.token_masks(*job["bucket"])[[0, 0, 0]]
        else:
            tokens = persons.token_masks(*job["bucket"])
        yield f"{name}_tokens", tokens, tensors[f"{name}_tokens"]
    for row in tensors["bucket_choice"]:
        resolution, *source, height, width = row.tolist()
        chosen = torch.tensor(nearest_bucket(*source, resolution), dtype=torch.int32)
        yield "bucket_choice", chosen, torch.tensor([height, width], dtype=torch.int32)
    for index in (0, 1):
        prepared = tensors[f"image_{index}_prepared"]
        source = tensors[f"image_{index}_source"].float().div(255).movedim(-1, 0)
        ours = resize_and_crop(source, *prepared.shape[-2:]) * 2 - 1
        yield f"image_{index}_prepared", ours[None, :, None], prepared


CASES = {
    "lrope": compare_lrope,
    "localization": compare_localization,
    "audio_windows": compare_audio_windows,
    "audio_adapter": compare_audio_adapter,
    "audio_cross_attention": compare_audio_cross_attention,
    "dit_block": compare_dit_block,
    "dit_model": compare_dit_model,
    "wav2vec2": compare_wav2vec2,
    "loudness": compare_loudness,
    "guidance": compare_guidance,
    "long_video_condition": compare_long_video,
    "colour": compare_colour,
    "masks": compare_masks,
}
