"""Sockets of this pack, by name; everything else on them is ComfyUI's."""

from comfy_api.latest import io

from ...multitalk_core.persons.box import Box

CATEGORY = "MultiTalk"
SETTINGS = f"{CATEGORY}/settings"

# multitalk_core.audio.conversation.Conversation
MultiTalkAudio = io.Custom("MULTITALK_AUDIO")
# multitalk_core.persons.masks.Persons
MultiTalkPersons = io.Custom("MULTITALK_PERSONS")
# nodes.host.managed_encoder.ManagedEncoder
MultiTalkAudioEncoder = io.Custom("MULTITALK_AUDIO_ENCODER")
# {"x", "y", "width", "height"} in pixels, or a list of them, or one list an image; io has it since 0.14 only
BoundingBox = io.Custom("BOUNDING_BOX")
# list of (multitalk_core.film.clips.Clip, multitalk_core.method.recorder.BindingRecord), one a clip
MultiTalkBinding = io.Custom("MULTITALK_BINDING")
# of nodes.host.settings, one class each
MultiTalkSamplingSettings = io.Custom("MULTITALK_SAMPLING_SETTINGS")
MultiTalkBindingSettings = io.Custom("MULTITALK_BINDING_SETTINGS")
MultiTalkClipSettings = io.Custom("MULTITALK_CLIP_SETTINGS")
MultiTalkStoreSettings = io.Custom("MULTITALK_STORE_SETTINGS")
MultiTalkDenoiseSettings = io.Custom("MULTITALK_DENOISE_SETTINGS")
# multitalk_core.script.written_script.Script
MultiTalkScript = io.Custom("MULTITALK_SCRIPT")


def bounding_box(box: Box) -> dict[str, float]:
    """A box as BOUNDING_BOX has it."""
    return {"x": box.left, "y": box.top, "width": box.right - box.left, "height": box.bottom - box.top}
