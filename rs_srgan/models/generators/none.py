"""NoGenerator: a generator without weights that adds nothing, for models that are classical methods."""

from torch import Tensor, nn

from rs_srgan.models.generators.generator import Generator


class NoGenerator(Generator):
    """Returns zero, so the model is what it adds to: back-projected bicubic, or MTF-GLP.

    `channels` and `blocks` count for nothing.
    """

    receptive_field = 0

    def __init__(self, inputs: int, bands: int, scale: int, channels: int, blocks: int) -> None:
        super().__init__(inputs, bands, scale, channels, blocks)
        self.head = nn.Identity()
        self.made = bands * scale**2

    def deepen(self, features: Tensor) -> Tensor:
        """Return the features as they are."""
        return features

    def enlarge(self, features: Tensor) -> Tensor:
        """Return zero, (B, bands * scale^2, h, w)."""
        return (0 * features[:, :1]).expand(-1, self.made, -1, -1)
