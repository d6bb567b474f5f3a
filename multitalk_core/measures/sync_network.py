"""SyncNet: lips and speech in one space (Chung and Zisserman, "Out of Time", ACCV workshops 2016)."""

from torch import Tensor, nn

WINDOW = 5  # video frames of an embedding
SOUND_WINDOW = 20  # rows of cepstral coefficients beside them
SIDE = 224  # pixels of a face
COEFFICIENTS = 13
EMBEDDING = 1024


class SyncNetwork(nn.Module):
    """Two towers of convolutions; the numbers in the names of their layers are those of the file."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_sound(1, 64),
            nn.Identity(),  # a pool of one value in the reference
            *_sound(64, 192),
            nn.MaxPool2d(3, stride=(1, 2)),
            *_sound(192, 384),
            *_sound(384, 256),
            *_sound(256, 256),
            nn.MaxPool2d(3, stride=2),
            *_sound(256, 512, kernel=(5, 4), padding=0),
        )
        self.netcnnlip = nn.Sequential(
            *_lips(3, 96, kernel=(WINDOW, 7, 7), stride=2, padding=0),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2)),
            *_lips(96, 256, kernel=(1, 5, 5), stride=2),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
            *_lips(256, 256),
            *_lips(256, 256),
            *_lips(256, 256),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2)),
            *_lips(256, 512, kernel=(1, 6, 6), padding=0),
        )
        self.netfcaud = _head()
        self.netfclip = _head()

    def lips(self, frames: Tensor) -> Tensor:
        """Embeddings [frames - 4, 1024] of [3, frames, 224, 224]: blue, green, red in 0..255."""
        return self.netfclip(self.netcnnlip(frames[None])[0, :, :, 0, 0].T)

    def sound(self, windows: Tensor) -> Tensor:
        """Embeddings [windows, 1024] of cepstral coefficients [windows, 20, 13]."""
        return self.netfcaud(self.netcnnaud(windows.transpose(1, 2)[:, None]).flatten(1))


def _sound(
    inputs: int, outputs: int, *, kernel: int | tuple[int, int] = 3, padding: int = 1
) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, kernel, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU()


def _lips(
    inputs: int,
    outputs: int,
    *,
    kernel: tuple[int, int, int] = (1, 3, 3),
    stride: int = 1,
    padding: int = 1,
) -> tuple[nn.Module, ...]:
    """Stride and padding are those of height and width."""
    convolution = nn.Conv3d(inputs, outputs, kernel, (1, stride, stride), (0, padding, padding))
    return convolution, nn.BatchNorm3d(outputs), nn.ReLU()


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, EMBEDDING))
