"""Copying what lies before a picture, a voice, a mask or a model: ComfyUI's own nodes stay as they are."""

from collections.abc import Callable

from .assembled_graph import AssembledGraph, Output
from .conversion_report import ConversionReport
from .helper_nodes import FIRST_OF, LEFT_OUT, PASSED_ON, RESIZERS, SWITCHES, VIDEO_LOADERS
from .infinitetalk_nodes import SHIFTS, TO_VIDEO
from .linked_values import chosen, rounded_down, value_of
from .node_list import is_widget
from .source_graph import Link, SourceGraph, SourceNode

HANDED_ON = (
    PASSED_ON
    | {TO_VIDEO: {0: "model", 1: "positive", 2: "negative"}}
    | {kind: {0: "model"} for kind in SHIFTS}
)
LIKELY = ("image", "images", "audio", "mask", "masks", "model", "conditioning", "positive", "clip", "vae")
# ComfyUI's loaders that ours replace, because ours name what a wrong file is: our node and its input.
OUR_LOADERS = {
    "ModelPatchLoader": ("name", "MultiTalkAudioAdapterLoader", "adapter"),
    "AudioEncoderLoader": ("audio_encoder_name", "MultiTalkAudioEncoderLoader", "audio_encoder"),
}
SCALED_BY = ("lanczos", "bicubic", "area", "bilinear", "nearest-exact")
WHOLE_DAY = 86_400.0  # seconds: longer than any voice
VHS_AUDIO = 2  # the output of a video loader


class ChainCopy:
    """Copies chains of nodes into our graph, each node once.

    Parameters
    ----------
    graph : SourceGraph
    ours : AssembledGraph
    report : ConversionReport
    """

    def __init__(self, graph: SourceGraph, ours: AssembledGraph, report: ConversionReport):
        self.graph = graph
        self.ours = ours
        self.report = report
        self.read: set[str] = set()
        self._waiting: list[str] = []  # ids of nodes whose inputs are being copied: a circle ends there
        self.rewritten: dict[str, Callable[[SourceNode, int, str], Output | None]] = {
            **dict.fromkeys(RESIZERS, self._resized),
            **dict.fromkeys(VIDEO_LOADERS, self._components),
            "AudioCrop": self._cropped_audio,
            "VHS_LoadAudio": self._loaded_audio,
            "VHS_LoadAudioUpload": self._loaded_audio,
            "LoadWanVideoClipTextEncoder": self._clip_vision,
            "Power Lora Loader (rgthree)": self._stacked_loras,
            **dict.fromkeys(OUR_LOADERS, self._loaded_model),
        }

    def copy(self, link: object, group: str) -> Output | None:
        """Our counterpart of an output; None where nothing is."""
        node = self.graph.behind(link)
        if node is None or not isinstance(link, Link) or node.id in self._waiting:
            return None
        self.read.add(node.id)
        self._waiting.append(node.id)
        try:
            return self._copied(node, link, group)
        finally:
            self._waiting.pop()

    def _copied(self, node: SourceNode, link: Link, group: str) -> Output | None:
        if node.kind in HANDED_ON and link.slot in HANDED_ON[node.kind]:
            return self.copy(node.inputs.get(HANDED_ON[node.kind][link.slot]), group)
        if node.kind in SWITCHES or node.kind in FIRST_OF:
            return self.copy(chosen(self.graph, node), group)
        if node.kind in self.rewritten:
            return self.rewritten[node.kind](node, link.slot, group)
        if node.kind in LEFT_OUT:
            name, why = LEFT_OUT[node.kind]
            self._pass_over(node, name)
            self.report.change(node, "", why)
            return self.copy(node.inputs.get(name), group)
        if node.kind in self.ours.known:
            return self._same_node(node, link.slot, group)
        self.report.miss(node)
        return self._through(node, group)

    def _pass_over(self, node: SourceNode, handed_on: str) -> None:
        """What only a node that is left out needs is left out with it."""
        for name, link in node.linked().items():
            other = self.graph.behind(link)
            if name != handed_on and other is not None:
                self.read |= {found.id for found in self.graph.upstream(other)}

    def _same_node(self, node: SourceNode, slot: int, group: str) -> Output | None:
        if slot not in range(len(self.ours.known.outputs(node.kind))):
            return None
        known = self.ours.known.inputs(node.kind, node.inputs)
        given = {}
        for name, value in node.inputs.items():
            computed = value_of(self.graph, value) if name not in known or is_widget(known[name]) else None
            is_value = isinstance(computed, str | int | float)
            given[name] = portable(computed) if is_value else self.copy(value, group)
        return self.ours.add(node.kind, given, group=group, title=node.title, output=slot)

    def _through(self, node: SourceNode, group: str) -> Output | None:
        """What an unknown node would change: its only input, or the one that is most likely handed on."""
        links = node.linked()
        name = next((name for name in LIKELY if name in links), None) or next(iter(links), None)
        return self.copy(links.get(name), group) if name else None

    def _resized(self, node: SourceNode, slot: int, group: str) -> Output | None:
        source = self.copy(node.inputs.get("mask" if slot == 3 else "image"), group)
        width, height = (value_of(self.graph, node.inputs.get(side)) for side in ("width", "height"))
        proportion = node.inputs.get("keep_proportion", node.inputs.get("method", "stretch"))
        if (
            source is None
            or slot == 3
            or not isinstance(width, int)
            or not isinstance(height, int)
            or min(width, height) <= 0
            or proportion not in ("crop", "stretch", False, "fill / crop")
        ):
            self.report.change(node, "", "the picture is scaled and cropped to the video's size")
            return source
        step = value_of(self.graph, node.inputs.get("divisible_by", node.inputs.get("multiple_of", 1)))
        method = node.inputs.get("upscale_method", node.inputs.get("interpolation"))
        given = {
            "image": source,
            "upscale_method": method if method in SCALED_BY else SCALED_BY[0],
            "width": rounded_down(width, step),
            "height": rounded_down(height, step),
            "crop": "center" if proportion in ("crop", "fill / crop") else "disabled",
        }
        position = node.inputs.get("crop_position", "center")
        if position != "center" and given["crop"] == "center":
            self.report.change(node, "crop_position", "the picture is cropped around its centre")
        return self.ours.add("ImageScale", given, group=group, title="Scale picture")

    def _cropped_audio(self, node: SourceNode, slot: int, group: str) -> Output | None:
        begin, end = (
            _seconds(value_of(self.graph, node.inputs.get(name))) for name in ("start_time", "end_time")
        )
        length = end - begin if begin is not None and end is not None and end > (begin or 0) else WHOLE_DAY
        return self.trimmed(self.copy(node.inputs.get("audio"), group), begin or 0.0, length)

    def trimmed(self, audio: Output | None, begin: float, length: float) -> Output | None:
        """A part of a sound."""
        if audio is None or (not begin and length >= WHOLE_DAY):
            return audio
        given = {"audio": audio, "start_index": float(begin), "duration": round(float(length), 6)}
        return self.ours.add("TrimAudioDuration", given, group="Voices")

    def _loaded_audio(self, node: SourceNode, slot: int, group: str) -> Output | None:
        file = value_of(self.graph, node.inputs.get("audio", node.inputs.get("audio_file")))
        name = str(file or "").replace("\\", "/").removeprefix("input/")
        audio = self.ours.add("LoadAudio", {"audio": name}, group=group, title=node.title)
        begin = value_of(self.graph, node.inputs.get("start_time", node.inputs.get("seek_seconds", 0)))
        length = value_of(self.graph, node.inputs.get("duration", 0))
        return self.trimmed(audio, _seconds(begin) or 0.0, _seconds(length) or WHOLE_DAY)

    def _components(self, node: SourceNode, slot: int, group: str) -> Output | None:
        """Pictures or sound of a video; a first picture is enough where one is wanted."""
        video = self.video(node, group)
        if node.kind == "LoadVideo":
            return video
        part = 1 if slot == VHS_AUDIO else 0
        return self.ours.add("GetVideoComponents", {"video": video}, group=group, output=part)

    def video(self, node: SourceNode, group: str) -> Output:
        """A video file, as a VIDEO."""
        self.read.add(node.id)
        file = value_of(self.graph, node.inputs.get("video", node.inputs.get("file")))
        name = str(file or "").replace("\\", "/").removeprefix("input/")
        for given, neutral in (("skip_first_frames", 0), ("frame_load_cap", 0), ("select_every_nth", 1)):
            if value_of(self.graph, node.inputs.get(given, neutral)) != neutral:
                self.report.lose(node, given, "the whole video is read: trim it with Trim Video")
        if value_of(self.graph, node.inputs.get("force_rate", 0)):
            self.report.change(
                node, "force_rate", "the video is read at the rate that the voices are encoded for"
            )
        return self.ours.add("LoadVideo", {"file": name}, group=group, title=node.title)

    def _loaded_model(self, node: SourceNode, slot: int, group: str) -> Output:
        name, kind, ours = OUR_LOADERS[node.kind]
        file = portable(value_of(self.graph, node.inputs.get(name)))
        self.report.carry(node, name, to=ours, value=file)
        return self.ours.add(kind, {ours: file}, group="Models", title=node.title)

    def _stacked_loras(self, node: SourceNode, slot: int, group: str) -> Output | None:
        if slot:  # its second output is the text encoder, which LoRAs for Wan leave alone
            return self.copy(node.inputs.get("clip"), group)
        model = self.copy(node.inputs.get("model"), group)
        for lora in node.inputs.values():
            if model is not None and isinstance(lora, dict) and lora.get("on") and lora.get("lora"):
                given = {
                    "model": model,
                    "lora_name": portable(lora["lora"]),
                    "strength_model": lora.get("strength", 1.0),
                }
                model = self.ours.add("LoraLoaderModelOnly", given, group=group)
        return model

    def _clip_vision(self, node: SourceNode, slot: int, group: str) -> Output:
        self.report.change(node, "model_name", "ComfyUI reads this model from clip_vision_h.safetensors")
        return self.ours.add("CLIPVisionLoader", {"clip_name": "clip_vision_h.safetensors"}, group="Models")


def portable(value: object) -> object:
    """A file's name with the separators of every system but one."""
    if isinstance(value, str) and "\\" in value and "\n" not in value and "." in value[-12:]:
        return value.replace("\\", "/")
    return value


def _seconds(clock: object) -> float | None:
    """Seconds of "1:05", "65" or 65; None for nothing."""
    if isinstance(clock, int | float):
        return float(clock)
    total = 0.0
    for part in str(clock or "").split(":"):
        try:
            total = total * 60 + float(part)
        except ValueError:
            return None
    return total
