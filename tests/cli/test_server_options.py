"""Options of `farm` for its servers: what would have no effect or cannot work is refused before any work."""

from pathlib import Path

import pytest

from multitalk_core.cli.main import main, make_parser

DEMO = Path(__file__).parents[2] / "workflows" / "api" / "demo.json"
JOINED = ("--join", "10.0.0.5:8188")


@pytest.fixture
def jobs(tmp_path):
    path = tmp_path / "jobs.jsonl"
    path.write_text('{"id": "a"}\n')
    return str(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ((*JOINED, "--comfyui", "c"), "leave --comfyui out"),
        ((*JOINED, "--comfyui-options=-v", "--input-folder", "."), "leave --input-folder, --comfyui-opt"),
        ((*JOINED, "--user-folder", "."), "leave --user-folder out"),
        ((*JOINED, "--cluster", "auto"), "leave --cluster out"),
        ((*JOINED, "--join", "http://10.0.0.5:8188/"), "--join names http://10.0.0.5:8188 twice"),
        (("--join", "GPU1:8188", "--join", "HTTP://gpu1:8188"), "--join names http://gpu1:8188 twice"),
        (("--cluster", "auto", "--no-dashboard"), "leave --no-dashboard or --cluster out"),
        (("--comfyui-options", "--front-end 'a"), "has an open quote"),
        (("--comfyui-options", "--lowvram --port 8188"), "the farm itself gives --port"),
        (("--comfyui-options=--output-directory=/out",), "the farm itself gives --output-directory"),
        (("--comfyui", ""), "the name is empty"),
        *(
            (("--join", address), f"{address} is no address of a server")
            for address in (
                "http://[::1",
                "http://",
                "ftp://10.0.0.5:8188",
                "http://10.0.0.5:port",
                "10.0.0.5:70000",
                "http:/10.0.0.5",
                "http://me:secret@10.0.0.5:8188",
                "http://10.0.0.5:8188/?a=b",
                "http://größe:8188",
                "http://10.0.0.5:8188 ",
            )
        ),
    ],
)
def test_refused(jobs, tmp_path, capsys, line, words):
    output = tmp_path / "out"
    assert main(["farm", jobs, "--graph", str(DEMO), "--output", str(output), *line]) == 2
    sentence = capsys.readouterr().err
    assert words in sentence and sentence.count("\n") == 1 and not output.exists()


def test_paths_are_absolute_and_options_are_divided(jobs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/anna")
    line = ["farm", jobs, "--comfyui=~/ComfyUI", "--comfyui-python", "venv/bin/python"]
    arguments = make_parser(("farm",)).parse_args([*line, '--comfyui-options=--lowvram --reserve-vram "1"'])
    assert arguments.comfyui == Path("/home/anna/ComfyUI")
    assert arguments.comfyui_python == tmp_path / "venv" / "bin" / "python"
    assert arguments.comfyui_options == ("--lowvram", "--reserve-vram", "1")


@pytest.mark.parametrize(
    "address", ["http://[::1]:8188", "https://id-8188.proxy.example/comfy", "http://gpu1"]
)
def test_addresses_that_are_joined(jobs, address):
    assert make_parser(("farm",)).parse_args(["farm", jobs, "--join", f"{address}/"]).join == [address]
