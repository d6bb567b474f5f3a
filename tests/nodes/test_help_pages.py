"""The help pages of the nodes, which ComfyUI shows in a narrow panel."""

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "web" / "docs").glob("**/*.md"))
TABLE = re.compile(r"^\s*\|?[\s:|-]*-{3,}[\s:|-]*\|", re.M)  # the line below its head
LONGEST = 60  # characters of code: what the panel shows without cutting


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_nothing_on_a_help_page_is_wider_than_the_panel(page):
    text = page.read_text()
    assert not TABLE.search(text) and "<table" not in text
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.M | re.S)
    assert [line for block in blocks for line in block.splitlines() if len(line) > LONGEST] == []
