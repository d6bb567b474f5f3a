"""Files of text that a command line may be given: tables, scripts, lists of films, graphs; good and bad."""

import json

INPUT = {
    "prompt": "They talk.",
    "cond_image": "picture.png",
    "audio_type": "para",
    "cond_audio": {"person1": "a.wav", "person2": "b.flac"},
}
GRAPH = {
    "1": {"class_type": "MultiTalkDemo", "inputs": {"prompt": "two people talk"}},
    "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
}
JOB = {"id": "one", "graph": "graph.json"}
NINE = {f"person{number}": "a.wav" for number in range(1, 10)}

CONFIG = 'output = "run"\nclips = "prepared"\ntensorboard = false\n[recipe]\nsteps = 1\nbatch = 1\n'
CONFIGS = {
    "nan.toml": CONFIG + "learning_rate = nan\n",
    "inf.toml": CONFIG + "clip_norm = inf\n",
    "huge.toml": CONFIG.replace("batch = 1", "batch = 999999999999"),
    "negative.toml": CONFIG + "seed = -1\n",
    "words.toml": CONFIG.replace("1", '"one"'),
    "deep.toml": "a = " + "[" * 100_000,
    "digits.toml": "a = " + "9" * 5000,
    "nul.toml": CONFIG.replace("run", "\\u0000"),
    "blank.toml": CONFIG.replace("run", ""),
    "long.toml": CONFIG.replace("run", "x" * 300),
    "away.toml": CONFIG,
    "empty.toml": "",
    "list.toml": "[[recipe]]",
    "samples.toml": CONFIG + "[samples]\naudio_scale = nan\n",
    "key.toml": CONFIG + f"{'k' * 9999} = 1\n",
}
TABLES = {
    "talk.csv": "speaker,start,end\nann,0,0.2\nbob,0.2,0.4\n",
    "nan.csv": "speaker,start,end\nann,nan,inf\n",
    "deep.json": "[" * 100_000,
    "digits.json": f'[{{"speaker": "a", "start": 0, "end": {"9" * 400}}}]',
    "nine.csv": "speaker,start,end\n" + "".join(f"{n},0,0.1\n" for n in range(9)),
    "empty.csv": "",
    "null.json": "null",
    "late.csv": "speaker,start,end\nann,0,1e12\nbob,0,0.1\n",
    "long.csv": f'speaker,start,end\n"{"a" * 140_000}",0,0.1\n',
}
MANIFESTS = {
    "talk.jsonl": json.dumps({"video": "talk.mp4", "caption": "They talk."}),
    "empty.jsonl": "",
    "null.jsonl": "null",
    "missing.jsonl": '{"video": "missing.mp4", "caption": ""}',
    "deep.jsonl": "[" * 100_000,
    "nan.jsonl": '{"video": "talk.mp4", "caption": "", "voices": ["a.wav"], "boxes": [[NaN, 0, 1e999, 9]]}',
    "pipe.jsonl": '{"video": "pipe.mp4", "caption": ""}',
    "wrong.jsonl": '{"video": "a.wav", "caption": ""}',
}
SCRIPTS = {
    "talk.script": "Ann: Hello.\nBob: Hello!\n",
    "wide.script": "Ann: Hello.\nBob: Hello!\n",  # in UTF-16, as Notepad's "Unicode"
    "nine.script": "".join(f"Number{'x' * number}: Hello.\n" for number in range(9)),
    "pause.script": "Ann: Hello.\n[pause 1e9]\nBob: Hello!\n",
    "nan.script": "Ann: Hello.\n[overlap nan] Bob: Hello!\n",
    "infinite.script": "Ann: [reaction inf] Hello.\n",
    "lines.script": "Ann: x\n" * 50_000,
    "name.script": f"{'x' * 100_000}: Hello.\n",
    "brackets.script": "Ann: " + "[" * 90_000,
    "stars.script": "Ann: " + "*_" * 40_000,
    "silent.script": "Ann: …\n",
    "nobody.script": "Hello.\n",
    "escape.script": "\x1b[31mAnn: Hello.\n",
}
INPUTS = {
    "input.json": json.dumps(INPUT),
    "films.json": json.dumps([INPUT] * 101),
    "nine.json": json.dumps(INPUT | {"cond_audio": NINE}),
    "box.json": json.dumps(
        INPUT | {"bbox": {"person1": [float("nan"), 0, 9, 9], "person2": [0, 0, 1e999, 9]}}
    ),
    "pipe.json": json.dumps(INPUT | {"cond_image": "pipe.mp4"}),
    "away.json": json.dumps(INPUT | {"cond_image": "../../../../etc/passwd"}),
    "prompt.json": json.dumps(INPUT | {"prompt": "\ud800"}),
    "text.json": json.dumps(INPUT | {"cond_audio": "a.wav"}),
}
LISTS = {
    "films.jsonl": json.dumps({"name": "one", **INPUT}),
    "names.jsonl": "\n".join(
        json.dumps({"name": name, **INPUT}) for name in ("../x", "a\0b", "x" * 300, 3, "con")
    ),
    "wrong.films.jsonl": '{"name": "one"}\n[\nnull\n' + "[" * 100_000,
    "broken.films.jsonl": json.dumps({"name": "one", **INPUT, "prompt": "\ud800"}),
}
JOBS = {
    "jobs.jsonl": json.dumps(JOB),
    "same.jobs.jsonl": "\n".join([json.dumps(JOB)] * 2),
    "nan.jobs.jsonl": '{"id": "one", "graph": "graph.json", "overrides": {"1.prompt": NaN}}',
    "large.jobs.jsonl": '{"id": "one", "graph": "graph.json", "overrides": {"1.prompt": 1e999}}',
    "unknown.jobs.jsonl": json.dumps(JOB | {"overrides": {"9.prompt": "x"}}),
    "deep.jobs.jsonl": '{"id": "one", "graph": ' + "[" * 100_000,
    "digits.jobs.jsonl": '{"id": "one", "graph": "graph.json", "overrides": {"1.prompt": '
    + "9" * 5000
    + "}}",
    "id.jobs.jsonl": json.dumps(JOB | {"id": "../x"}),
    "broken.jobs.jsonl": json.dumps(JOB | {"id": "\ud800", "graph": "\udcff.json"}),
    "pipe.jobs.jsonl": json.dumps(JOB | {"graph": "pipe.mp4"}),
    "null.jobs.jsonl": json.dumps(JOB | {"graph": "a\0b.json"}),
    "input.jobs.jsonl": json.dumps(JOB | {"input": INPUT, "film": 10**30}),
}
GRAPHS = {
    "graph.json": json.dumps(GRAPH),
    "empty.graph.json": "{}",
    "deep.graph.json": "[" * 100_000,
    "digits.graph.json": '{"1": {"class_type": "WanVideoSampler", "inputs": {"steps": ' + "9" * 5000 + "}}}",
    "nan.graph.json": '{"1": {"class_type": "WanVideoSampler", "inputs": {"steps": NaN, "shift": 1e999}}}',
    "links.graph.json": '{"1": {"class_type": "WanVideoSampler", "inputs": {"model": ["1", 0]}}}',
    "null.graph.json": '{"1": null, "2": {"class_type": null, "inputs": []}}',
    "page.graph.json": '{"nodes": [{"id": 1, "type": "WanVideoSampler", "inputs": 3}], "links": [[1]]}',
    "name.graph.json": json.dumps({"\ud800": {"class_type": "\ud800" * 9000, "inputs": {}}}),
}
OTHERS = {"text.txt": "words", "empty": ""}
TEXT_FILES = {**TABLES, **MANIFESTS, **CONFIGS, **SCRIPTS, **INPUTS, **LISTS, **JOBS, **GRAPHS, **OTHERS}
IN_UTF_16 = ("wide.script",)
