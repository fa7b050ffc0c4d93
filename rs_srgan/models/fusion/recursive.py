"""RecursiveFusion: the fusion of HighRes-net, which makes one feature map of several revisits."""

import torch
from torch import Tensor, nn

from rs_srgan.errors import InputError
from rs_srgan.models.fusion.fusion import Fusion, FusionSettings, SingleImageModel
from rs_srgan.models.generators.edsr import ResidualBlock

# Each round makes one view of two.
_ROUNDS = 4
_MOST_VIEWS = 2**_ROUNDS


class RecursiveFusion(Fusion):
    """Halves the number of views again and again: each pair becomes one. Source: Deudon et al. 2020 (HighRes-net).

    It works on features, with every view beside the reference. An odd number is filled up with a view that counts
    nowhere (their alpha residual), so every view is used. It adds to the generator's first features and takes no
    offsets: the views must lie on one grid already.

    An untrained fusion adds nothing.
    """

    def __init__(self, settings: FusionSettings) -> None:
        super().__init__(settings)
        bands, channels, blocks = len(settings.mtf_nyquist), settings.features, settings.blocks
        self.encoder = nn.Sequential(
            nn.Conv2d(2 * bands + 1, channels, 3, padding=1), *(ResidualBlock(channels) for _ in range(blocks))
        )
        self.fuse = nn.Sequential(
            ResidualBlock(2 * channels), nn.Conv2d(2 * channels, channels, 3, padding=1), nn.PReLU()
        )
        self.out = nn.Conv2d(channels, channels, 3, padding=1)
        self.blocks = blocks
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def added_reach_lr_px(self, single: SingleImageModel) -> int:
        """Return the reach for the most views."""
        return 1 + 2 * self.blocks + _ROUNDS * 3 + 1

    def residual(
        self, single: SingleImageModel, views: Tensor, counts: Tensor, offsets: Tensor, reference: int
    ) -> Tensor:
        """Make the residual for the reference view, see `Fusion.residual`; the offsets are ignored."""
        return single.generator.restore(self.features(single, views, counts, reference))

    def weights(
        self, single: SingleImageModel, views: Tensor, counts: Tensor, offsets: Tensor, reference: int
    ) -> Tensor:
        """Return the same weight for all views that count at a pixel: the fusion does not distinguish them."""
        shares = counts[:, :, 0].clone()
        shares[:, reference] = 1
        return shares / shares.sum(1, keepdim=True)

    def features(self, single: SingleImageModel, views: Tensor, counts: Tensor, reference: int) -> Tensor:
        """Return the fused first features, (B, channels, h, w); see `Fusion.residual` for the arguments."""
        normalised = single.normalised(views)
        counts = counts.to(normalised.dtype)
        if views.shape[1] > _MOST_VIEWS:
            raise InputError(f"Recursive fusion takes at most {_MOST_VIEWS} views; here are {views.shape[1]}.")
        features: Tensor = single.generator.head(normalised[:, reference])
        if views.shape[1] == 1:
            return features
        fused: Tensor = self(normalised, counts, reference)
        return features + fused

    def forward(self, views: Tensor, mask: Tensor, reference: int) -> Tensor:
        """Make what the views add to the first features of the reference.

        Args:
            views: normalised views, (B, T, C, h, w).
            mask: where each view counts, 0 or 1, (B, T, 1, h, w).
            reference: index of the reference view.

        Returns:
            (B, channels, h, w).
        """
        batch, count = views.shape[:2]
        beside = views[:, reference : reference + 1].expand_as(views)
        # Hidden pixels show the reference, which adds nothing new.
        seen = torch.where(mask.bool(), views, beside)
        states = self.encoder(torch.cat([seen, beside, mask], dim=2).flatten(0, 1)).unflatten(0, (batch, count))
        while count > 1:
            if count % 2:
                nothing = states.new_zeros(batch, 1, *states.shape[2:])
                states, mask = torch.cat([states, nothing], 1), torch.cat([mask, mask.new_zeros(mask[:, :1].shape)], 1)
                count += 1
            half = count // 2
            alice, bob = states[:, :half], states[:, half:].flip(1)
            counts = mask[:, half:].flip(1)
            fused = self.fuse(torch.cat([alice, bob], dim=2).flatten(0, 1)).unflatten(0, (batch, half))
            states, mask = alice + counts * fused, torch.maximum(mask[:, :half], counts)
            count = half
        result: Tensor = self.out(states[:, 0])
        return result
