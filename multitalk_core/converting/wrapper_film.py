"""WanVideoWrapper's settings as our nodes have them: the rules that take more than one input."""

import math
from pathlib import PurePosixPath

from ..limits import FPS
from .assembled_graph import AssembledGraph, Output
from .chain_copy import ChainCopy, portable
from .conversion_report import ConversionReport
from .film_parts import FilmParts, mask_inputs
from .helper_nodes import MASK_LISTS, VIDEO_LOADERS
from .settings_reader import Findings
from .source_graph import SourceGraph, SourceNode

# Schedulers as sampler and noise levels. "released" are the reference implementation's own.
SAMPLING = {
    "multitalk": ("euler", "released"),
    "unipc": ("uni_pc", "simple"),
    "unipc/beta": ("uni_pc", "beta"),
    "euler": ("euler", "simple"),
    "euler/beta": ("euler", "beta"),
    "dpm++": ("dpmpp_2m", "simple"),
    "dpm++/beta": ("dpmpp_2m", "beta"),
    "dpm++_sde": ("dpmpp_2m_sde", "simple"),
    "dpm++_sde/beta": ("dpmpp_2m_sde", "beta"),
    "deis": ("deis", "simple"),
    "lcm": ("lcm", "simple"),
    "lcm/beta": ("lcm", "beta"),
    "res_multistep": ("res_multistep", "simple"),
    "er_sde": ("er_sde", "simple"),
    "flowmatch_distill": ("euler", "simple"),  # shifted 1, 3/4, 1/2 and 1/4: the same levels
}
ELSE = ("euler", "simple")
ADAPTER_PRECISION = {"fp16": "float16", "bf16": "bfloat16", "fp32": "float32"}
NATIVE_TEXT_ENCODER = "umt5_xxl"  # how the names of files in ComfyUI's form begin
ONE_FRAME = ("ImageFromBatch", "VHS_SelectImages", "ImageFromBatch+", "GetImagesFromBatchIndexed")
MOST_VOICES = 4  # of its node
CACHE_THRESHOLD = 0.2  # EasyCache's usual one


class WrapperFilm:
    """Makes FilmParts of what was read.

    Parameters
    ----------
    graph : SourceGraph
    found : Findings
    ours : AssembledGraph
    copier : ChainCopy
    report : ConversionReport
    """

    def __init__(
        self,
        graph: SourceGraph,
        found: Findings,
        *,
        ours: AssembledGraph,
        copier: ChainCopy,
        report: ConversionReport,
    ):
        self.graph = graph
        self.found = found
        self.ours = ours
        self.copier = copier
        self.report = report

    def parts(self) -> FilmParts:
        """All parts."""
        parts = FilmParts(
            sampler={**self._sampling(), **self._guidance(), **self._clips(), **self._colours()}
        )
        self._models(parts)
        self._prompts(parts)
        self._picture(parts)
        self._voices(parts)
        self._persons(parts)
        return parts

    def _given(self, setting: str, usual: object = None) -> object:
        return self.found.settings.get(setting, usual)

    def _change(self, setting: str, name: str, why: str) -> None:
        if setting in self.found.nodes:
            self.report.change(self.found.nodes[setting], name, why)

    def _named(self, node: str) -> dict[str, object]:
        """The settings of one of our nodes."""
        return {
            name.removeprefix(f"{node}."): value
            for name, value in self.found.settings.items()
            if name.startswith(f"{node}.")
        }

    def _sampling(self) -> dict[str, object]:
        scheduler = str(self._given("scheduler", "unipc"))
        sampler, levels = SAMPLING.get(scheduler, ELSE)
        if scheduler not in SAMPLING:
            self._change(
                "scheduler", "scheduler", f"it has no counterpart; {sampler} with {levels} comes nearest"
            )
        return {**self._named("sampler"), "sampler_name": sampler, "scheduler": levels}

    def _guidance(self) -> dict[str, float]:
        """Theirs is U + cfg · ((C − D) + audio_cfg · (D − U)), and plain guidance where audio_cfg is 1."""
        text, audio = (self.found.number(name, 1.0) for name in ("cfg", "audio_cfg"))
        if not math.isclose(audio, 1.0) and not math.isclose(text, 1.0):
            audio = round(text * audio, 6)
        return {"text_scale": text, "audio_scale": audio}

    def _clips(self) -> dict[str, object]:
        mode = str(self._given("mode", "auto"))
        if mode == "auto":
            mode = (
                "infinitetalk"
                if "infinite" in str(self._given("adapter.adapter", "")).lower()
                else "multitalk"
            )
        clips: dict[str, object] = {"continuation": mode}
        length = self._given("clip_length")
        if length is not None and "sampler.clip_frames" not in self.found.settings:
            clips["clip_frames"] = length
        return clips

    def _colours(self) -> dict[str, object]:
        method = self._given("colormatch", "disabled")
        if method == "disabled":
            return {"colour_strength": 0.0}
        self._change("colormatch", "colormatch", "colours are matched by mean and spread in Lab")
        return {"colour_strength": 1.0, "colour_method": "lab"}

    def _models(self, parts: FilmParts) -> None:
        name = str(portable(self._given("model", "")))
        if name.endswith(".gguf"):
            self._change("model", "model", "UnetLoaderGGUF of the pack ComfyUI-GGUF loads it")
            model = self.ours.add("UnetLoaderGGUF", {"unet_name": name}, group="Models")
        else:
            dtype = str(self._given("quantization", "disabled"))
            dtype = dtype if dtype in ("fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2") else "default"
            model = self.ours.add("UNETLoader", {"unet_name": name, "weight_dtype": dtype}, group="Models")
        for lora, strength in self.found.loras:
            given = {"model": model, "lora_name": portable(lora), "strength_model": strength}
            model = self.ours.add("LoraLoaderModelOnly", given, group="Models")
        parts.model = self._cached(model)
        parts.adapter = self._adapter()
        encoder = PurePosixPath(str(portable(self._given("audio_encoder", "")))).name
        self._change("audio_encoder", "model", "its file or folder belongs in models/audio_encoders")
        parts.encoder = self.ours.add(
            "MultiTalkAudioEncoderLoader", {"audio_encoder": encoder}, group="Models"
        )
        vae = str(portable(self._given("vae.vae_name", "")))
        parts.vae = self.ours.add("VAELoader", {"vae_name": vae}, group="Models")
        parts.clip_vision = self.copier.copy(self.found.sockets.get("clip_vision"), "Models")

    def _adapter(self) -> Output:
        name = PurePosixPath(str(portable(self._given("adapter.adapter", "")))).name
        self._change("adapter.adapter", "model", "its file belongs in models/model_patches")
        dtype = ADAPTER_PRECISION.get(str(self._given("adapter_precision")), "as stored")
        given = {"adapter": name, "dtype": dtype}
        return self.ours.add("MultiTalkAudioAdapterLoader", given, group="Models")

    def _cached(self, model: Output) -> Output:
        """The model with a cache, where the source has one."""
        threshold = self._given("cache.reuse_threshold")
        if threshold is None and "other_cache" in self.found.settings:
            threshold = CACHE_THRESHOLD
            node = self.found.nodes["other_cache"]
            self.report.change(
                node, "", f"EasyCache does the same in another way; its threshold is {threshold}"
            )
        if threshold is None:
            return model
        steps = max(1, self.found.whole("sampler.steps", 30))
        first, last = (
            self.found.whole(name, usual) for name, usual in (("cache_start", 0), ("cache_end", -1))
        )
        given = {
            "model": model,
            "reuse_threshold": threshold,
            "start_percent": round(min(first / steps, 1.0), 4),
            "end_percent": 1.0 if last < 0 else round(min(last / steps, 1.0), 4),
        }
        return self.ours.add("EasyCache", given, group="Models")

    def _prompts(self, parts: FilmParts) -> None:
        ready = [
            self.copier.copy(self.found.sockets.get(name), "Prompts") for name in ("positive", "negative")
        ]
        parts.positive, parts.negative = ready
        if parts.positive is not None:
            parts.negative = parts.negative or parts.positive
            return
        clip = self._text_encoder()
        texts = [part.strip() for part in str(self._given("positive.text", "")).split("|")]
        negative = self._given("negative.text", "")
        parts.positive = self.ours.add(
            "CLIPTextEncode", {"clip": clip, "text": texts[0]}, group="Prompts", title="Prompt"
        )
        parts.negative = self.ours.add(
            "CLIPTextEncode", {"clip": clip, "text": negative}, group="Prompts", title="Negative prompt"
        )
        if len(texts) > 1:
            parts.text_encoder = clip
            parts.sampler["prompts"] = self._timed(texts)

    def _timed(self, texts: list[str]) -> str:
        """One prompt a window, as prompts from the first new frame of each clip on."""
        clip = self.found.whole("sampler.clip_frames", 81)
        overlap = self.found.whole("sampler.motion_frames", 25)
        first_frames = [(clip - overlap) * number + overlap + 1 for number in range(1, len(texts))]
        self._change("positive.text", "positive_prompt", "the prompts between | are prompts of the clips")
        return "\n".join(
            f"{frame / self._fps():.3f} {' '.join(text.split())}"
            for frame, text in zip(first_frames, texts[1:], strict=True)
        )

    def _fps(self) -> float:
        return FPS.check("fps", self.found.number("voices.fps", 25.0))

    def _text_encoder(self) -> Output:
        name = str(portable(self._given("text_encoder", "")))
        if not PurePosixPath(name).name.startswith(NATIVE_TEXT_ENCODER):
            eight_bits = "fp8" in name or "fp8" in str(self._given("text_quantization", ""))
            name = "umt5_xxl_fp8_e4m3fn_scaled.safetensors" if eight_bits else "umt5_xxl_fp16.safetensors"
            self._change("text_encoder", "model_name", f"ComfyUI needs it in its own form: {name}")
        given = {"clip_name": name, "type": "wan", "device": "default"}
        return self.ours.add("CLIPLoader", given, group="Prompts")

    def _picture(self, parts: FilmParts) -> None:
        link = self.found.sockets.get("picture")
        loader = self._video_loader(link) or self._video_loader(self.found.sockets.get("dubbed"))
        if loader is None:
            parts.picture = self.copier.copy(link, "Picture and persons")
            return
        parts.picture = self.copier.video(loader, "Picture and persons")
        parts.dubbed = True
        parts.region = self.copier.copy(self.found.sockets.get("region"), "Picture and persons")
        parts.sampler |= self._denoise()

    def _video_loader(self, link: object) -> SourceNode | None:
        """The loader of a video that is animated as a whole, not for one of its pictures."""
        start = self.graph.behind(link)
        for node in [] if start is None else self.graph.upstream(start):
            one = node.kind == "GetImageRangeFromBatch" and node.inputs.get("num_frames") == 1
            if one or node.kind in ONE_FRAME or node.inputs.get("frame_load_cap") == 1:
                return None
            if node.kind in VIDEO_LOADERS:
                return node
        return None

    def _denoise(self) -> dict[str, object]:
        """Its steps before the first one are not run; ours all are, from the same noise on."""
        if "dubbed" not in self.found.sockets:
            return {"denoise": 1.0}
        steps = max(1, self.found.whole("sampler.steps", 30))
        strength = self.found.number("denoise_strength", 1.0)
        first = self.found.whole("start_step", 0)
        if strength < 1.0:
            first = max(0, steps - int(steps * strength) - 1)
        run = max(1, steps - first)
        return {"denoise": round(run / steps, 4), "steps": run}

    def _voices(self, parts: FilmParts) -> None:
        parts.fps = self._fps()
        parts.normalise = bool(self._given("voices.normalise_loudness", True))
        parts.in_turn = self._given("multi_audio_type", "para") == "add"
        if "clip_length" in self.found.settings:
            parts.frames = self.found.whole("clip_length", 81)
        trimmed = "num_frames" in self.found.settings and parts.frames is None
        for number in range(1, MOST_VOICES + 1):
            voice = self.copier.copy(self.found.sockets.get(f"voice_{number}"), "Voices")
            if trimmed:
                voice = self.copier.trimmed(voice, 0.0, self.found.number("num_frames", 0) / parts.fps)
            if voice is not None:
                parts.voices.append(voice)

    def _persons(self, parts: FilmParts) -> None:
        masks = self.found.sockets.get("masks")
        if masks is None:
            if len(parts.voices) > 1:
                parts.persons = {"method": "equal parts", "method.parts": len(parts.voices)}
            return
        node = self.graph.behind(masks)
        if node is not None and node.kind in MASK_LISTS:
            self.copier.read.add(node.id)
            links: list[object] = list(node.linked().values())
        else:
            links = [masks]
            if node is not None:
                self.report.change(
                    node, "", "its masks are the persons in order; a mask of the background counts as one"
                )
        copied = [self.copier.copy(link, "Picture and persons") for link in links]
        parts.persons = mask_inputs([mask for mask in copied if mask is not None], len(parts.voices))
