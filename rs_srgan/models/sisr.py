"""SISR: super-resolution of one image, reflectance in, reflectance out."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rs_srgan.arrays.kinds import Opened
from rs_srgan.errors import InputError
from rs_srgan.models.borders import check_margin, check_reflectance, check_tensor, repeat_border
from rs_srgan.models.checkpoint import HubModel
from rs_srgan.models.classical.glp import GLP
from rs_srgan.models.config import SISRConfig
from rs_srgan.models.evaluation_mode import evaluation_mode
from rs_srgan.models.generators import GENERATORS
from rs_srgan.models.generators.trunk import Trunk
from rs_srgan.models.phases import PHASES_REACH_LR_PX, tie_phases
from rs_srgan.models.quantization import quantize
from rs_srgan.models.sisr_images import ImageRunner
from rs_srgan.models.tiled import predict_tiled
from rs_srgan.models.uncertainty import UncertaintyHead
from rs_srgan.pixels.radiometry import FloatImage, Image, Mask
from rs_srgan.progress.cancel import Cancel
from rs_srgan.progress.state import Report
from rs_srgan.progress.watch import Watch, watching
from rs_srgan.sensors import find_sensor
from rs_srgan.sensors.mtf import wald_mtf
from rs_srgan.sensors.projection import BICUBIC_REACH_LR_PX, ConsistencyProjection

if TYPE_CHECKING:
    import xarray

# Reflectance, about the standard deviation of MTF-GLP's detail: the unit in which the network sees it and adds to it.
DETAIL_STD = 0.03


class SISR(HubModel):
    """A generator with normalisation, bicubic skip and consistency projection.

    `sr = project(bicubic(lr) + generator(normalised lr), lr)`. If the generator returns zero, the result is the
    back-projected bicubic. Anything that the generator adds must agree with what the sensor saw.

    With `output="tanh"` the generator makes the image itself, as in Ledig et al. 2017: `sr = project(mean + std *
    tanh(generator), lr)`, so the largest reflectance is mean + std before the projection. This is for checkpoints of
    networks that were trained so; they are not `consistent`.

    With `guide_bands` the generator also sees bands of the same instrument with `scale` times finer pixels, as further
    channels. This is how Sentinel-2's 20 m bands become 10 m bands. After DSen2, Lanaras et al. 2018, but computed on
    the coarse grid, for a quarter of the work.

    With `adds_to="mtf-glp"` the generator adds to the result of a classical guided method, see `GLP`, and sees the
    detail that this method takes from the guide.

    With `uncertainty` the model has an uncertainty head, see `with_uncertainty`.

    Example:
        >>> import torch
        >>> model = SISR(SISRConfig(scale=2, channels=16, blocks=1))
        >>> model(torch.full((1, 4, 8, 8), 0.3)).shape
        torch.Size([1, 4, 16, 16])
        >>> fusion = SISR(SISRConfig(scale=2, bands=("B11", "B12"), guide_bands=("B04", "B08"), channels=16, blocks=1))
        >>> fusion(torch.full((1, 2, 8, 8), 0.3), torch.full((1, 2, 16, 16), 0.3)).shape
        torch.Size([1, 2, 16, 16])
    """

    config_class = SISRConfig

    def __init__(self, config: SISRConfig) -> None:
        super().__init__(config)
        glp, inputs = config.adds_to == "mtf-glp", config.input_channels
        generator = GENERATORS[config.generator]
        self.generator = generator(inputs, len(config.bands), config.scale, config.channels, config.blocks)
        if config.quantized:
            quantize(self.generator)
        # A result is what the same sensor would see with finer pixels, so it is blurred once already. A projection
        # without this blur would cost half a decibel at x2.
        mtf = wald_mtf(config.mtf_nyquist, config.scale)
        self.projection = ConsistencyProjection(
            config.scale,
            mtf,
            config.consistent,
            config.sharpen_limit,
            config.sharpen_reach_lr_px,
            config.psf_width_lr_px,
        )
        guide_mtf = find_sensor(config.sensor).mtf_nyquist(config.guide_bands)
        self.glp = GLP(config.scale, mtf, wald_mtf(guide_mtf, config.scale)) if glp else None
        if glp:
            self._start_from_zero()
        self.uncertainty = UncertaintyHead(inputs, len(config.bands), config.scale) if config.uncertainty else None
        if self.uncertainty is not None:
            # `forward` does not use the head: DistributedDataParallel would wait for its gradients
            self.uncertainty.requires_grad_(False)

    def _start_from_zero(self) -> None:
        """Make a new generator add nothing: the classical result is close, and random detail would be worse."""
        if isinstance(self.generator, Trunk):
            nn.init.zeros_(self.generator.tail.weight)

    @property
    def scale(self) -> int:
        """Pixels out per pixel in, along each axis."""
        return self.config.scale

    def alone(self) -> Self:
        """Return the model for one image: this one; see `MISR.alone`."""
        return self

    @property
    def receptive_field(self) -> int:
        """Largest distance, LR pixels, that a result pixel depends on: the halo that makes tiles exact."""
        start = self.glp.reach_lr_px if self.glp else 0
        tied = PHASES_REACH_LR_PX if self.glp else 0
        generator = max(start + self.generator.receptive_field + tied, BICUBIC_REACH_LR_PX)
        behind = self.uncertainty.receptive_field if self.uncertainty else 0
        return generator + max(self.projection.reach_lr_px, behind)

    @property
    def exact_tiling(self) -> bool:
        """True if a tile with a halo of `receptive_field` gives the same pixels as the whole image."""
        return self.generator.exact_tiling

    def forward(self, lr: Tensor, guide: Tensor | None = None, margin: int = 0, pad: bool = True) -> Tensor:
        """Super-resolve.

        Args:
            lr: reflectance, floating point, (B, C, h, w).
            guide: reflectance of the guide bands, (B, G, h * scale, w * scale); None if the model has no guide bands.
            margin: LR pixels along every border to leave out of the result, for example a tile's halo.
            pad: True to repeat the outermost pixels as far as the result depends on them, as `predict` does. False
                saves the time for them, as in training on crops: the networks then see zeros beyond the border, and
                the result is worse within `receptive_field` of it.

        Returns:
            reflectance, (B, C, (h - 2 margin) * scale, (w - 2 margin) * scale): float32, or float64 of a double model.

        Raises:
            InputError: the bands, the sizes or the margin do not fit, or the image holds integers or no pixel.
        """
        lr, guide, margin = self._framed(lr, guide, margin, pad)
        detail = self.detail(lr, guide)
        return self.finish(lr, self.residual(lr, guide, detail), margin, detail=detail)

    def with_uncertainty(
        self, lr: Tensor, guide: Tensor | None = None, margin: int = 0, pad: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Super-resolve, and estimate the error of the result.

        Args:
            lr: see `forward`.
            guide: see `forward`.
            margin: see `forward`.
            pad: see `forward`.

        Returns:
            the reflectance of `forward`, and, in the same shape, half the width of the interval around it that holds
            the true value for 80 % of the pixels, reflectance.

        Raises:
            InputError: see `forward`; or the model has no uncertainty head.
        """
        self.uncertainty_head()
        lr, guide, margin = self._framed(lr, guide, margin, pad)
        detail = self.detail(lr, guide)
        residual = self.residual(lr, guide, detail)
        logarithm = self.doubt(residual, lr, guide, detail)
        return self.finish(lr, residual, margin, detail=detail), self.finish_doubt(logarithm, margin)

    def classical(self, lr: Tensor, guide: Tensor) -> Tensor:
        """Return the result of the classical guided method, which a generator of zeros would leave.

        Args:
            lr: see `forward`.
            guide: see `forward`.

        Returns:
            reflectance, (B, C, h * scale, w * scale).
        """
        lr, fine, _ = self._framed(lr, guide, 0, pad=False)
        detail = self.detail(lr, fine)
        nothing = lr.new_zeros(()).expand(lr.shape[0], lr.shape[1] * self.scale**2, *lr.shape[2:])
        return self.finish(lr, nothing, detail=detail)

    def uncertainty_head(self) -> UncertaintyHead:
        """Return the uncertainty head.

        Raises:
            InputError: the model has none.
        """
        if self.uncertainty is None:
            raise InputError(
                f"{self.name} cannot estimate its uncertainty; expected a model that can, for example a sisr-* model: "
                "rs-srgan models."
            )
        return self.uncertainty

    def _framed(self, lr: Tensor, guide: Tensor | None, margin: int, pad: bool) -> tuple[Tensor, Tensor | None, int]:
        """Check the images; return them with the border that the result depends on, and the margin with it."""
        self._check(lr, guide)
        check_margin(margin, lr.shape[2], lr.shape[3])
        added = max(self.receptive_field - margin, 0) if pad else 0
        lr = repeat_border(lr.to(self.projection.dtype), added)
        if guide is not None:
            guide = repeat_border(guide.to(self.projection.dtype), added * self.scale)
        return lr, guide, margin + added

    def _check(self, lr: Tensor, guide: Tensor | None) -> None:
        bands, guides = self.config.bands, self.config.guide_bands
        check_tensor("Input", lr)
        expected = f"expected (batch, {len(bands)}, height, width) with the bands {', '.join(bands)}"
        if lr.dim() != 4 or lr.shape[1] != len(bands):
            raise InputError(f"Input has shape {tuple(lr.shape)}; {expected}.")
        check_reflectance("Input", lr)
        if guide is not None:
            check_tensor("The guide", guide)
        fine = (lr.shape[0], len(guides), lr.shape[2] * self.scale, lr.shape[3] * self.scale)
        if (guide is None) != (not guides) or (guide is not None and guide.shape != fine):
            given = "none" if guide is None else tuple(guide.shape)
            raise InputError(f"The guide is {given}; expected {f'{fine} with {guides}' if guides else 'none'}.")
        if guide is not None:
            check_reflectance("The guide", guide)

    def detail(self, lr: Tensor, guide: Tensor | None = None) -> Tensor | None:
        """Return the detail that the classical method takes from the guide; None if the generator adds to bicubic.

        Args:
            lr: reflectance, (B, C, h, w).
            guide: see `forward`.

        Returns:
            reflectance, float32, pixels as channels, (B, C * scale^2, h, w).
        """
        if self.glp is None or guide is None:
            return None
        detail: Tensor = self.glp(lr, guide)
        return detail

    def residual(self, lr: Tensor, guide: Tensor | None = None, detail: Tensor | None = None) -> Tensor:
        """Run the generator only.

        Args:
            lr: reflectance, (B, C, h, w).
            guide: see `forward`.
            detail: the result of `detail`.

        Returns:
            the generator's result in units of the normalisation; the pixels are channels, (B, C * scale^2, h, w), as
            `pixel_shuffle` takes them.
        """
        residual: Tensor = self.generator(self._inputs(lr, guide, detail))
        return residual

    def _inputs(self, lr: Tensor, guide: Tensor | None, detail: Tensor | None) -> Tensor:
        """Return the normalised input of the networks; pixels of the guide and of the detail are channels."""
        if guide is None:
            return self.normalised(lr)
        seen = self.normalised(torch.cat([lr, F.pixel_unshuffle(guide, self.scale)], dim=1))
        return seen if detail is None else torch.cat([seen, (detail / DETAIL_STD).to(seen.dtype)], dim=1)

    def normalised(self, image: Tensor) -> Tensor:
        """Normalise reflectance for the network, and convert it to the number format of the weights."""
        return ((image - self.config.reflectance_mean) / self.config.reflectance_std).to(self.dtype)

    def doubt(self, residual: Tensor, lr: Tensor, guide: Tensor | None = None, detail: Tensor | None = None) -> Tensor:
        """Run the uncertainty head only; see `UncertaintyHead.forward`.

        Args:
            residual: the result of `residual`.
            lr: reflectance, (B, C, h, w).
            guide: see `forward`.
            detail: the result of `detail`.
        """
        logarithm: Tensor = self.uncertainty_head()(self._inputs(lr, guide, detail), residual)
        return logarithm

    def finish_doubt(self, logarithm: Tensor, margin: int = 0) -> Tensor:
        """Make half-widths, reflectance, of the result of `doubt`; see `UncertaintyHead.finish`."""
        return self.uncertainty_head().finish(logarithm, self.config.reflectance_std, margin)

    def finish(
        self, lr: Tensor, residual: Tensor, margin: int = 0, shuffled: bool = True, detail: Tensor | None = None
    ) -> Tensor:
        """Make the result of the generator's: bicubic skip and projection.

        It computes in float32, or float64 in a double model, to keep the radiometry.

        Args:
            lr: reflectance, (B, C, h, w).
            residual: the result of `residual`, (B, C * scale^2, h, w).
            margin: LR pixels along every border to leave out of the result.
            shuffled: False to leave the fine pixels as channels.
            detail: the result of `detail`.

        Returns:
            reflectance, (B, C, (h - 2 margin) * scale, (w - 2 margin) * scale), or (B, C * scale^2, h - 2 margin,
            w - 2 margin) if not `shuffled`.
        """
        with torch.autocast(lr.device.type, enabled=False):
            mean, std = self.config.reflectance_mean, self.config.reflectance_std
            lr, residual = lr.to(self.projection.dtype), residual.to(self.projection.dtype)
            if self.config.output == "tanh":
                residual = mean + std * residual.tanh() - self.projection.bicubic(lr)
            elif detail is None:
                residual = std * residual
            else:
                residual = detail + DETAIL_STD * tie_phases(residual, self.scale)
            sr: Tensor = self.projection(residual, lr)
            if margin:
                sr = sr[..., margin:-margin, margin:-margin]
            return F.pixel_shuffle(sr, self.scale) if shuffled else sr

    @overload
    def predict(
        self,
        image: np.ndarray[Any, Any] | Tensor,
        guide: np.ndarray[Any, Any] | Tensor | None = None,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> FloatImage: ...

    @overload
    def predict(
        self,
        image: "xarray.DataArray",
        guide: "xarray.DataArray | None" = None,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> "xarray.DataArray": ...

    @overload
    def predict(
        self,
        image: Opened,
        guide: Opened | None = None,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> FloatImage: ...

    def predict(
        self,
        image: Any,
        guide: Any = None,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> Any:
        """Super-resolve one image that is in memory; for large files, see `super_resolve`.

        A model in training mode computes as in evaluation mode, and is in training mode again afterwards.

        Args:
            image: reflectance, float, (C, h, w), or a batch (B, C, h, w), usually 0 to 1; NaN, or masked, where there
                is no data; an array, or a tensor. Or a raster, which is read whole: an open dataset of rasterio, a
                MemoryFile, a path or an address. Or a DataArray with dimensions of bands, y and x (pip install
                rs_srgan[xarray]): bands are found by their names, in the coordinate of their dimension or in the
                attribute `long_name`, else taken in the model's order; chunks of dask are computed later, one by one,
                with the same result. With a dimension of time, it is one image for each time.
            guide: reflectance of the guide bands, (G, h * scale, w * scale), of the same kind as `image`; None if the
                model has no guide bands, or if `image` is a product that holds them.
            tile: side, LR pixels, of the part computed at once; the result does not depend on it if the model has
                `exact_tiling`.
            progress: a function that is called with the state after every tile; True for a progress bar, False for
                none, None for one in a notebook or on a terminal if there are several tiles. Chunks of dask are
                computed later: dask shows their progress.
            cancel: a function that returns True, or an event of `threading` that is set, to stop before the next tile.

        Returns:
            reflectance, float32, (C, h * scale, w * scale), or (B, C, h * scale, w * scale); NaN where `image` has no
            data. Of a DataArray a DataArray, with its coordinates, CRS and attributes.

        Raises:
            InputError: the bands or sizes do not fit, the image is empty, or its values are integers or look like DN.
            Cancelled: `cancel` stopped the work.
        """

        def forward(*windows: Tensor, margin: int) -> list[Tensor]:
            return [self(*windows, margin=margin)]

        (sr,) = self._predict_any(forward, image, guide, tile, progress, cancel)
        return sr

    @overload
    def predict_with_uncertainty(
        self,
        image: np.ndarray[Any, Any] | Tensor,
        guide: np.ndarray[Any, Any] | Tensor | None = None,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> tuple[FloatImage, FloatImage]: ...

    @overload
    def predict_with_uncertainty(
        self,
        image: "xarray.DataArray",
        guide: "xarray.DataArray | None" = None,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> "tuple[xarray.DataArray, xarray.DataArray]": ...

    @overload
    def predict_with_uncertainty(
        self,
        image: Opened,
        guide: Opened | None = None,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> tuple[FloatImage, FloatImage]: ...

    def predict_with_uncertainty(
        self,
        image: Any,
        guide: Any = None,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> tuple[Any, Any]:
        """Super-resolve one image that is in memory, and estimate the error of the result.

        Args:
            image: see `predict`.
            guide: see `predict`.
            tile: see `predict`.
            progress: see `predict`.
            cancel: see `predict`.

        Returns:
            the reflectance of `predict`, and, in the same shape, half the width of the interval around it that holds
            the true value for 80 % of the pixels, reflectance.

        Raises:
            InputError: see `predict`; or the model has no uncertainty head.
            Cancelled: `cancel` stopped the work.
        """
        self.uncertainty_head()
        sr, half_width = self._predict_any(self.with_uncertainty, image, guide, tile, progress, cancel, results=2)
        return sr, half_width

    def _predict_any(
        self,
        forward: Callable[..., Sequence[Tensor]],
        image: Any,  # noqa: ANN401  # of any kind, see `predict`
        guide: Any,  # noqa: ANN401
        tile: int,
        progress: Report | bool | None,
        cancel: Cancel | None,
        results: int = 1,
    ) -> list[Any]:
        """Return the results of `forward`, see `predict_tiled`, for an image of any kind, see `predict`."""

        def run(layers: Sequence[tuple[Image, int]], valid: Mask, watch: Watch) -> list[FloatImage]:
            halo, device = self.receptive_field, self.projection.up.rows.device
            with evaluation_mode(self):
                return predict_tiled(forward, layers, valid, self.scale, tile, halo, device, results, watch)

        with watching(progress, cancel) as watch:
            return ImageRunner(self.name, self.config, self.receptive_field, run, results).predict(image, guide, watch)
