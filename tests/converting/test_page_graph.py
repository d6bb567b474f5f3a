"""The page's form of a graph is read as it runs: the same as the API's form."""

from copy import deepcopy

import pytest

from helpers.foreign_graphs import SHAPES, infinitetalk_graph, page_of, wrapper_graph
from multitalk_core.converting.conversion import convert_graph
from multitalk_core.converting.graph_file import read_api
from multitalk_core.converting.node_list import NodeList
from multitalk_core.converting.page_graph import read_page

KNOWN = NodeList.shipped()


def api_of(page: dict) -> dict:
    return convert_graph(read_page(page, KNOWN), KNOWN).api


def plain(graph: dict) -> dict:
    return convert_graph(read_api(graph), KNOWN).api


@pytest.fixture
def page() -> dict:
    return page_of(wrapper_graph())


def only(page: dict, kind: str, number: int = 0) -> dict:
    return [node for node in page["nodes"] if node["type"] == kind][number]


def insert(page: dict, link: int, *, kind: str, values: list | None = None, mode: int = 0) -> dict:
    """Put a node of one input and output into a link; it gets the same type."""
    origin, slot, target, target_slot, socket = page["links"][link - 1][1:]
    number = max(node["id"] for node in page["nodes"]) + 1
    added = {"id": number, "type": kind, "mode": mode, "widgets_values": values or []}
    added["inputs"] = [{"name": "in", "type": socket, "link": link}]
    added["outputs"] = [{"name": "out", "type": socket}]
    page["nodes"].append(added)
    page["links"][link - 1] = [link, origin, slot, number, 0, socket]
    page["links"].append([len(page["links"]) + 1, number, 0, target, target_slot, socket])
    (reached,) = (node for node in page["nodes"] if node["id"] == target)
    reached["inputs"][target_slot]["link"] = len(page["links"])
    return added


def link_into(page: dict, kind: str, name: str) -> int:
    (entry,) = (entry for entry in only(page, kind)["inputs"] if entry["name"] == name)
    return entry["link"]


@pytest.mark.parametrize("make", [wrapper_graph, infinitetalk_graph])
@pytest.mark.parametrize("as_objects", [False, True])
def test_both_forms_convert_alike(make, as_objects):
    assert api_of(page_of(make(), as_objects)) == plain(make())


@pytest.mark.parametrize(("kind", "mode"), [("Reroute", 0), ("Reroute (rgthree)", 0), ("SomethingOff", 4)])
def test_reroutes_and_bypassed_nodes_hand_on(page, kind, mode):
    insert(page, link_into(page, "WanVideoSampler", "image_embeds"), kind=kind, mode=mode)
    assert api_of(page) == plain(wrapper_graph())


def test_set_and_get_nodes_are_one_link(page):
    link = link_into(page, "WanVideoSampler", "model")
    origin, slot = page["links"][link - 1][1:3]
    page["nodes"].append(
        {
            "id": 80,
            "type": "SetNode",
            "widgets_values": ["wan"],
            "inputs": [{"name": "WANVIDEOMODEL", "type": "WANVIDEOMODEL", "link": 900}],
            "outputs": [],
        }
    )
    page["nodes"].append(
        {"id": 81, "type": "GetNode", "widgets_values": ["wan"], "inputs": [], "outputs": []}
    )
    page["links"].append([900, origin, slot, 80, 0, "WANVIDEOMODEL"])
    page["links"][link - 1][1:3] = [81, 0]
    assert api_of(page) == plain(wrapper_graph())


def test_a_primitive_gives_its_value(page):
    sampler = only(page, "WanVideoSampler")
    sampler["inputs"].append({"name": "steps", "type": "INT", "link": 900, "widget": {"name": "steps"}})
    page["nodes"].append({"id": 80, "type": "PrimitiveNode", "widgets_values": [9, "fixed"], "outputs": []})
    page["links"].append([900, 80, 0, sampler["id"], len(sampler["inputs"]) - 1, "INT"])
    graph = wrapper_graph()
    graph["17"]["inputs"]["steps"] = 9
    assert api_of(page) == plain(graph)


def test_a_muted_voice_is_no_voice(page):
    only(page, "LoadAudio", 1)["mode"] = 2
    graph = wrapper_graph()
    del graph["16"]["inputs"]["audio_2"], graph["14"]
    assert api_of(page) == plain(graph)


def test_values_by_name_and_what_anything_everywhere_sends(page):
    sampler = only(page, "WanVideoSampler")
    values = {
        name: value for name, value in wrapper_graph()["17"]["inputs"].items() if not isinstance(value, list)
    }
    sampler["widgets_values"] = values
    link = link_into(page, "WanVideoSampler", "text_embeds")
    slot = [entry["name"] for entry in sampler["inputs"]].index("text_embeds")
    sampler["inputs"][slot]["link"] = None
    origin, place = page["links"].pop(link - 1)[1:3]
    sent = {
        "downstream": sampler["id"],
        "downstream_slot": slot,
        "upstream": str(origin),
        "upstream_slot": place,
    }
    page["extra"] = {"ue_links": [sent]}
    assert api_of(page) == plain(wrapper_graph())


def as_subgraph(page: dict, numbers: set[int], promoted: tuple[int, str]) -> dict:
    """The page with some nodes in a subgraph, one of their widgets set outside."""
    page = deepcopy(page)
    inside = [node for node in page["nodes"] if node["id"] in numbers]
    sub = {"id": "a-b-c", "nodes": inside, "links": [], "inputs": [], "outputs": []}
    place = {"id": 70, "type": "a-b-c", "mode": 0, "inputs": [], "outputs": [], "widgets_values": []}
    outside = []
    for link, origin, slot, target, target_slot, kind in page["links"]:
        stored = {
            "id": link,
            "origin_id": origin,
            "origin_slot": slot,
            "target_id": target,
            "target_slot": target_slot,
        }
        if origin in numbers and target in numbers:
            sub["links"].append(stored)
        elif target in numbers:
            sub["links"].append(stored | {"origin_id": -10, "origin_slot": len(sub["inputs"])})
            place["inputs"].append({"name": f"in_{link}", "type": kind, "link": link})
            sub["inputs"].append({"name": f"in_{link}", "type": kind})
            outside.append([link, origin, slot, 70, len(place["inputs"]) - 1, kind])
        elif origin in numbers:
            sub["links"].append(
                stored | {"id": link + 500, "target_id": -20, "target_slot": len(sub["outputs"])}
            )
            outside.append([link, 70, len(sub["outputs"]), target, target_slot, kind])
            sub["outputs"].append({"name": f"out_{link}", "type": kind})
        else:
            outside.append([link, origin, slot, target, target_slot, kind])
    number, name = promoted
    (node,) = (node for node in inside if node["id"] == number)
    order = SHAPES[node["type"]][0].index(name)
    place["widgets_values"] = [node["widgets_values"][order]]
    node["widgets_values"][order] = 1  # what is set outside counts
    node["inputs"].append({"name": name, "type": "INT", "link": 999, "widget": {"name": name}})
    ends = {"origin_id": -10, "origin_slot": len(sub["inputs"]), "target_id": number}
    sub["links"].append({"id": 999, **ends, "target_slot": len(node["inputs"]) - 1})
    sub["inputs"].append({"name": name, "type": "INT"})
    page["nodes"] = [node for node in page["nodes"] if node["id"] not in numbers] + [place]
    return page | {"links": outside, "definitions": {"subgraphs": [sub]}}


def test_a_subgraph_runs_with_the_values_on_its_node(page):
    assert api_of(as_subgraph(page, {12, 17}, (12, "width"))) == plain(wrapper_graph())


def test_a_group_node_runs_as_its_nodes(page):
    """The page's older kind of subgraph: nodes by place, values one after the other."""
    inner = [node for node in page["nodes"] if node["id"] in (3, 4)]
    (between,) = (link for link in page["links"] if link[1] == 3 and link[3] == 4)
    (leaving,) = (link for link in page["links"] if link[1] == 4)
    values = [value for node in inner for value in node["widgets_values"]]
    for node in inner:
        for entry in node["inputs"]:
            entry.pop("link")
    group = {"nodes": inner, "links": [[0, 0, 1, between[4], 3, "WANVIDLORA"]], "external": []}
    stands = {"id": 70, "type": "workflow>LoRAs", "mode": 0, "inputs": [], "widgets_values": values}
    page["nodes"] = [node for node in page["nodes"] if node["id"] not in (3, 4)] + [stands]
    page["links"].remove(between)
    leaving[1:3] = [70, 0]
    page["extra"] = {"groupNodes": {"LoRAs": group}}
    assert api_of(page) == plain(wrapper_graph())


def test_stacked_loras_are_read_from_their_list():
    entry = {"on": True, "lora": "x.safetensors", "strength": 0.7}
    stack = {
        "id": 2,
        "type": "Power Lora Loader (rgthree)",
        "mode": 0,
        "inputs": [{"name": "model", "type": "MODEL", "link": None}],
        "outputs": [{"name": "MODEL", "type": "MODEL"}],
        "widgets_values": [{}, {"type": "PowerLoraLoaderHeaderWidget"}, entry, {}, ""],
    }
    (read,) = read_page({"nodes": [stack], "links": []}, KNOWN).nodes.values()
    assert read.inputs == {"lora_1": entry}
