"""From a source graph to ours."""

from dataclasses import dataclass

from ..errors import MultiTalkError
from .assembled_graph import AssembledGraph, Output
from .chain_copy import ChainCopy
from .conversion_report import ConversionReport
from .film_parts import FilmParts
from .film_root import PREVIOUS, FilmRoot, find_roots
from .helper_nodes import (
    CONSTANTS,
    FORMULAS,
    JOINING,
    LEFT_OUT,
    ONLY_SHOWN,
    PASSED_ON,
    SAVERS,
)
from .infinitetalk_film import InfiniteTalkFilm
from .infinitetalk_nodes import SHIFTS
from .linked_values import value_of
from .node_list import NodeList
from .our_sizes import fit_sizes
from .page_layout import page_form
from .settings_reader import Findings, SettingsReader
from .source_graph import SourceGraph, SourceNode
from .widget_orders import KNOWN
from .wrapper_film import WrapperFilm

LONG_VIDEO, ENCODER, LOCALIZER = "MultiTalkLongVideo", "MultiTalkAudioEncoder", "MultiTalkPersonLocalizer"
SETTINGS = {
    "MultiTalkClipSettings": "clip_settings",
    "MultiTalkSamplingSettings": "sampling_settings",
    "MultiTalkBindingSettings": "binding_settings",
    "MultiTalkDenoiseSettings": "denoise_settings",
}  # of Long Video, by node
AS_OURS = ("video/h264-mp4", "auto", "mp4", None)  # formats of what Long Video writes
MOST_FAULTS = 4  # that one sentence names
NEEDED = {
    "model": "Wan model",
    "adapter": "audio adapter",
    "encoder": "audio encoder",
    "vae": "VAE",
    "picture": "picture",
    "positive": "prompt",
}


@dataclass(frozen=True)
class Conversion:
    """A converted graph.

    Attributes
    ----------
    api, page : dict
        In the form of ComfyUI's API and of its page.
    report : ConversionReport
    """

    api: dict[str, dict]
    page: dict[str, object]
    report: ConversionReport


def convert_graph(source: SourceGraph, known: NodeList) -> Conversion:
    """Convert a graph.

    Parameters
    ----------
    source : SourceGraph
    known : NodeList
        The nodes of the ComfyUI that is to run the result.

    Raises
    ------
    MultiTalkError
        When the graph holds no MultiTalk or InfiniteTalk, or the result does not fit the nodes.
    """
    try:
        return _converted(source, known)
    except RecursionError as error:
        raise MultiTalkError("The graph has too long a chain of nodes: convert a part of it.") from error


def _converted(source: SourceGraph, known: NodeList) -> Conversion:
    report = ConversionReport()
    ours = AssembledGraph(known)
    copier = ChainCopy(source, ours, report)
    root, *others = find_roots(source)
    for other in others:
        report.lose(other.samplers[-1], "", "it makes another film: convert it from a graph of its own")
    windows = [
        _read(source, root, number, known=known, report=report) for number in range(len(root.samplers))
    ]
    if root.windows:
        parts = InfiniteTalkFilm(source, windows, ours=ours, copier=copier, report=report).parts()
    else:
        parts = WrapperFilm(source, windows[0], ours=ours, copier=copier, report=report).parts()
    _check_whole(parts)
    _save(source, root, _film(parts, ours), ours=ours, fps=parts.fps, report=report)
    used = copier.read.union(*(found.seen for found in windows))
    _report_unread(source, root, used, known=known, report=report)
    api = ours.api()
    known.match_files(api)
    check_fits(api, known)
    return Conversion(api, page_form(ours), report)


def check_fits(api: dict[str, dict], known: NodeList) -> None:
    """Raise a MultiTalkError unless a graph fits the nodes."""
    faults = list(known.faults(api))
    if faults:
        more = f" (and {len(faults) - MOST_FAULTS} more)" if len(faults) > MOST_FAULTS else ""
        where = f"the ComfyUI at {known.server}" if known.server else "ComfyUI's nodes"
        raise MultiTalkError(
            f"The converted graph does not fit {where}: {'; '.join(faults[:MOST_FAULTS])}{more}."
        )


def _read(
    source: SourceGraph, root: FilmRoot, number: int, *, known: NodeList, report: ConversionReport
) -> Findings:
    reader = SettingsReader(source, known, report)
    found = reader.read(root.samplers[number])
    if root.windows:
        found = reader.read(root.windows[number])
        for node in source.upstream(root.samplers[number], (PREVIOUS,)):
            if node.kind in SHIFTS:
                reader.read(node)
    fit_sizes(found, report)
    return found


def _check_whole(parts: FilmParts) -> None:
    missing = [words for name, words in NEEDED.items() if getattr(parts, name) is None]
    if not any(parts.voices):
        missing.append("voice")
    if missing:
        raise MultiTalkError(
            f"The graph has no {', '.join(missing)} that can be carried over: connect it with nodes that "
            "docs/converting.md lists, and export the graph again."
        )


def _film(parts: FilmParts, ours: AssembledGraph) -> Output:
    """The nodes from the voices to the film; the film."""
    picture = parts.picture
    voices = {f"speaker_{number}": voice for number, voice in enumerate(parts.voices, start=1)}
    timing = (
        {"timing": "in turn", "timing.gap": 0.0}
        if parts.in_turn and len(voices) > 1
        else {"timing": "together"}
    )
    length = (
        {"length": "frames", "length.frames": parts.frames}
        if parts.frames
        else {"length": "until the voices end"}
    )
    spoken = {"normalise_loudness": parts.normalise, "fps": parts.fps}
    encoded = ours.add(
        ENCODER, {"audio_encoder": parts.encoder, **voices, **timing, **length, **spoken}, group="Voices"
    )
    persons = None
    if parts.persons is not None:
        persons = ours.add(LOCALIZER, {"image": picture, **parts.persons}, group="Picture and persons")
    frames = [encoded[0], _slot(ours.known, ENCODER, "frames")] if parts.dubbed else parts.frames or 0
    given = {
        "model": parts.model,
        "audio_adapter": parts.adapter,
        "audio": encoded,
        "persons": persons,
        "positive": parts.positive,
        "negative": parts.negative,
        "vae": parts.vae,
        "picture": picture,
        "clip_vision": parts.clip_vision,
        "text_encoder": parts.text_encoder,
        "region": parts.region,
        "length": frames,
        **_with_settings(parts.sampler, ours),
    }
    slot = _slot(ours.known, LONG_VIDEO, "video")
    return ours.add(LONG_VIDEO, given, group="Video", output=slot)


def _with_settings(given: dict[str, object], ours: AssembledGraph) -> dict[str, object]:
    """The values that Long Video has itself, and the settings nodes that have the others."""
    left = dict(given)
    for kind, name in SETTINGS.items():
        taken = {key: left.pop(key) for key in ours.known.widgets(kind) if key in left}
        if taken:
            left[name] = ours.add(kind, taken, group="Video")
    return left


def _slot(known: NodeList, kind: str, name: str) -> int:
    if kind not in known:
        raise MultiTalkError(
            f"The ComfyUI at {known.server} has no node {kind}: install this pack there, or update it."
        )
    return [output["name"] for output in known.outputs(kind)].index(name)


def _save(
    source: SourceGraph,
    root: FilmRoot,
    film: Output,
    *,
    ours: AssembledGraph,
    fps: float,
    report: ConversionReport,
) -> None:
    """Save Video in place of what saves the film in the source."""
    last = root.windows[-1] if root.windows else root.samplers[-1]
    after = list(source.downstream(last))
    saver = next((node for node in after if node.kind in SAVERS), None)
    prefix: object = "MultiTalk/converted"
    if saver is not None:
        prefix = value_of(source, saver.inputs.get("filename_prefix")) or prefix
        report.carry(saver, "filename_prefix", to="save.filename_prefix", value=prefix)
        _report_saver(saver, fps, report)
    given = {"video": film, "filename_prefix": prefix, "format": "auto", "format.codec": "auto"}
    ours.add("SaveVideo", given, group="Result")


def _report_saver(saver: SourceNode, fps: float, report: ConversionReport) -> None:
    given = saver.inputs
    if given.get("format") not in AS_OURS:
        report.change(saver, "format", "the film is H.264 in MP4; choose another format in Save Video")
    rate = given.get("frame_rate", given.get("fps"))
    if isinstance(rate, int | float) and rate != fps:
        report.change(saver, "frame_rate", "the film plays at the rate that its voices are encoded for")
    neutral = {"pingpong": False, "loop_count": 0, "crf": 19, "pix_fmt": "yuv420p"}
    for name, usual in neutral.items():
        if given.get(name, usual) != usual:
            report.lose(saver, name, "MultiTalk Long Video writes the film itself")


def _report_unread(
    source: SourceGraph, root: FilmRoot, used: set[str], *, known: NodeList, report: ConversionReport
) -> None:
    """Nodes that were not read: those that change the finished film, and unknown ones apart from it."""
    after = {node.id for node in source.downstream(root.samplers[-1])}
    silent = {*ONLY_SHOWN, *SAVERS, *CONSTANTS, *FORMULAS, *JOINING, *PASSED_ON, *LEFT_OUT}
    for node in source.nodes.values():
        if node.id in used or node.kind in silent or node.kind in KNOWN:
            continue
        if node.id in after:
            report.miss(node, "it changes the finished film: connect it to MultiTalk Long Video yourself")
        elif node.kind not in known:
            report.miss(node, "an unknown node; it is left out")
