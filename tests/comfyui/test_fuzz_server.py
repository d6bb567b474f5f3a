"""A tenth of the fuzz that `make soak` runs whole."""

from multitalk_core.demo.files import EMBEDDED
from soak.fuzz_server import Fuzz


def test_wrong_values_get_sentences_and_the_server_goes_on(server):
    fuzz = Fuzz(server, server.upload(EMBEDDED / "picture.png", "fuzz.png"), seed=1, patience=0.3)
    assert fuzz.nodes() == {kind for kind in server.object_info if kind.startswith("MultiTalk")}
    counts = fuzz.run(150)
    print(counts)
    assert not counts.faults, "\n".join(counts.faults)
    assert counts.outcomes["sentences"] > 50
