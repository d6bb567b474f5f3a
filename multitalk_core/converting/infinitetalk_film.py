"""ComfyUI's own InfiniteTalk as our nodes have it: window by window, one seed and one prompt each."""

from .assembled_graph import AssembledGraph
from .chain_copy import ChainCopy
from .conversion_report import ConversionReport
from .film_parts import FilmParts, mask_inputs
from .infinitetalk_nodes import WAN_SHIFT
from .linked_values import value_of
from .settings_reader import Findings
from .source_graph import SourceGraph

FPS = 25.0  # at which its voices are encoded
OF_A_WINDOW = ("sampler.seed", "window")  # what may differ from window to window


class InfiniteTalkFilm:
    """Makes FilmParts of what was read of each window.

    Parameters
    ----------
    graph : SourceGraph
    windows : list of Findings
    ours : AssembledGraph
    copier : ChainCopy
    report : ConversionReport
    """

    def __init__(
        self,
        graph: SourceGraph,
        windows: list[Findings],
        *,
        ours: AssembledGraph,
        copier: ChainCopy,
        report: ConversionReport,
    ):
        self.graph = graph
        self.windows = windows
        self.first = windows[0]
        self.ours = ours
        self.copier = copier
        self.report = report

    def parts(self) -> FilmParts:
        """All parts."""
        parts = FilmParts(
            in_turn=True, normalise=False, fps=FPS, frames=self._frames(), sampler=self._sampler()
        )
        groups = {
            "model": "Models",
            "adapter": "Models",
            "vae": "Models",
            "positive": "Prompts",
            "negative": "Prompts",
        }
        for name, group in groups.items():
            setattr(parts, name, self.copier.copy(self.first.sockets.get(name), group))
        parts.negative = parts.negative or parts.positive
        parts.picture = self.copier.copy(self.first.sockets.get("picture"), "Picture and persons")
        parts.clip_vision = self._clip_vision()
        self._voices(parts)
        masks = [
            self.copier.copy(self.first.sockets.get(f"mask_{number}"), "Picture and persons")
            for number in (1, 2)
        ]
        present = [mask for mask in masks if mask is not None]
        parts.persons = mask_inputs(present, len(parts.voices)) if present else None
        self._window_changes(parts)
        return parts

    def _length(self, window: Findings) -> int:
        return window.whole("window", 81)

    def _frames(self) -> int:
        overlap = self.first.whole("sampler.motion_frames", 9)
        return sum(map(self._length, self.windows)) - overlap * (len(self.windows) - 1)

    def _sampler(self) -> dict[str, object]:
        given = {
            name.removeprefix("sampler."): value
            for name, value in self.first.settings.items()
            if name.startswith("sampler.")
        }
        return {
            "shift": WAN_SHIFT,
            "motion_frames": 9,
            **given,
            "clip_frames": self._length(self.first),
            "text_scale": self.first.number("cfg", 1.0),
            "audio_scale": 1.0,  # there both prompts are conditioned on the voices
            "continuation": "infinitetalk",
            "colour_strength": 0.0,
        }

    def _clip_vision(self) -> list | None:
        node = self.graph.behind(self.first.sockets.get("clip_vision"))
        if node is None:
            return None
        self.copier.read.add(node.id)
        return self.copier.copy(node.inputs.get("clip_vision"), "Models")

    def _voices(self, parts: FilmParts) -> None:
        for number in (1, 2):
            node = self.graph.behind(self.first.sockets.get(f"voice_{number}"))
            if node is None:
                continue
            self.copier.read.add(node.id)
            parts.voices.append(self.copier.copy(node.inputs.get("audio"), "Voices"))
            parts.encoder = self.copier.copy(node.inputs.get("audio_encoder"), "Models")

    def _window_changes(self, parts: FilmParts) -> None:
        """Seeds and prompts of later windows are retakes; all else is as in the first."""
        lines = []
        for number, window in enumerate(self.windows[1:], start=2):
            text, clip = self._prompt(window)
            first_text, _ = self._prompt(self.first)
            line = f"{number}: {window.settings.get('sampler.seed', 0)}"
            if text and text != first_text:
                line += f", {' '.join(text.split())}"
                parts.text_encoder = self.copier.copy(clip, "Prompts")
            lines.append(line)
            self._differences(window)
        if lines:
            parts.sampler["retakes"] = "\n".join(lines)

    def _prompt(self, window: Findings) -> tuple[str, object]:
        start = self.graph.behind(window.sockets.get("positive"))
        for node in [] if start is None else self.graph.upstream(start, ("previous_frames", "model")):
            if node.kind == "CLIPTextEncode":
                return str(value_of(self.graph, node.inputs.get("text")) or ""), node.inputs.get("clip")
        return "", None

    def _differences(self, window: Findings) -> None:
        for setting, value in window.settings.items():
            first = self.first.settings.get(setting)
            if setting not in OF_A_WINDOW and value != first:
                node = window.nodes[setting]
                self.report.lose(
                    node, "", f"{setting.rpartition('.')[2]} is {value} in this window; the film has {first}"
                )
