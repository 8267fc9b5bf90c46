"""From rendered layers and backgrounds to webcam pictures: ``camera_effects`` for a batch.

Blur and loss of resolution act on rows and columns alike, so each is a matrix of a picture's side
squared, and both together one product from either side.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hands3c_core.data.synthetic.batched.bodies import Batch
from hands3c_core.data.synthetic.batched.jpeg import Jpeg
from hands3c_core.data.synthetic.camera_effects import NOISE_BLUR, SMOOTHED_NOISE


class Webcam(nn.Module):
    """Takes pictures of side ``size``."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.jpeg = Jpeg()
        places = torch.arange(size, dtype=torch.float32)
        self.register_buffer("places", places)
        self.register_buffer("smoothing", _blur_matrices(torch.tensor([NOISE_BLUR]), places)[0])
        self.register_buffer("levels", torch.linspace(0.0, 1.0, 1024))

    places: Tensor
    smoothing: Tensor
    levels: Tensor

    def forward(self, layers: Tensor, batch: Batch) -> Tensor:
        """(B, S, S, 3) uint8 RGB.

        Args:
            layers: (B, S, S, 4) sRGB 0..255 premultiplied by coverage, and coverage.
            batch: the packed scenes; without 'lens' the camera is perfect.
        """
        layers = layers.permute(0, 3, 1, 2)
        if "lens" not in batch:
            image = _over(layers, batch["background"])
            return _bytes(image).to(torch.uint8).permute(0, 2, 3, 1).contiguous()
        layers = _moved(layers, batch["moved_scene"], batch["moved_kernel"])
        image = self._soften(_over(layers, batch["background"]), batch["lens"])
        image = self._recolor(image, batch["grade"])
        image = self._add_noise(image, batch)
        image = self.jpeg(_bytes(image), batch["jpeg_quality"])
        # Past the frame's edge a crop is black.
        left, top, right, bottom = batch["frame"][:, :, None].unbind(1)
        columns = (self.places >= left) & (self.places < right)
        rows = (self.places >= top) & (self.places < bottom)
        image = image * (rows[:, None, :, None] & columns[:, None, None, :])
        return image.to(torch.uint8).permute(0, 2, 3, 1).contiguous()

    def _soften(self, image: Tensor, lens: Tensor) -> Tensor:
        """Lens blur and lost resolution; ``lens`` (B, 2): see ``CameraFaults``."""
        matrix = _resolution_matrices(lens[:, 1], self.places)
        matrix = (matrix @ _blur_matrices(lens[:, 0], self.places))[:, None]
        return matrix @ image @ matrix.mT

    def _recolor(self, image: Tensor, grade: Tensor) -> Tensor:
        """Gains, gamma, contrast and saturation, (B, 6)."""
        gamma, contrast, saturation = grade[:, 3:, None].unbind(1)
        curve = 0.5 + contrast * (self.levels**gamma - 0.5)
        curve = 255.0 * curve.clamp(0.0, 1.0)
        last = len(self.levels) - 1
        level = (image * grade[:, :3, None, None] * (last / 255.0)).clamp(0.0, float(last)).long()
        out = torch.gather(curve, 1, level.flatten(1)).view_as(image)
        grey = 0.299 * out[:, :1] + 0.587 * out[:, 1:2] + 0.114 * out[:, 2:]
        return grey + saturation[..., None, None] * (out - grey)

    def _add_noise(self, image: Tensor, batch: Batch) -> Tensor:
        """Noise to the pictures that have some."""
        scene, noise = batch["noise_scene"], batch["noise"].float().permute(0, 3, 1, 2)
        smooth = SMOOTHED_NOISE * (self.smoothing @ noise @ self.smoothing.T)
        noise = torch.where(batch["noise_smoothed"][:, None, None, None], smooth, noise)
        part = image[scene]
        shot = 0.4 + 0.6 * torch.sqrt(part.clamp(0, 255) / 128)
        part = part + batch["noise_strength"][:, None, None, None] * shot * noise
        return image.index_copy(0, scene, part)


def _over(layers: Tensor, background: Tensor) -> Tensor:
    """(B, 3, S, S) layers (B, 4, S, S) over backgrounds (B, S, S, 3)."""
    behind = background.permute(0, 3, 1, 2).float()
    return behind * (1.0 - layers[:, 3:]) + layers[:, :3]


def _bytes(image: Tensor) -> Tensor:
    """Whole numbers 0..255, as float32."""
    return torch.floor((image + 0.5).clamp(0, 255))


def _moved(layers: Tensor, scene: Tensor, kernels: Tensor) -> Tensor:
    """The layers of ``scene`` (N,) smeared by kernels (N, K, K), K odd."""
    reach = kernels.shape[-1] // 2
    part = layers[scene]
    if len(part) == 0:
        return layers
    count, channels = part.shape[:2]
    part = nn.functional.pad(part, (reach,) * 4, mode="reflect")
    weight = kernels[:, None].repeat_interleave(channels, 0)
    with torch.backends.cudnn.flags(enabled=False):  # whose convolutions may round to TF32
        part = nn.functional.conv2d(part.flatten(0, 1)[None], weight, groups=count * channels)
    return layers.index_copy(0, scene, part.view(count, channels, *layers.shape[2:]))


def _blur_matrices(sigma: Tensor, places: Tensor) -> Tensor:
    """(B, S, S) Gaussian blur along one side, the picture mirrored at its edges; the identity where
    ``sigma`` (B,) is 0. OpenCV's kernel for floats: up to about four standard deviations."""
    size = len(places)
    spread = sigma.clamp(min=1e-3)[:, None, None]
    reach = torch.floor(torch.round(sigma * 8 + 1) / 2)[:, None, None]
    out, into = places[:, None], places[None, :]

    def weight(distance: Tensor) -> Tensor:
        value = torch.exp(-0.5 * (distance / spread) ** 2)
        return torch.where(distance.abs() <= reach, value, 0.0)

    matrix = weight(into - out)
    matrix = matrix + torch.where(into >= 1, weight(into + out), 0.0)
    matrix = matrix + torch.where(into <= size - 2, weight(2 * (size - 1) - into - out), 0.0)
    return matrix / matrix.sum(-1, keepdim=True)


def _resolution_matrices(side: Tensor, places: Tensor) -> Tensor:
    """(B, S, S) averaging down to ``side`` (B,) pixels and linear interpolation back up; the
    identity where ``side`` is not smaller than S."""
    size = len(places)
    small = side.clamp(max=size)[:, None, None]
    scale = size / small
    cell, pixel = places[:, None], places[None, :]
    overlap = torch.minimum((cell + 1) * scale, pixel + 1) - torch.maximum(cell * scale, pixel)
    down = torch.where(cell < small, overlap.clamp(min=0.0) / scale, 0.0)
    source = torch.minimum(((places[:, None] + 0.5) / scale - 0.5).clamp(min=0.0), small - 1)
    up = (1.0 - (source - places[None, :]).abs()).clamp(min=0.0)
    return up @ down
