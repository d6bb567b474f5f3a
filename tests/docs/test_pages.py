"""What the pages say is there, is there: paths, links, commands, versions."""

import re
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path

import pytest

import multitalk_core
from multitalk_core.cli.main import main, make_parser
from multitalk_core.film.spec import MATHS_VERSION

PACK = Path(__file__).parents[2]
PAGES = [PACK / name for name in ("README.md", "CONTRIBUTING.md")]
TOPICS = (
    "converting",
    "doctor",
    "dubbing",
    "evaluation",
    "farm",
    "measures",
    "one_card",
    "origin",
    "persons",
    "pictures",
    "scale",
    "script",
    "sound",
    "speed",
    "turns",
    "videos",
)
PAGES += [PACK / "docs" / f"{name}.md" for name in ("architecture", "extending", *TOPICS)]
FOLDERS = r"(?:docs|locales|multitalk_core|nodes|tests|tools|web|workflows)"
# Files that a recipe of docs/extending.md has its reader write.
WRITTEN = {
    "multitalk_core/method/schemes/shared.py",
    "nodes/speaker_count.py",
    "tests/method/test_shared.py",
    "web/docs/MultiTalkSpeakerCount.md",
}


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request):
    return request.param


def test_paths_exist(page):
    named = set(re.findall(rf"(?<![\w/.-]){FOLDERS}/[\w./-]*\w", page.read_text()))
    assert not {path for path in named if not (PACK / path).exists()} - WRITTEN


def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if not target.startswith("http"):
            path, _, anchor = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), target
            assert not anchor or anchor in anchors(linked), target


def anchors(page: Path) -> set[str]:
    """Its headings, as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_options_of_the_command_line_exist(page):
    commands = ("generate", "localize", "inspect", "films", "prepare", "train", "demo", "doctor", "convert")
    commands += ("benchmark", "evaluate", "farm")
    helped = "".join(help_of(command) for command in commands)
    for block in re.findall(r"(?:^    .*\n)+", page.read_text(), re.MULTILINE):
        for command in re.findall(r"^    multitalk (\w+)", block, re.MULTILINE):
            assert command in commands
        if "multitalk generate" in block:
            assert all(option in helped for option in re.findall(r"--[a-z-]+", block))
    if "tools/" in page.read_text():
        helped += "".join(script.read_text() for script in (PACK / "tools").rglob("*.py"))
    options = set(re.findall(r"`(--[a-z-]+)", page.read_text()))
    assert not {option for option in options if option not in helped} - {"--version", "--write"}


@cache
def help_of(command: str) -> str:
    with redirect_stdout(StringIO()) as printed, pytest.raises(SystemExit):
        make_parser().parse_args([command, "--help"])
    return printed.getvalue()


def test_targets_of_make_exist(page):
    makefile = (PACK / "Makefile").read_text()
    for target in re.findall(r"(?:`|^    )make ([\w-]+)", page.read_text(), re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_changelog_has_the_version_and_every_change_of_films():
    changelog = (PACK / "CHANGELOG.md").read_text()
    assert multitalk_core.__version__ in changelog
    for version in range(2, MATHS_VERSION + 1):
        assert f"- MATHS_VERSION {version}: " in changelog


def test_version_is_reported(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"multitalk {multitalk_core.__version__}\n"
