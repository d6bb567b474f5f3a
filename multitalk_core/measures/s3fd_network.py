"""S3FD: what every place of a picture says of faces (Zhang et al., "S3FD", ICCV 2017)."""

import torch
from torch import Tensor, nn

STEPS = (4, 8, 16, 32, 64, 128)  # pixels between the places of each map
SIDES = (16, 32, 64, 128, 256, 512)  # pixels of the square priors of each map
CHANNELS = (256, 512, 512, 1024, 512, 256)
NORMED = (256, 512, 512)  # the first three maps are normalised
MAP_ENDS = (16, 23, 30)  # layers of `vgg` after which they are taken
BACKGROUNDS = 3  # of the first map, of which the largest counts


class S3fdNetwork(nn.Module):
    """Offsets and scores at every prior; the numbers in the names of the layers are those of the file."""

    def __init__(self) -> None:
        super().__init__()
        self.vgg = nn.ModuleList(_vgg())
        self.L2Norm3_3, self.L2Norm4_3, self.L2Norm5_3 = (_Norm(channels) for channels in NORMED)
        self.extras = nn.ModuleList(
            [
                nn.Conv2d(1024, 256, 1),
                nn.Conv2d(256, 512, 3, stride=2, padding=1),
                nn.Conv2d(512, 128, 1),
                nn.Conv2d(128, 256, 3, stride=2, padding=1),
            ]
        )
        self.loc = nn.ModuleList([nn.Conv2d(channels, 4, 3, padding=1) for channels in CHANNELS])
        self.conf = nn.ModuleList(
            [
                nn.Conv2d(channels, BACKGROUNDS + 1 if number == 0 else 2, 3, padding=1)
                for number, channels in enumerate(CHANNELS)
            ]
        )

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predictions at all places, map by map and row by row.

        Parameters
        ----------
        picture : Tensor [3, height, width], float32
            Red, green and blue in 0..255, less the mean colour.

        Returns
        -------
        offsets : Tensor [priors, 4]
        scores : Tensor [priors], 0..1
        priors : Tensor [priors, 4]
            Centre's column and row, width and height, in parts of the picture.
        """
        maps = self._maps(picture[None])
        offsets = [_by_place(layer(seen)) for layer, seen in zip(self.loc, maps, strict=True)]
        scores = [_face_score(layer(seen)) for layer, seen in zip(self.conf, maps, strict=True)]
        sizes = [(seen.shape[-2], seen.shape[-1]) for seen in maps]
        height, width = picture.shape[1:]
        return torch.cat(offsets), torch.cat(scores), _priors(sizes, height, width).to(picture.device)

    def _maps(self, found: Tensor) -> list[Tensor]:
        """The six maps that the predictions are made of, fine to coarse."""
        norms, maps = iter((self.L2Norm3_3, self.L2Norm4_3, self.L2Norm5_3)), []
        for number, layer in enumerate(self.vgg, start=1):
            found = layer(found)
            if number in MAP_ENDS:
                maps.append(next(norms)(found))
        maps.append(found)
        for number, layer in enumerate(self.extras):
            found = layer(found).relu()
            if number % 2:
                maps.append(found)
        return maps


class _Norm(nn.Module):
    """Scales each place's channels to length 1, and then each channel by itself."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))

    def forward(self, maps: Tensor) -> Tensor:
        return self.weight[:, None, None] * maps / (maps.norm(dim=1, keepdim=True) + 1e-10)


def _vgg() -> list[nn.Module]:
    layers: list[nn.Module] = []
    channels = 3
    for outputs, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.ReLU()]
            channels = outputs
        layers.append(nn.MaxPool2d(2, ceil_mode=outputs == 256))
    layers += [nn.Conv2d(512, 1024, 3, padding=6, dilation=6), nn.ReLU()]
    return [*layers, nn.Conv2d(1024, 1024, 1), nn.ReLU()]


def _by_place(maps: Tensor) -> Tensor:
    return maps[0].movedim(0, -1).flatten(0, 1)


def _face_score(classes: Tensor) -> Tensor:
    """The face's share of each place: the last class against the largest of the others."""
    background, face = _by_place(classes).split([classes.shape[1] - 1, 1], dim=1)
    return torch.cat([background.amax(1, keepdim=True), face], dim=1).softmax(1)[:, 1]


def _priors(sizes: list[tuple[int, int]], height: int, width: int) -> Tensor:
    found = []
    for (rows, columns), step, side in zip(sizes, STEPS, SIDES, strict=True):
        places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).double() + 0.5
        row, column = (places * step).unbind(1)
        shape = torch.tensor([side / width, side / height], dtype=torch.float64).expand(len(places), 2)
        found.append(torch.cat([(column / width)[:, None], (row / height)[:, None], shape], dim=1))
    return torch.cat(found).float()
