"""Where ComfyUI's node library shows the nodes: the main ones also among its essentials."""

ESSENTIAL = {
    "MultiTalkLongVideo": "Video Generation",
    "MultiTalkSampler": "Video Generation",
    "MultiTalkAudioEncoder": "Audio",
    "MultiTalkLoadVoice": "Audio",
    "MultiTalkScript": "Audio",
    "MultiTalkJoinLines": "Audio",
    "MultiTalkPersonLocalizer": "Image Tools",
}


def test_the_main_nodes_are_essentials_and_the_others_are_not(server):
    info = {name: each for name, each in server.object_info.items() if name.startswith("MultiTalk")}
    essential = {name: each.get("essentials_category") for name, each in info.items()}
    assert {name: category for name, category in essential.items() if category} == ESSENTIAL
