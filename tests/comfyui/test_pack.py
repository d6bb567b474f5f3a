"""The pack in ComfyUI."""


def test_pack_loads(server):
    assert "IMPORT FAILED" not in server.log.read_text()
    assert "MultiTalkAudioAdapterLoader" in server.object_info
