"""Making one feature map of several revisits."""

import torch
from torch import Tensor, nn

from rs_srgan.models.generators.edsr import ResidualBlock


class RecursiveFusion(nn.Module):
    """Halves the number of views again and again, two becoming one. Source: Deudon et al. 2020 (HighRes-net).

    In feature space, with every view next to the reference; odd numbers are filled up with a view that counts nowhere
    (their alpha residual), so every view is used. It does not register: views must lie on one grid already.

    Its result starts at zero.

    Args:
        bands: of the views.
        channels: of the features.
        blocks: residual blocks of the encoder.
    """

    def __init__(self, bands: int, channels: int, blocks: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(2 * bands + 1, channels, 3, padding=1), *(ResidualBlock(channels) for _ in range(blocks))
        )
        self.fuse = nn.Sequential(
            ResidualBlock(2 * channels), nn.Conv2d(2 * channels, channels, 3, padding=1), nn.PReLU()
        )
        self.out = nn.Conv2d(channels, channels, 3, padding=1)
        self.blocks = blocks
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    @property
    def receptive_field(self) -> int:
        """For up to 16 views, which take four rounds."""
        return 1 + 2 * self.blocks + 4 * 3 + 1

    def forward(self, views: Tensor, mask: Tensor, reference: int) -> Tensor:
        """What the views add to the reference's features.

        Args:
            views: normalised, (B, T, C, h, w); zero where they do not count.
            mask: where they count, (B, T, 1, h, w), 0 or 1.
            reference: index of the view that the result shows.

        Returns:
            (B, channels, h, w).
        """
        batch, count = views.shape[:2]
        beside = views[:, reference : reference + 1].expand_as(views)
        # what is hidden shows the reference, which says nothing new
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
