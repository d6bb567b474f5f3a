"""Whether the store's limit leaves room for the films that a farm's servers make at once."""

from ..limits import MINUTE_GIGABYTES, USUAL_STORE_GIGABYTES
from .api_graph import ApiGraph

FILM, SETTINGS = "MultiTalkLongVideo", "MultiTalkStoreSettings"


def store_warning(graph: ApiGraph, servers: int) -> str | None:
    """A sentence, where a film whose server dies may find its stored clips cleared.

    Parameters
    ----------
    graph : ApiGraph
        A film's; its store settings stand for all.
    servers : int
        That share a store.
    """
    kinds = [node["class_type"] for node in graph.values()]
    settings = [node["inputs"] for node in graph.values() if node["class_type"] == SETTINGS]
    used = [each for each in settings if each.get("store_clips") is not False]
    given = [each.get("store_at_most") for each in used]
    limit = min((each for each in given if isinstance(each, int | float)), default=USUAL_STORE_GIGABYTES)
    needed = servers * MINUTE_GIGABYTES
    if FILM not in kinds or (settings and not used) or needed <= limit:
        return None
    return (
        f"{servers} servers share a store of {limit:g} GB, and the stored clips of one minute at 480p take "
        f"about {MINUTE_GIGABYTES:g} GB: the clips of a film whose server dies may be cleared before it "
        f'continues. Set "store at most" in MultiTalk Store Settings to {needed:g} GB or more.'
    )
