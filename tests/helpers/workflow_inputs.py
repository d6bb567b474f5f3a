"""Which inputs a node of a graph has, given the modes it is in."""


def known_inputs(inputs: list[dict], given: dict, prefix: str = "") -> dict[str, dict]:
    """The inputs that a node has with these values: those of the chosen modes, growing lists drawn out."""
    known = {}
    for entry in inputs:
        name = prefix + entry["id"]
        if "names" in entry:
            known |= {f"{name}.{slot}": entry["template"][0] | {"optional": True} for slot in entry["names"]}
            continue
        known[name] = entry
        for option in entry.get("options", []):
            if isinstance(option, dict) and option["key"] == given.get(name):
                known |= known_inputs(option["inputs"], given, f"{name}.")
    return known
