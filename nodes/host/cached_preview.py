"""What a node shows, when ComfyUI takes its result from the cache."""

from comfy_api.latest import io


def shown_from_cache(schema: io.Schema) -> io.Schema:
    """Have ComfyUI show a node's preview also in a run that takes the node's result from the cache.

    ComfyUI does so from 0.19 on; earlier ones, whose `io.Schema` may not know the field, show nothing.
    """
    schema.has_intermediate_output = True
    return schema
