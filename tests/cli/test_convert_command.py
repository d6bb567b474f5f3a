"""The command `convert`: its files, its lists and its refusals."""

import json
from pathlib import Path

import pytest

from helpers.foreign_graphs import node, page_of, wrapper_graph
from multitalk_core.cli.main import main


@pytest.fixture
def convert(tmp_path, monkeypatch, capsys):
    """Run the command on a graph in an empty folder: its exit code, what it printed, and its error."""
    monkeypatch.chdir(tmp_path)

    def run(graph: object, *arguments: str) -> tuple[int, str, str]:
        Path("theirs.json").write_text(graph if isinstance(graph, str) else json.dumps(graph))
        code = main(["convert", "theirs.json", *arguments])
        return code, *capsys.readouterr()

    return run


def test_both_files_are_written_and_the_rest_is_listed(convert):
    code, printed, error = convert(page_of(wrapper_graph()))
    assert code == 0, error
    assert "blocks_to_swap = 20" in printed
    page, api = (json.loads(Path(f"theirs_multitalk{end}.json").read_text()) for end in ("", "_api"))
    assert {str(node["id"]) for node in page["nodes"]} == set(api)


def test_json_has_all_lists(convert):
    graph = wrapper_graph()
    graph["30"] = node("NobodyKnows", value=1)
    _, printed, _ = convert(graph, "--output", "ours.json", "--json", "-")
    told = json.loads(printed)
    assert told["output"] == ["ours.json", "ours_api.json"]
    assert [remark["kind"] for remark in told["unknown"]] == ["NobodyKnows"]
    assert {"from": "WanVideoSampler.steps", "to": "sampler.steps", "value": 6} in told["carried"]
    assert any(remark["input"] == "blocks_to_swap" for remark in told["lost"])


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ("no json", "cannot be read as JSON"),
        ([1, 2], "is not a graph of ComfyUI"),
        ({"a": 1}, "is not a graph of ComfyUI"),
        ({"nodes": [{"id": 1}], "links": [[1]]}, "is damaged"),
        ({"nodes": [], "links": []}, "holds no MultiTalk or InfiniteTalk"),
        ({"1": node("KSampler", seed=1)}, "holds no MultiTalk or InfiniteTalk"),
        ("[" * 100_000, "cannot be read as JSON"),
    ],
)
def test_what_is_no_graph_of_ours_to_convert_is_refused_in_one_sentence(convert, graph, words):
    code, _, error = convert(graph)
    assert code == 2
    assert words in error and error.count("\n") == 1
    assert not list(Path().glob("*_multitalk*"))


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_what_is_no_number_counts_as_missing(convert, number):
    """Python writes NaN into the metadata of pictures; a page could not open a graph with it."""
    graph = wrapper_graph()
    (image,) = (each for each in graph.values() if each["class_type"] == "LoadImage")
    (sampler,) = (each for each in graph.values() if each["class_type"] == "WanVideoSampler")
    image["inputs"]["upload"], sampler["inputs"]["shift"], sampler["is_changed"] = "?", "?", ["?"]
    code, _, error = convert(json.dumps(graph).replace('"?"', number))
    assert code == 0, error
    written = "".join(path.read_text() for path in Path().glob("theirs_multitalk*"))
    assert written and "NaN" not in written and "Infinity" not in written


@pytest.mark.parametrize(
    "prefix", [[[1], 0], [{"a": 1}, 0], [None, 0], [1.5, 0], ["nowhere", 0], [["19"], 0]]
)
def test_what_looks_like_a_link_but_is_none_is_left_out(convert, prefix):
    graph = wrapper_graph()
    (saver,) = (each for each in graph.values() if "filename_prefix" in each["inputs"])
    saver["inputs"]["filename_prefix"] = prefix
    code, _, error = convert(graph)
    assert code == 0, error
    written = json.loads(Path("theirs_multitalk_api.json").read_text())
    (ours,) = (each["inputs"] for each in written.values() if each["class_type"] == "SaveVideo")
    assert isinstance(ours["filename_prefix"], str)


def test_what_is_listed_is_short_and_printable(convert):
    graph = wrapper_graph()
    graph["30"] = node("\x1b[31mNobody" + "x" * 9000, value=1)
    code, printed, _ = convert(graph)
    assert code == 0 and "\\x1b[31mNobody" in printed and max(map(len, printed.splitlines())) < 500


def test_a_server_that_is_none_is_refused(convert):
    code, _, error = convert(wrapper_graph(), "--server", "127.0.0.1:9")
    assert code == 2 and "No ComfyUI answers at 127.0.0.1:9" in error


def test_the_source_is_never_replaced(convert):
    code, _, error = convert(wrapper_graph(), "--output", "theirs", "--overwrite")
    assert code == 2 and "is one of the inputs" in error
