"""Wrong, odd and hostile command lines, made from the parser itself, so that new options are tried too.

    python -m tests.soak.fuzz_command_line FOLDER --lines 300 --seed 0

Every line runs in a process of its own, forked from one that has loaded everything. It believes that the
machine has 3 GB, and has to end with a film or with one sentence. What still works after `--seconds` is
stopped: it counts as accepted if it stops when asked, and as a hang if not.
"""

import argparse
import os
import random
import resource
import shlex
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch

from multitalk_core.cli.main import COMMANDS, main, make_parser
from multitalk_core.guards import memory

from .hostile_inputs import ANYTHING, FILES, write_inputs
from .hostile_values import NUMBERS, STRUCTURED, TEXTS

MEMORY_BYTES = 3 * 10**9
STOPPING_SECONDS = 60
LIKELY = 0.6  # that a file or a word is one of those made for its option
TWO = ["--voice", "a.wav", "--voice", "b.flac", "--boxes", "64,56,300,400", "340,50,576,400"]
TINY = ["--size", "48x32", "--frames", "5", "--clip-frames", "5", "--motion-frames", "1", "--steps", "1"]
PARTS = ["--persons", "parts", *TINY]
KEY, CERTIFICATE = "ed25519.key.pem", "ed25519.cert.pem"
BASES = {
    "generate": [
        ["--picture", "picture.png", *TWO, *TINY],
        ["--video", "talk.mp4", *TWO[:4], "--persons", "parts", *TINY, "--no-store"],
        [
            "--picture",
            "picture.png",
            "--recording",
            "a.wav",
            "--table",
            "talk.csv",
            "--persons",
            "parts",
            *TINY,
        ],
        [
            "--picture",
            "picture.png",
            "--place",
            "1:0:a.wav",
            "--persons",
            "parts",
            *TINY,
            "--output",
            "new.mp4",
        ],
        ["--picture", "picture.png", "--script", "talk.script", "--tts", "cp a.wav {output}", *PARTS],
        ["--picture", "picture.png", *TWO, *TINY, "--sign-key", KEY, "--sign-cert", CERTIFICATE],
        ["--input", "input.json", *TINY],
        [],
    ],
    "demo": [[]],
    "inspect": [["adapter.safetensors"], []],
    "localize": [["--picture", "picture.png", "--persons", "parts", "--count", "2"], ["--video", "talk.mp4"]],
    "films": [[]],
    "prepare": [
        ["talk.jsonl", "prepared", "--size", "48x32", "--clip-frames", "5"],
        ["missing.jsonl", "new"],
    ],
    "train": [[]],
    "doctor": [["--picture", "picture.png", "--boxes", *TWO[5:]], []],
    "evaluate": [
        ["talk.mp4", *TWO[:4]],
        ["talk.mp4", "--references", "talk.mp4", "--persons", "1", "--boxes", "0,0,60,40"],
        ["--weights", "empty_folder"],
    ],
    "benchmark": [["films.jsonl", "films", *TINY], ["wrong.films.jsonl", "films", *TINY]],
    "farm": [["jobs.jsonl", "--join", "127.0.0.1:9"], ["jobs.jsonl", "--comfyui", "empty_folder"], []],
    "convert": [["graph.json"], []],
}
SHARES = {
    "generate": 14,
    "localize": 3,
    "inspect": 2,
    "prepare": 3,
    "train": 2,
    "evaluate": 2,
    "benchmark": 2,
    "farm": 2,
    "convert": 2,
    "films": 1,
    "doctor": 0.5,
    "demo": 0.3,
}


def options_of(command: str) -> list[argparse.Action]:
    """The options and arguments of a command."""
    commands = next(a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction)).choices
    return commands[command]._actions


def untried_options(seed: int) -> list[tuple[str, argparse.Action]]:
    """Every option and argument of every command, in the order in which they are tried."""
    options = [(command, action) for command in COMMANDS for action in options_of(command)]
    random.Random(seed).shuffle(options)
    return options


def command_line(chance: random.Random, first: tuple[str, argparse.Action] | None) -> list[str]:
    """A base that works, and up to four options or arguments that may not; the first may be given."""
    shares = [SHARES[command] for command in COMMANDS]
    name, *actions = first or chance.choices(COMMANDS, shares)
    actions += chance.choices(
        options_of(name), k=chance.choice((0, 1, 1, 2, 3) if first else (1, 1, 2, 3, 4))
    )
    line = [name, *chance.choice(BASES[name])]
    for action in actions:
        line += [chance.choice(action.option_strings)] if action.option_strings else []
        line += values(action, chance)
    return line


def values(action: argparse.Action, chance: random.Random) -> list[str]:
    """What follows an option."""
    if action.nargs == 0:
        return []
    count = chance.choice((1, 2, 2, 3, 9)) if action.nargs == "+" else 1
    return [value(action, chance) for _ in range(count)]


def value(action: argparse.Action, chance: random.Random) -> str:
    """A word for an option, or for a positional argument."""
    likely = STRUCTURED.get(action.dest) or FILES.get(action.dest) or [*map(str, action.choices or [])]
    if likely and chance.random() < LIKELY:
        return chance.choice(likely)
    if action.dest in FILES:
        return chance.choice(ANYTHING)
    if action.dest in STRUCTURED or action.type is None:
        return chance.choice(TEXTS)
    return chance.choice(NUMBERS if chance.random() < 0.8 else TEXTS)


def run(line: list[str], folder: Path, seconds: float) -> tuple[str, str]:
    """How a line ended, as one of the words that are counted, and what it said."""
    said = folder / "said.txt"
    child = os.fork()
    if child == 0:
        _child(line, folder, said)
    status, usage, stopped = _waited(child, seconds)
    text = said.read_text(errors="replace")
    if usage.ru_maxrss * 1024 > MEMORY_BYTES:
        return f"past {MEMORY_BYTES // 10**9} GB", text
    if stopped and not os.WIFEXITED(status):
        return "hangs", text
    code = os.waitstatus_to_exitcode(status)
    if "Traceback" in text or code not in (0, 2, 130):
        return "tracebacks", text
    sentences = sum(part.startswith("Error: ") for part in text.splitlines())
    if code == 2:
        return "sentences" if sentences == 1 else "tracebacks", text
    return "stopped when asked" if stopped else "accepted", text


def _waited(child: int, seconds: float) -> tuple[int, resource.struct_rusage, bool]:
    """Status and use of a child, and whether it had to be stopped."""
    for number, until in ((signal.SIGTERM, seconds), (signal.SIGKILL, STOPPING_SECONDS), (0, 9e9)):
        end = time.monotonic() + until
        while time.monotonic() < end:
            ended, status, usage = os.wait4(child, os.WNOHANG)
            if ended:
                return status, usage, number != signal.SIGTERM
            time.sleep(0.01)
        os.kill(child, number)
    raise AssertionError("no process outlives SIGKILL")


def _child(line: list[str], folder: Path, said: Path) -> None:
    code = 1
    try:
        os.chdir(folder)
        written = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number in (1, 2):
            os.dup2(written, number)
        sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
        sys.stdin = open(os.devnull)  # noqa: SIM115
        memory.machine_bytes = lambda: MEMORY_BYTES
        code = main(line)
    except SystemExit as left:
        code = left.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def fuzz(folder: Path, lines: int, seed: int, seconds: float, report: Callable[[str], None]) -> Counter:
    """Run so many lines, report those that went wrong, and count how all ended."""
    torch.set_num_threads(1)  # OpenMP's threads do not survive a fork
    inputs = folder / "inputs"
    inputs.mkdir(parents=True)
    write_inputs(inputs)
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    run(["generate", *BASES["generate"][0], "--no-store"], inputs, seconds)
    counts = Counter(dict.fromkeys(("sentences", "accepted", "stopped when asked", *WRONG), 0))
    untried = untried_options(seed)
    for number in range(lines):
        first = untried.pop() if untried else None
        line = command_line(random.Random(f"{seed} {number}"), first)
        place = folder / "work" / "line"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(inputs, place, symlinks=True, copy_function=_linked)
        ended, said = run(line, place, seconds)
        counts[ended] += 1
        if ended in WRONG:
            shown = shlex.join(word if len(word) < 200 else f"{word[:100]}…" for word in line)
            report(f"{ended}, line {number}: {shown}\n{said[-3000:]}".encode("utf-8", "replace").decode())
    return counts


def _linked(source: str, goal: str) -> None:
    if os.path.isfile(source):
        shutil.copy2(source, goal)
    else:
        os.mkfifo(goal)


WRONG = ("tracebacks", "hangs", f"past {MEMORY_BYTES // 10**9} GB")


def summed_up(counts: Counter) -> str:
    """All counts in one line."""
    return f"{counts.total()} command lines: " + ", ".join(
        f"{count} {name}" for name, count in counts.items()
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    counted = fuzz(
        options.folder, options.lines, options.seed, options.seconds, lambda text: print(text, flush=True)
    )
    print(summed_up(counted))
    sys.exit(any(counted[name] for name in WRONG))
