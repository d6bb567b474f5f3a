"""Wrong values at every input of every node of ours, through /prompt of a real ComfyUI.

    PYTHONPATH=.:tests python -m soak.fuzz_server --prompts 1500 --seed 0

Small graphs that work, with one or two inputs changed. What is tried comes from /object_info, so that new
inputs are tried too. Sizes, lengths and steps that are allowed and merely large are left out: they take what
they take.
"""

import argparse
import json
import random
import tempfile
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from comfyui.comfy_server import ComfyServer
from comfyui.graphs import Graph, node

from .fuzz_graphs import HOSTILE_BY_INPUT, base_graphs, write_inputs

OURS = "MultiTalk"
ERROR = "MultiTalk"  # the class of our errors, as ComfyUI names it
HANG = 120  # seconds after which a run has not ended
MOST_BYTES = 3e9  # that one prompt may take beside what the server held before
AT_MOST = 64  # of whole numbers that are allowed: larger ones only take longer

NAN, INFINITE = float("nan"), float("inf")
HOSTILE = (
    "",
    " ",
    "\0",
    "\ud800",
    "\udcff\n\x1b[31m",
    "‮⁦",
    "<img src=x onerror=alert(1)>",
    "{{7*7}} %s %n {0}",
    "../../../etc/passwd",
    "/dev/zero",
    "CON",
    "fifo",
    "1, 2, 3, 4, 5, 6, 7, 8, 9",
    "9" * 5000,
    "9" * 5000 + ": 1",
    "1e999",
    "0:99999999999 x",
    "speaker,start,end\n1,0,1e308",
    "speaker,start,end\n" + "a,0,1\n" * 30_000,
    "[" * 100_000,
    "SPEAKER",
    "x" * 100_000,
    "x" * 3_000_000,
    "ä" * 255,
)
NUMBERS = (
    -(10**30),
    -(2**63),
    -1,
    0,
    1,
    7,
    2**31,
    2**64,
    10**30,
    0.5,
    -1e308,
    1e308,
    NAN,
    INFINITE,
    -INFINITE,
)
OTHERS = (None, True, {}, {"a": 1}, [], ["demo"], ["demo", 0, 1], {"__value__": NAN}, {"__value__": [1, 2]})


@dataclass
class Counts:
    """What became of the prompts."""

    outcomes: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = ", ".join(
            f"{self.outcomes[name]} {name}"
            for name in ("sentences", "accepted", "tracebacks", "hangs", "past 3 GB", "dead workers")
        )
        return f"{self.outcomes.total()} prompts: {said}"


class Fuzz:
    """One run.

    Parameters
    ----------
    server : ComfyServer
    picture : str
        A file in its input folder.
    seed : int
    patience : float
        Seconds after which a run that has not ended is interrupted.
    """

    def __init__(self, server: ComfyServer, picture: str, seed: int, patience: float = 1.5):
        self.server = server
        self.random = random.Random(seed)
        write_inputs(server.base)
        self.object_info = server.get("/object_info")  # with the files just written
        self.graphs = base_graphs(picture)
        self.odd = self.object_info["OddValue"]["input"]["required"]["name"][0]
        self.process = psutil.Process(server.process.pid)
        self.patience = patience
        self._peak_bytes()  # what others ran on this server does not count
        self.counts = Counts()
        self.untried = [
            (graph, name, chosen, text)
            for graph in self.graphs
            for name, each in graph.items()
            if each["class_type"].startswith(OURS)
            for chosen in sorted(self._inputs(graph, name))
            for text in (None, *HOSTILE_BY_INPUT.get(f"{each['class_type']}.{chosen}", ()))
        ]
        self.random.shuffle(self.untried)

    def run(self, prompts: int) -> Counts:
        for _ in range(prompts):
            graph, said = self.mutated()
            outcome, detail = self.outcome(graph)
            if outcome not in ("sentences", "accepted"):
                self.counts.faults.append(f"{outcome}: {said}: {detail}")
            self.counts.outcomes[outcome] += 1
        return self.counts

    # What is tried.

    def mutated(self) -> tuple[Graph, str]:
        """Every input of every graph once and with its own texts, then any; at times another one besides."""
        if self.untried:
            base, name, chosen, text = self.untried.pop()
            graph = deepcopy(base)
            said = [self._mutate(graph, name, chosen, text)]
            more = (0, 0, 1)
        else:
            graph, said, more = deepcopy(self.random.choice(self.graphs)), [], (1, 1, 2)
        for _ in range(self.random.choice(more)):
            name = self.random.choice([name for name in graph if graph[name]["class_type"].startswith(OURS)])
            if described := self._inputs(graph, name):
                said.append(self._mutate(graph, name, self.random.choice(sorted(described))))
        return graph, "; ".join(said)

    def _inputs(self, graph: Graph, name: str) -> dict[str, tuple]:
        info = self.object_info[graph[name]["class_type"]]["input"]
        return dict(_described(info, graph[name]["inputs"]))

    def nodes(self) -> set[str]:
        """The kinds of all nodes of ours in the graphs."""
        kinds = {each["class_type"] for graph in self.graphs for each in graph.values()}
        return {kind for kind in kinds if kind.startswith(OURS)}

    def _mutate(self, graph: Graph, name: str, chosen: str, text: str | None = None) -> str:
        inputs = graph[name]["inputs"]
        kind, options = self._inputs(graph, name)[chosen]
        if text is not None:
            inputs[chosen] = text
            return f"{name}.{chosen} = {json.dumps(text)[:80]}"
        if self.random.random() < 0.06:
            inputs.pop(chosen, None)
            return f"{name}.{chosen} left out"
        if self.random.random() < 0.12:
            graph["odd"] = node("OddValue", name=self.random.choice(self.odd))
            inputs[chosen] = ["odd", 0]
            return f"{name}.{chosen} is {graph['odd']['inputs']['name']}"
        inputs[chosen] = value = self._value(graph, kind, options)
        return f"{name}.{chosen} = {json.dumps(value)[:80]}"

    def _value(self, graph: Graph, kind: str | list, options: dict) -> object:
        if self.random.random() < 0.1:
            return self.random.choice(OTHERS)
        if self.random.random() < 0.1:
            return self.random.choice(HOSTILE)
        if kind in ("INT", "FLOAT"):
            least, most = options["min"], options["max"]
            near = [least, least - 1, most + 1, least + 1]
            wrong = [value for value in (*NUMBERS, *near) if not least <= value <= most or value <= AT_MOST]
            return self.random.choice(wrong)
        if kind == "STRING":
            return self.random.choice(HOSTILE)
        if kind == "BOOLEAN":
            return self.random.choice((True, False, "yes", 0, NAN))
        if kind in ("COMBO", "COMFY_DYNAMICCOMBO_V3") or isinstance(kind, list):
            choices = kind if isinstance(kind, list) else options["options"]
            words = [choice["key"] if isinstance(choice, dict) else choice for choice in choices]
            return self.random.choice([*words, *words, "tabel", *HOSTILE[:9]])
        sources = [(name, self.object_info[each["class_type"]]) for name, each in graph.items()]
        links = [[name, slot] for name, info in sources for slot in range(len(info["output"]))]
        return self.random.choice(links)

    # What becomes of it.

    def outcome(self, graph: Graph) -> tuple[str, str]:
        held = self.process.memory_info().rss
        outcome, detail = self._run(graph)
        alive, _ = self._run({"1": node("PreviewAny", source=str(self.random.random()))})
        if alive != "accepted":
            return "dead workers", detail
        if (taken := self._peak_bytes() - held) > MOST_BYTES:
            return "past 3 GB", f"{taken / 1e9:.1f} GB"
        return outcome, detail

    def _run(self, graph: Graph) -> tuple[str, str]:
        try:
            answer = self.server.post("/prompt", {"prompt": graph, "client_id": self.server.client})
        except urllib.error.HTTPError as error:
            return _refusal(error)
        failures = [_refused(answer.get("node_errors", {}))] if answer.get("node_errors") else []
        failures.append(self._ended(answer["prompt_id"]))
        return next((each for each in failures if each[0] not in ("sentences", "accepted")), failures[-1])

    def _ended(self, prompt: str) -> tuple[str, str]:
        began = time.monotonic()
        interrupted = False
        while prompt not in (history := self.server.get(f"/history/{prompt}")):
            waited = time.monotonic() - began
            if waited > HANG:
                return "hangs", f"for {HANG} s"
            if waited > self.patience:
                self.server.post("/interrupt", {})
                interrupted = True
            time.sleep(0.3 if interrupted else 0.05)
        for kind, data in history[prompt]["status"]["messages"]:
            if kind == "execution_error":
                detail = f"{data['node_type']}: {data['exception_type']}: {data['exception_message']}"
                ours = data["node_type"].startswith(OURS) or "multitalk" in "".join(data["traceback"]).lower()
                fault = ours and data["exception_type"] != ERROR
                return (
                    ("tracebacks", detail + "".join(data["traceback"][-3:]))
                    if fault
                    else ("sentences", detail)
                )
        return "accepted", ""

    def _peak_bytes(self) -> int:
        """Of the server since the last call."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def _described(inputs: dict, given: dict, prefix: str = "") -> Iterator[tuple[str, tuple]]:
    """Every input that a node has in this graph: kind and options by its id in the API."""
    for group in ("required", "optional"):
        for name, (kind, *options) in inputs.get(group, {}).items():
            described = options[0] if options else {}
            yield f"{prefix}{name}", (kind, described)
            for option in described.get("options", ()) if kind == "COMFY_DYNAMICCOMBO_V3" else ():
                if option["key"] == given.get(f"{prefix}{name}"):
                    yield from _described(option["inputs"], given, f"{prefix}{name}.")


def _refusal(error: urllib.error.HTTPError) -> tuple[str, str]:
    text = error.read().decode()
    if error.code != 400:
        return "tracebacks", f"{error.code}: {text[:500]}"
    answer = json.loads(text)
    return _refused(answer.get("node_errors", {})) or ("sentences", text)


def _refused(node_errors: dict) -> tuple[str, str]:
    for name, faults in node_errors.items():
        for fault in faults["errors"]:
            raised = fault["extra_info"].get("exception_type", ERROR)
            where = "".join(fault["extra_info"].get("traceback", ()))
            if raised != ERROR and "exception_during" in fault["type"] and "MultiTalk" in where:
                return "tracebacks", f"{name}: {raised}: {fault['details'][:300]} {where[-600:]}"
    return "sentences", json.dumps(node_errors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ComfyServer(Path(folder)) as server:
        from multitalk_core.demo.files import EMBEDDED

        fuzz = Fuzz(server, server.upload(EMBEDDED / "picture.png"), options.seed)
        counts = fuzz.run(options.prompts)
        print(*counts.faults, str(counts), sep="\n")


if __name__ == "__main__":
    main()
