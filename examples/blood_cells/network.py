"""A small convolutional detector: 0.76 million weights, two levels, distances as distributions."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from .data import NAMES, STRIDES

BINS = 8  # of the distance of a side, which is 7 strides at most


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.SiLU())


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.layers = nn.Sequential(convolution(channels, half), convolution(half, channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)


class Detector(nn.Module):
    """Features of 8 and 16 pixels per cell; each level hears of the other before its head."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        w = width
        self.stem = nn.Sequential(
            convolution(3, w // 4, stride=2), convolution(w // 4, w // 2, stride=2)
        )
        self.fine = nn.Sequential(convolution(w // 2, w, stride=2), Residual(w), Residual(w))
        self.coarse = nn.Sequential(
            convolution(w, 2 * w, stride=2), Residual(2 * w), Residual(2 * w)
        )
        self.upward = nn.Sequential(convolution(3 * w, w, 1), Residual(w))
        self.down = convolution(w, w, stride=2)
        self.downward = nn.Sequential(convolution(3 * w, w, 1), Residual(w))
        self.boxes, self.scores = (
            nn.ModuleList(nn.Sequential(convolution(w, w), nn.Conv2d(w, n, 1)) for _ in STRIDES)
            for n in (4 * BINS, len(NAMES))
        )
        for head in self.scores:
            nn.init.constant_(head[-1].bias, -4.0)  # begin by finding little
        self.to(memory_format=torch.channels_last)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What `detection_loss` takes: (n, 4 BINS, anchors) and (n, classes, anchors)."""
        fine = self.fine(self.stem(x))
        coarse = self.coarse(fine)
        fine = self.upward(torch.cat([fine, F.interpolate(coarse, scale_factor=2.0)], 1))
        coarse = self.downward(torch.cat([self.down(fine), coarse], 1))
        boxes, scores = (
            torch.cat([heads[0](fine).flatten(2), heads[1](coarse).flatten(2)], 2)
            for heads in (self.boxes, self.scores)
        )
        return boxes, scores
