"""Ways in which a film of noise ends early: what is raised, what is told, and which files are left."""

import os
import resource
from collections.abc import Generator
from pathlib import Path

import torch
from multitalk_pack.multitalk_core.audio.waveform import Waveform
from multitalk_pack.multitalk_core.errors import MultiTalkError
from multitalk_pack.multitalk_core.film.clips import Clip
from multitalk_pack.multitalk_core.film.film import FinishedClip
from multitalk_pack.multitalk_core.media.video_writer import read_video
from multitalk_pack.nodes.host.video_output import write_film
from safetensors.torch import save_file

EXCHANGE = Path(os.environ["EXCHANGE"])
SIDE, FRAMES, CLIPS = 64, 16, 6
LIMIT = resource.getrlimit(resource.RLIMIT_FSIZE)


def fill_disk(room: int) -> None:
    """No file can grow beyond `room` bytes, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, LIMIT[1]))


def film(case: str, error: Exception) -> Generator[FinishedClip]:
    """Clips of noise, to the end only where the file fails."""
    for index in range(CLIPS):
        if case == "in the first clip" or (index == 1 and case in ("after it", "both fail")):
            if case == "both fail":
                fill_disk(0)
            raise error
        clip = Clip(index, index * FRAMES, FRAMES + 1, 1, FRAMES)
        yield FinishedClip(clip, torch.rand(FRAMES, SIDE, SIDE, 3), torch.empty(0))


def outcome(case: str) -> list[int]:
    """Whether the right error came, what was told, files that were left, and their frames."""
    folder = EXCHANGE / case
    folder.mkdir()
    error, told = KeyError(case), []
    if case == "the file fails":
        fill_disk(30_000)
    try:
        sound = Waveform(torch.zeros(1, 16000).numpy(), 16000)
        write_film(film(case, error), folder / "film.mp4", (SIDE, SIDE), 25.0, sound, None, told.append, True)
        raised = False
    except KeyError as caught:
        raised = caught is error
    except MultiTalkError as caught:
        raised = case == "the file fails" and "cannot be written (File too large)" in str(caught)
    resource.setrlimit(resource.RLIMIT_FSIZE, LIMIT)
    files = list(folder.iterdir())
    said = [1 if "the video so far" in text else 2 * ("cannot be written" in text) for text in told]
    return [raised, sum(said), len(files), sum(len(read_video(file)[0]) for file in files)]


cases = ("in the first clip", "after it", "the file fails", "both fail")
save_file({case: torch.tensor(outcome(case)) for case in cases}, EXCHANGE / "outputs.safetensors")
