"""The core of MultiTalk: audio-driven multi-person conversational video on Wan2.1.

Knows torch and numpy; knows nothing of ComfyUI. `standalone` is the part that knows diffusers.
"""
