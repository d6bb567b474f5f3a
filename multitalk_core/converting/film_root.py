"""Where a graph makes its film: the samplers that voices reach, window after window."""

from dataclasses import dataclass

from ..errors import MultiTalkError
from . import infinitetalk_nodes, wan_video_loaders, wan_video_wrapper
from .source_graph import SourceGraph, SourceNode

PREVIOUS = "previous_frames"
OURS = ("MultiTalkLongVideo", "MultiTalkSampler", "MultiTalkApply")


@dataclass(frozen=True)
class FilmRoot:
    """A film of a graph.

    Attributes
    ----------
    samplers : tuple of SourceNode
        One a window for ComfyUI's own nodes, in order; a single one for WanVideoWrapper, which loops itself.
    windows : tuple of SourceNode
        ComfyUI's InfiniteTalk nodes, one a sampler; empty for WanVideoWrapper.
    """

    samplers: tuple[SourceNode, ...]
    windows: tuple[SourceNode, ...] = ()


def find_roots(graph: SourceGraph) -> list[FilmRoot]:
    """All films of a graph, the longest first.

    Raises
    ------
    MultiTalkError
        When there is none.
    """
    roots = [*_native_roots(graph), *_wrapper_roots(graph)]
    if not roots and graph.of_kind(*OURS):
        raise MultiTalkError("The graph is one of this pack already: open it in ComfyUI as it is.")
    if not roots:
        raise MultiTalkError(
            "The graph holds no MultiTalk or InfiniteTalk: it has neither WanInfiniteTalkToVideo with a "
            "sampler, nor a WanVideoSampler with MultiTalkModelLoader and MultiTalkWav2VecEmbeds."
        )
    return sorted(roots, key=lambda root: -len(root.samplers))


def _wrapper_roots(graph: SourceGraph) -> list[FilmRoot]:
    samplers = []
    for node in graph.of_kind(*wan_video_wrapper.SAMPLERS):
        kinds = {found.kind for found in graph.upstream(node, ("samples",))}
        if {wan_video_wrapper.EMBEDS, wan_video_loaders.ADAPTER} <= kinds:
            samplers.append(node)
    needed = {found.id for node in samplers for found in graph.upstream(node) if found.id != node.id}
    return [FilmRoot((node,)) for node in samplers if node.id not in needed]


def _native_roots(graph: SourceGraph) -> list[FilmRoot]:
    windows = graph.of_kind(infinitetalk_nodes.TO_VIDEO)
    before = {node.id: _window_before(graph, node) for node in windows}
    continued = {earlier.id for earlier in before.values() if earlier is not None}
    roots = []
    for last in windows:
        if last.id in continued:
            continue
        chain: list[SourceNode] = []
        current: SourceNode | None = last
        while current is not None and current not in chain:
            chain.insert(0, current)
            current = before[current.id]
        samplers = [_sampler_of(graph, window) for window in chain]
        if all(samplers):
            roots.append(FilmRoot(tuple(sampler for sampler in samplers if sampler), tuple(chain)))
    return roots


def _window_before(graph: SourceGraph, window: SourceNode) -> SourceNode | None:
    start = graph.behind(window.inputs.get(PREVIOUS))
    found = [] if start is None else graph.upstream(start, (PREVIOUS,))
    kind = infinitetalk_nodes.TO_VIDEO
    return next((node for node in found if node.kind == kind and node.id != window.id), None)


def _sampler_of(graph: SourceGraph, window: SourceNode) -> SourceNode | None:
    for node in graph.downstream(window):
        if node.kind in infinitetalk_nodes.SAMPLERS and window in graph.upstream(node, (PREVIOUS,)):
            return node
    return None
