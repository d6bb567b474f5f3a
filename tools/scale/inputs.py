"""Every figure of the plan that is not computed from others, with where it comes from."""

from enum import StrEnum

from multitalk_core.farm.farm_driver import GATHER_SECONDS


class Kind(StrEnum):
    """How far a figure can be trusted."""

    MEASURED = "measured"
    COUNTED = "counted"
    PUBLISHED = "published"
    ASSUMED = "assumed"


class Input(float):
    """A number that says what it is, in which unit, and where it comes from."""

    def __new__(cls, value: float, unit: str, kind: Kind, source: str) -> "Input":  # noqa: PLR0917
        """Take the number with what is known of it."""
        number = super().__new__(cls, value)
        number.unit, number.kind, number.source = unit, kind, source
        return number


_HERE = "mean of three photographs, 832×480, an AMD core with AVX-512 (`--measure`)"
_LLAMA = (
    "419 unexpected interruptions of 16,384 H100s in 54 days "
    "([Llama 3](https://arxiv.org/abs/2407.21783), table 5)"
)
_RAY = (
    "https://github.com/ray-project/ray/blob/ray-2.21.0/release/release_logs/2.8.0/benchmarks/many_tasks.json"
)
_ENVELOPE = "https://github.com/ray-project/ray/blob/master/release/benchmarks/README.md"
_PRICES = "https://www.mercatus-ai.com/blog/cloud-gpu-pricing"

PASS = Input(
    1.22,
    "times the prediction of a pass",
    Kind.MEASURED,
    "40 blocks with two voices, 480p, H100: 3.75 s ([speed.md](speed.md)); assumed for 720p and A100",
)

# What a minute of film costs beside the DiT.
VAE_ENCODE = Input(
    5.06e6, "operations a pixel and frame", Kind.COUNTED, "diffusers' `AutoencoderKLWan`, 81 frames"
)
VAE_DECODE = Input(8.51e6, "operations a pixel and frame", Kind.COUNTED, "the same")
VAE_SHARE = Input(
    0.3, "of the card's bfloat16 rate", Kind.ASSUMED, "convolutions of one latent frame at a time"
)
TEXT = Input(
    4.84e12, "operations a prompt", Kind.COUNTED, "transformers' `UMT5EncoderModel`, XXL, 512 tokens"
)
PICTURE = Input(0.335e12, "operations a clip", Kind.COUNTED, "transformers' `CLIPVisionModel`, ViT-H/14")
VOICE = Input(1.17e12, "operations a minute", Kind.COUNTED, "transformers' `Wav2Vec2Model`, base")
CACHED = Input(
    23 / 36, "of the passes are computed", Kind.MEASURED, "first-block cache, miniature model (one_card.md)"
)
THREADS = Input(4, "CPU threads a GPU", Kind.ASSUMED, "FFV1 has 4 slices; the GPU waits for this work")

COLOURS = Input(
    3.5,
    "CPU seconds a clip",
    Kind.MEASURED,
    "mean of scikit-image's astronaut, coffee and rocket, 832×480, an AMD core (`measuring.py`)",
)
STEADINESS = Input(1.5, "CPU seconds a clip", Kind.MEASURED, _HERE)
STORED = Input(2.6, "CPU seconds a clip", Kind.MEASURED, "the same: FFV1, checksum, file")
RESUMED = Input(1.7, "CPU seconds a clip", Kind.MEASURED, "the same: a stored clip read again")
FILM = Input(30, "CPU seconds a minute of film", Kind.MEASURED, "the same: H.264 and AAC")
CLIP_BYTES = Input(
    47.5e6, "bytes", Kind.MEASURED, "the same: a stored clip, 76 new frames and 5 motion frames"
)
FILM_BYTES = Input(6.9e6, "bytes a minute", Kind.MEASURED, "the same")
LISTED = Input(
    92e-6, "CPU seconds a film in the store", Kind.MEASURED, "the same, for each clip that is stored"
)

# Which films.
FILMS = Input(1e6, "films a day", Kind.ASSUMED, "the task; a film lasts a minute on average")
WAVE = Input(0.3, "of the mean", Kind.ASSUMED, "arrivals follow a sine over the day, Poisson at each moment")
BAD = Input(0.002, "of the films", Kind.ASSUMED, "fail after their first clip, and are not tried again")

# The machines.
WEIGHTS = Input(34.2e9, "bytes", Kind.MEASURED, "README's table of files for ComfyUI, fp8")
DISK = Input(
    1.5e9, "bytes a second and GPU", Kind.ASSUMED, "a node's NVMe, shared by its 8 GPUs, partly from memory"
)
LINK = Input(1.5e9, "bytes a second and GPU", Kind.ASSUMED, "100 Gbit/s a node of 8")
BANDWIDTH = Input(60e9, "bytes a second", Kind.ASSUMED, "the shared store, all of it")
BUSY = Input(0.8, "of the time", Kind.ASSUMED, "how busy GPUs are to be on average: the plan's spare part")
NODE = Input(8, "GPUs", Kind.ASSUMED, "a node; they fail together")
NODE_HOURS = Input(16384 * 54 * 24 / 419 / 8, "hours between failures of a node", Kind.PUBLISHED, _LLAMA)
REPAIR = Input(24, "hours", Kind.ASSUMED, "until a failed node works again")
CRASH = Input(
    200,
    "hours between crashes of a server",
    Kind.ASSUMED,
    "out of memory, a driver's error; nothing published",
)
RETRIES = Input(2, "times", Kind.ASSUMED, "a film is tried again, on another GPU")

# The farm.
START = Input(9, "seconds", Kind.MEASURED, "ComfyUI 0.33 with this pack on a CPU, until it answers; CPU time")
FARM = Input(256, "GPUs", Kind.ASSUMED, "a farm: one driver, one store folder")
DISPATCH = Input(
    1 / 443, "seconds of the driver a film", Kind.PUBLISHED, f"443 tasks a second ([Ray's log]({_RAY}))"
)
GATHER = Input(
    GATHER_SECONDS, "seconds", Kind.COUNTED, "of reports that the farm's driver takes together, in one wait"
)
WAIT = Input(
    0.4e-3,
    "seconds of the driver a wait",
    Kind.MEASURED,
    "fitted to the table of drivers above; Ray 2.60, a busy core (`driver_trial`)",
)
WATCHED = Input(3.1e-6, "seconds of the driver a wait and server", Kind.MEASURED, "the same")
REPORT = Input(34e-6, "seconds of the driver a report", Kind.MEASURED, "the same")
LISTED_FILMS = Input(
    2, "films a GPU", Kind.ASSUMED, "in a farm's store: as many finished ones as films in flight"
)
ACTORS = Input(10_000, "actors in a cluster", Kind.PUBLISHED, f"[Ray's scalability envelope]({_ENVELOPE})")
TRIP = Input(
    0.5e-3,
    "seconds",
    Kind.ASSUMED,
    "a round trip to a shared file system; three for each film that is listed",
)

# Money.
PRICE = {
    "A100": Input(1.3, "USD an hour", Kind.PUBLISHED, f"middle of [specialised clouds, May 2026]({_PRICES})"),
    "H100": Input(3.0, "USD an hour", Kind.PUBLISHED, "the same"),
}
