"""The list of jobs: what is read, and every wrong line as one sentence with file and line."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from multitalk_core.cli.main import main
from multitalk_core.errors import MultiTalkError
from multitalk_core.farm.jobs import JobFile

PACK = Path(__file__).parents[2]
DEMO = PACK / "workflows" / "api" / "demo.json"
INPUT_JSON = PACK / "tests" / "field" / "graphs" / "multitalk_input.json"
NODE = {"class_type": "MultiTalkInputJson", "inputs": {"text": "", "film": 1}}
FILM = {"prompt": "They talk.", "cond_image": "two.png", "cond_audio": {"person1": "a.wav"}}


def written(folder: Path, *lines: object) -> Path:
    path = folder / "jobs.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n")
    return path


def read(folder: Path, *lines: object, **options):
    return JobFile(written(folder, *lines), **({"graph": DEMO} | options)).read()


def sentence(folder: Path, *lines: object, **options) -> str:
    with pytest.raises(MultiTalkError) as refused:
        read(folder, *lines, **options)
    return str(refused.value)


def test_overrides_by_id_and_by_title(tmp_path):
    one, two = read(
        tmp_path,
        {"id": "one", "overrides": {"10.seed": 7}},
        {"id": "two", "overrides": {"MultiTalk Long Video.seed": 8, "6.method.parts": 3}},
    )
    assert one.composed()["10"]["inputs"]["seed"] == 7
    assert two.composed()["10"]["inputs"]["seed"] == 8
    assert two.composed()["6"]["inputs"]["method.parts"] == 3
    assert one.digest != two.digest
    assert json.loads(DEMO.read_text())["10"]["inputs"]["seed"] == 0


def test_a_graph_by_its_file_beside_the_list_or_in_the_line(tmp_path):
    graph = json.loads(DEMO.read_text())
    (tmp_path / "mine.json").write_text(json.dumps({"prompt": graph}))
    named, given = read(
        tmp_path,
        {"id": "named", "graph": "mine.json"},
        {"id": "given", "graph": graph, "overrides": {"10.seed": 1}},
        graph=None,
    )
    assert named.composed() == graph
    assert given.composed()["10"]["inputs"]["seed"] == 1


def test_a_multitalk_input_goes_to_its_node(tmp_path):
    for name in ("two.png", "a.wav"):
        (tmp_path / name).write_bytes(b"here")
    (tmp_path / "film.json").write_text(json.dumps([FILM, FILM | {"prompt": "They sing."}]))
    as_file, as_object = read(
        tmp_path,
        {"id": "file", "graph": {"4": NODE}, "input": "film.json", "film": 2},
        {"id": "object", "graph": {"4": NODE}, "input": FILM},
        inputs=tmp_path,
    )
    inputs = as_file.composed()["4"]["inputs"]
    assert json.loads(inputs["text"])[1]["prompt"] == "They sing." and inputs["film"] == 2
    assert json.loads(as_object.composed()["4"]["inputs"]["text"]) == FILM


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "it is not valid JSON"),
        ('{"id": "a", "overrides": {"10.seed": NaN}}', "it is not valid JSON"),
        ('{"id": "a", "overrides": {"10.seed": 1e999}}', "the number 1e999 is too large"),
        ('{"id": "a", "overrides": {"10.seed": 1, "10.seed": 2}}', 'it has "10.seed" twice'),
        ("[1]", "it is no object"),
        ({"id": 7}, "it has no id"),
        ({"id": "a/b"}, "the id a/b cannot name a folder"),
        ({"id": ".a"}, "the id .a cannot name a folder"),
        ({"id": "CON"}, "the id CON cannot name a folder"),
        ('{"id": "a\\ud800"}', "cannot name a folder"),
        ({"id": "ok"}, "the id ok is that of line 1"),
        ({"id": "OK"}, "the id OK is that of line 1"),
        ({"id": "a", "seed": 3}, 'it has "seed"'),
        ({"id": "a"}, "it is the same film as line 1"),
        ({"id": "a", "graph": "no.json"}, "There is no graph at"),
        ({"id": "a", "graph": {"nodes": []}}, "saved for ComfyUI's page"),
        ({"id": "a", "graph": {"1": {}}}, "its graph is not a graph of ComfyUI"),
        ({"id": "a", "overrides": [1]}, "its overrides are no object"),
        ({"id": "a", "overrides": {"seed": 1}}, '"seed" names no node'),
        ({"id": "a", "overrides": {"99.seed": 1}}, '"99.seed" names no node'),
        ({"id": "a", "overrides": {"10.sead": 1}}, 'node 10 (MultiTalk Long Video) has no input "sead"'),
        ({"id": "a", "overrides": {"10.seed": "1"}}, '"10.seed" is 1, a text: it takes a number'),
        (
            {"id": "a", "overrides": {"10.seed": 1, "MultiTalk Long Video.seed": 2}},
            '"10.seed" and "MultiTalk Long Video.seed" are one input',
        ),
        ({"id": "a", "overrides": {"10.draft": 1}}, "a number: it takes true or false"),
        ({"id": "a", "overrides": {"10.vae": ["50", 0]}}, "node 50, which is not in the graph"),
        ({"id": "a", "film": 2}, "a film and no input"),
        ({"id": "a", "input": FILM}, "0 nodes MultiTalk Input JSON"),
        ({"id": "a", "graph": {"4": NODE}, "input": FILM}, "no file two.png in the input folder"),
        ({"id": "a", "graph": {"4": NODE}, "input": FILM, "film": 2}, "its film is 2"),
        ({"id": "a", "graph": {"4": NODE}, "input": {"prompt": "a"}}, "no cond_image or no cond_audio"),
        ({"id": "a", "graph": {"4": NODE}, "input": "gone.json"}, "There is no MultiTalk input at"),
    ],
)
def test_a_wrong_line_is_refused_in_one_sentence(tmp_path, line, words):
    refusal = sentence(tmp_path, {"id": "ok"}, "", line, inputs=tmp_path)
    assert refusal.startswith(f"{tmp_path / 'jobs.jsonl'}, line 3: ") and words in refusal
    assert "\n" not in refusal


@pytest.mark.parametrize("number", ["NaN", "Infinity", "9" * 5000])
def test_what_is_no_number_is_refused(tmp_path, number):
    refusal = sentence(tmp_path, f'{{"id": "a", "overrides": {{"10.shift": {number}}}}}')
    assert "line 1: it is not valid JSON" in refusal


def test_a_list_that_the_output_would_replace_is_refused(tmp_path, monkeypatch, capsys):
    written(tmp_path, {"id": "one"})
    (tmp_path / "jobs.jsonl").rename(tmp_path / "results.jsonl")
    (tmp_path / "failures.jsonl").hardlink_to(tmp_path / "results.jsonl")
    for name in ("results", "failures"):
        line = ["farm", str(tmp_path / f"{name}.jsonl"), "--graph", str(DEMO), "--output", str(tmp_path)]
        assert main(line) == 2
        assert "is one of the inputs" in capsys.readouterr().err
    assert '"one"' in (tmp_path / "results.jsonl").read_text() and not (tmp_path / "films").exists()


def test_two_nodes_of_one_title_are_told_apart_by_id(tmp_path):
    graph = {number: {"class_type": "LoadImage", "inputs": {"image": "a.png"}} for number in "12"}
    refusal = sentence(tmp_path, {"id": "a", "graph": graph, "overrides": {"LoadImage.image": "b.png"}})
    assert 'write "1.image" or "2.image"' in refusal


def test_lists_that_cannot_be_read(tmp_path):
    assert "is empty" in sentence(tmp_path, "", "")
    assert "no graph" in sentence(tmp_path, {"id": "a"}, graph=None)
    (tmp_path / "jobs.jsonl").write_bytes(b'{"id": "\xff"}\n')
    with pytest.raises(MultiTalkError, match="line 1: it is not UTF-8"):
        JobFile(tmp_path / "jobs.jsonl", graph=DEMO).read()


def test_ten_thousand_lines_are_read_once_and_take_little_memory(tmp_path):
    lines = [
        {"id": f"talk-{n}", "overrides": {"10.seed": n, "1.prompt": f"left nods {n}"}} for n in range(10_000)
    ]
    path = written(tmp_path, *lines)
    tracemalloc.start()
    jobs = JobFile(path, graph=DEMO).read()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(jobs) == 10_000 and peak < 20_000_000


def test_the_command_needs_no_torch_and_no_numpy(tmp_path):
    """Where neither is installed, the farm refuses a list as everywhere, and helps."""
    path = written(tmp_path, {"id": "a", "overrides": {"10.seed": "x"}})
    script = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('torch', 'numpy', 'av', 'PIL', 'ray')))\n"
        "from multitalk_core.cli.main import main\n"
        "sys.exit(main(['farm', *sys.argv[1:]]))"
    )
    line = [sys.executable, "-c", script, str(path), "--graph", str(DEMO), "--output", str(tmp_path / "out")]
    finished = subprocess.run(line, cwd=PACK, capture_output=True, text=True)
    assert finished.returncode == 2 and "line 1: " in finished.stderr and "a number" in finished.stderr
    written(tmp_path, {"id": "a"})
    failures = tmp_path / "out" / "failures.jsonl"
    failures.parent.mkdir()
    failures.write_text('{"id": "of the run before"}\n')
    finished = subprocess.run(line, cwd=PACK, capture_output=True, text=True)
    assert finished.returncode == 2 and "Ray is not installed" in finished.stderr
    assert "of the run before" in failures.read_text()
