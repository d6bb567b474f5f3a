"""How much main memory a request needs at once, and whether this machine has it; weights do not count."""

from contextlib import suppress
from functools import cache
from pathlib import Path

from ..errors import MultiTalkError

GIGABYTE = 10**9  # bytes, as disks and GPUs are sold
FLOAT_BYTES = 4
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def frames_bytes(frames: int, height: int, width: int) -> int:
    """Pictures [frames, height, width, 3] in float32."""
    return FLOAT_BYTES * frames * height * width * 3


def pictures_at_once(frames: int, dubbed: bool = False) -> int:
    """Frames of a clip in memory: those that condition it, those decoded, and those of a dubbed video."""
    return (3 if dubbed else 2) * frames


def clip_bytes(frames: int, height: int, width: int, *, dubbed: bool = False) -> int:
    """Memory of a clip's frames, in float32."""
    return frames_bytes(pictures_at_once(frames, dubbed), height, width)


def features_bytes(speakers: int, frames: int, *, layers: int, channels: int) -> int:
    """Audio features of all speakers, [speakers, frames, layers, channels] in float32."""
    return FLOAT_BYTES * speakers * frames * layers * channels


def tracks_bytes(tracks: int, seconds: float, rate: int) -> int:
    """Mono sounds, in float32."""
    return FLOAT_BYTES * tracks * round(seconds * rate)


@cache
def machine_bytes() -> int:
    """Main memory of this machine, or of the container that it runs in."""
    import psutil

    total = psutil.virtual_memory().total
    with suppress(OSError, ValueError):  # no container, or no limit ("max")
        total = min(total, int(CONTAINER_LIMIT.read_text(encoding="ascii")))
    return total


def check_memory(needed_bytes: int, what: str, way_out: str) -> None:
    """Refuse a request that needs more memory than the machine has.

    Parameters
    ----------
    needed_bytes : int
        Allocated at once, without weights.
    what : str
        Begins the message, such as "A clip of 81 frames of 16384×16384".
    way_out : str
        Ends it, such as "choose fewer frames or a smaller size".

    Raises
    ------
    MultiTalkError
        When this machine has less main memory.
    """
    total = machine_bytes()
    if needed_bytes > total:
        raise MultiTalkError(
            f"{what} takes {needed_bytes / GIGABYTE:,.1f} GB of main memory at once, and this machine has "
            f"{total / GIGABYTE:,.1f} GB: {way_out}."
        )
