"""What a node reports in words, as both of ComfyUI's renderers show it: a line for each sentence."""

from comfy_page import BARS, FIT, click_run, complaints
from test_timeline_server import conversation

SHOWN = (
    "[...document.querySelectorAll('.comfy-markdown-content, .dom-widget span')]"
    ".find(each => each.innerText.includes('listen'))"
)


def test_each_sentence_is_a_line_and_its_signs_are_shown_as_they_are(page, nodes_2):
    """The encoder's, with a name that HTML and Markdown would take for their own."""
    name = rf"*An* _na_ <b>\_{int(nodes_2)}"  # another one than before: ComfyUI runs it again
    graph = conversation(f"{name},0,1,1,0", speaker_2=None, speaker_3=["demo", 2])
    complaints(page)
    page.evaluate("await app.loadApiJson(graph, 'report')", graph=numbered(graph))
    page.evaluate(FIT, bars=BARS)
    click_run(page)
    page.wait_for(SHOWN, 120)
    lines = page.evaluate(f"return {SHOWN}.innerText").strip().split("\n")
    assert [line.strip() for line in lines] == [
        f"By the table, speaker 1 is {name}.",
        "The voice of speaker 3 has no turn in the table and is not heard.",
        "Speakers 2, 3 say nothing and listen.",
    ]
    assert complaints(page) == []


def numbered(graph: dict) -> dict:
    """The graph with numbers for its nodes' names, as the page wants them."""
    number = {name: str(index) for index, name in enumerate(graph, 1)}

    def linked(value: object) -> object:
        return [number[value[0]], value[1]] if isinstance(value, list) else value

    return {
        number[name]: each | {"inputs": {key: linked(value) for key, value in each["inputs"].items()}}
        for name, each in graph.items()
    }
