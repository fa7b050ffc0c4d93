"""MISR: super-resolution of several revisits, reflectance in, reflectance out."""

import dataclasses
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, TypeAlias, overload

import numpy as np
import torch
from torch import Tensor

from rs_srgan.arrays.chunks import has_chunks
from rs_srgan.arrays.kinds import Opened, is_opened, read_reflectance
from rs_srgan.arrays.labelled import is_labelled
from rs_srgan.arrays.revisits import LabelledRevisits, checked_masks, checked_reference, given_images
from rs_srgan.errors import InputError, shown
from rs_srgan.models.borders import check_margin, check_reflectance, check_tensor, repeat_border
from rs_srgan.models.checked_image import checked_image
from rs_srgan.models.checkpoint import HubModel
from rs_srgan.models.config import MISRConfig, SISRConfig
from rs_srgan.models.evaluation_mode import evaluation_mode
from rs_srgan.models.fusion import FUSIONS, FusionSettings
from rs_srgan.models.sisr import SISR
from rs_srgan.models.tiled import predict_tiled
from rs_srgan.pixels.radiometry import FloatImage, Mask
from rs_srgan.progress.cancel import Cancel
from rs_srgan.progress.state import Report
from rs_srgan.progress.watch import Watch, watching
from rs_srgan.registration.align import Stack, align
from rs_srgan.registration.copies import find_equal
from rs_srgan.sensors import find_sensor
from rs_srgan.sensors.mtf import wald_mtf

if TYPE_CHECKING:
    import xarray

    # Where one of several images counts: bool, (h, w); None for everywhere.
    GivenMask: TypeAlias = np.ndarray[Any, Any] | xarray.DataArray | None

logger = logging.getLogger(__name__)


class MISR(HubModel):
    """A `SISR` model, and a fusion that adds what other views of the same place show.

    With one view, and wherever no other view counts, it gives exactly the pixels of the SISR model. Any number of views
    works with the same weights.

    Fusions are in `rs_srgan.models.fusion`: "innovation" corrects the SISR model's result by what each view shows of
    it; "recursive" adds to the SISR model's first features and takes no offsets.

    Example:
        >>> import torch
        >>> model = MISR(MISRConfig(scale=2, channels=16, blocks=1, fusion_channels=16))
        >>> model(torch.full((1, 3, 4, 8, 8), 0.3)).shape
        torch.Size([1, 4, 16, 16])
    """

    config_class = MISRConfig
    config: MISRConfig

    def __init__(self, config: MISRConfig) -> None:
        super().__init__(config)
        self.sisr = SISR(sisr_config(config))
        self.fusion = FUSIONS[config.fusion](_fusion_settings(config))

    @classmethod
    def from_sisr(cls, model: SISR, config: MISRConfig) -> Self:
        """Make a model that gives what `model` gives with any number of views, until its fusion is trained.

        Raises:
            InputError: the configuration belongs to another SISR model.
        """
        if sisr_config(config) != model.config:
            given, own = vars(sisr_config(config)), vars(model.config)
            differing = ", ".join(f"{key} {given[key]!r}, not {own[key]!r}" for key in own if given[key] != own[key])
            raise InputError(
                f"The configuration is of another architecture than {model.name}: {differing}. Use the model's values."
            )
        misr = cls(config)
        misr.sisr.load_state_dict(model.state_dict())
        return misr

    @property
    def scale(self) -> int:
        """Pixels out per pixel in, along each axis."""
        return self.config.scale

    def alone(self) -> SISR:
        """Return the SISR model inside, under the name of this model: what this model is with one view."""
        self.sisr.name = self.name
        return self.sisr

    @property
    def receptive_field(self) -> int:
        """Largest distance, LR pixels, that a result pixel depends on: the halo that makes tiles exact."""
        return self.sisr.receptive_field + self.fusion.added_reach_lr_px(self.sisr)

    @property
    def exact_tiling(self) -> bool:
        """True if a tile with a halo of `receptive_field` gives the same pixels as the whole image."""
        return self.sisr.exact_tiling

    def forward(
        self,
        views: Tensor,
        mask: Tensor | None = None,
        offsets: Tensor | None = None,
        reference: int = 0,
        margin: int = 0,
        pad: bool = True,
    ) -> Tensor:
        """Super-resolve the reference view with the help of the others.

        Args:
            views: reflectance, floating point, (B, T, C, h, w); each view holds its pixels that lie nearest to the
                reference's pixels.
            mask: where each view counts, bool (B, T, h, w); everywhere if None. The reference counts everywhere.
            offsets: distance of each view's samples from the reference's pixels, rows and columns, LR pixels,
                (B, T, 2, h, w); zero if None. A view does not count where it is more than
                `config.largest_offset_lr_px`.
            reference: index of the view that the result shows.
            margin: LR pixels along every border to leave out of the result.
            pad: True to repeat the outermost pixels, see `SISR.forward`.

        Returns:
            reflectance, (B, C, (h - 2 margin) * scale, (w - 2 margin) * scale): float32, or float64 of a double model.

        Raises:
            InputError: the bands, the sizes or the margin do not fit, the views hold integers or no pixel, or there is
                no such reference.
        """
        self._check(views, mask, offsets, reference)
        if views.shape[1] == 1:
            one: Tensor = self.sisr(views[:, 0], margin=margin, pad=pad)
            return one
        check_margin(margin, views.shape[3], views.shape[4])
        added = max(self.receptive_field - margin, 0) if pad else 0
        dtype, margin = self.sisr.projection.dtype, margin + added
        views = repeat_border(views.to(dtype), added)
        mask = None if mask is None else repeat_border(mask.to(dtype), added)
        offsets = None if offsets is None else repeat_border(offsets.to(dtype), added)
        lr = views[:, reference]
        return self.sisr.finish(lr, self.residual(views, mask, offsets, reference), margin)

    def _check(self, views: Tensor, mask: Tensor | None, offsets: Tensor | None, reference: int) -> None:
        bands = self.config.bands
        for what, given in (("Input", views), ("The mask", mask), ("The offsets", offsets)):
            if given is not None:
                check_tensor(what, given)
        if views.dim() != 5 or views.shape[2] != len(bands):
            raise InputError(
                f"Input has shape {tuple(views.shape)}; expected (batch, views, {len(bands)}, height, width)."
            )
        check_reflectance("Input", views)
        if not isinstance(reference, int) or not 0 <= reference < views.shape[1]:
            raise InputError(f"The reference is view {shown(reference)}; expected 0 to {views.shape[1] - 1}.")
        if mask is not None and mask.shape != views[:, :, 0].shape:
            raise InputError(f"The mask has shape {tuple(mask.shape)}; expected {tuple(views[:, :, 0].shape)}.")
        if offsets is not None and offsets.shape != views[:, :, :2].shape:
            expected = (*views.shape[:2], 2, *views.shape[3:])
            raise InputError(f"The offsets have shape {tuple(offsets.shape)}; expected {expected}.")

    def residual(
        self, views: Tensor, mask: Tensor | None = None, offsets: Tensor | None = None, reference: int = 0
    ) -> Tensor:
        """Make the residual for the reference view, as `SISR.finish` takes it; see `forward`."""
        if views.shape[1] == 1:
            return self.sisr.residual(views[:, reference])
        return self.fusion.residual(self.sisr, views, _counts(views, mask), _offsets(views, offsets), reference)

    @torch.inference_mode()
    def weights(
        self, views: Tensor, mask: Tensor | None = None, offsets: Tensor | None = None, reference: int = 0
    ) -> Tensor:
        """Return the share of each view in the result, (B, T, h, w), with the sum 1; see `forward` and the fusion."""
        self._check(views, mask, offsets, reference)
        if views.shape[1] == 1:
            return torch.ones_like(views[:, :, 0])
        device = self.sisr.projection.up.rows.device  # an engine may have moved the model
        views = views.to(device, self.sisr.projection.dtype)
        mask, offsets = (each if each is None else each.to(device) for each in (mask, offsets))
        with evaluation_mode(self):
            return self.fusion.weights(self.sisr, views, _counts(views, mask), _offsets(views, offsets), reference)

    @overload
    def predict(
        self,
        images: "xarray.DataArray | Sequence[xarray.DataArray]",
        masks: "xarray.DataArray | Sequence[GivenMask] | None" = None,
        reference: int = 0,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> "xarray.DataArray": ...

    @overload
    def predict(
        self,
        images: Sequence[np.ndarray[Any, Any] | Tensor | Opened] | np.ndarray[Any, Any] | Tensor,
        masks: "Sequence[GivenMask] | np.ndarray[Any, Any] | None" = None,
        reference: int = 0,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> FloatImage: ...

    def predict(
        self,
        images: Any,
        masks: Any = None,
        reference: int = 0,
        tile: int = 512,
        *,
        progress: Report | bool | None = None,
        cancel: Cancel | None = None,
    ) -> Any:
        """Register revisits that are in memory, and super-resolve one of them with the help of the others.

        An image that is given several times is used once; a warning says so.

        Args:
            images: reflectance, float, (C, h, w) each, usually 0 to 1; NaN, or masked, where there is no data. Or
                rasters on one grid, see `SISR.predict`. Or several DataArrays on one grid, or one with a dimension of
                time; with chunks of dask, the result is one chunk that is computed later.
            masks: where each image counts, bool (h, w), for example False under clouds; None for all images, or for
                one of them: wherever it has data.
            reference: index of the image that the result shows.
            tile: side, LR pixels, of the part computed at once; the result does not depend on it if the model has
                `exact_tiling`.
            progress: see `SISR.predict`; the registration before it is not counted.
            cancel: see `SISR.predict`.

        Returns:
            reflectance, float32, (C, h * scale, w * scale); NaN where the reference has no data. Of DataArrays a
            DataArray, with the coordinates, CRS and attributes of the reference.

        Raises:
            InputError: there are no images, bands or sizes do not fit, there is no such reference, or the values are
                integers or look like DN.
            Cancelled: `cancel` stopped the work.
        """
        sensor, bands, given = find_sensor(self.config.sensor), self.config.bands, given_images(images)
        at = checked_reference(reference, len(given))
        counts = checked_masks(masks, len(given))
        with watching(progress, cancel) as watch:
            if any(is_labelled(image) for image in given):
                revisits = LabelledRevisits(given, bands, sensor)
                later = any(has_chunks(view.array) for view in revisits.views)
                chosen = watch.silent() if later else watch
                return revisits.predict(
                    at, self.scale, lambda arrays: self._predict_arrays(arrays, counts, at, tile, chosen)
                )
            arrays = [read_reflectance(image, bands, sensor) if is_opened(image) else image for image in given]
            return self._predict_arrays(arrays, counts, at, tile, watch)

    def _predict_arrays(
        self, images: Sequence[Any], masks: Sequence[Mask | None] | None, reference: int, tile: int, watch: Watch
    ) -> FloatImage:
        """Do what `predict` does for arrays."""
        watch.check()
        checked = [checked_image(f"view {at}", image, self.config.bands) for at, image in enumerate(images)]
        valid = np.isfinite(checked[reference])
        copies = find_equal(checked, reference)
        for copy, original in sorted(copies.items()):
            logger.warning("View %d has the same pixels as view %d, which is used once.", copy, original)
        kept = [index for index in range(len(checked)) if index not in copies]
        given = None
        if masks is not None:
            given = [np.ones(checked[at].shape[1:], bool) if (mask := masks[at]) is None else mask for at in kept]
        stack = align([checked[index] for index in kept], given, kept.index(reference))
        return self.predict_aligned(stack, valid, tile, watch)

    def predict_aligned(self, stack: Stack, valid: Mask, tile: int = 512, watch: Watch | None = None) -> FloatImage:
        """Super-resolve the reference of revisits that are registered already.

        Args:
            stack: the result of `align`.
            valid: where the reference has data, bool (C, h, w).
            tile: see `predict`.
            watch: counts the pixels that are done; None if nobody watches.

        Returns:
            reflectance, float32, (C, h * scale, w * scale); NaN where the reference has no data.
        """

        def forward(views: Tensor, mask: Tensor, offsets: Tensor, margin: int) -> list[Tensor]:
            return [self(views, mask, offsets, stack.reference, margin)]

        layers = [(stack.views, 1), (stack.mask, 1), (stack.offsets, 1)]
        device, halo = self.sisr.projection.up.rows.device, self.receptive_field
        if watch is not None:
            watch.total_px = valid.shape[1] * valid.shape[2]
        with evaluation_mode(self):
            (sr,) = predict_tiled(forward, layers, valid, self.scale, tile, halo, device, watch=watch)
        return sr


def _counts(views: Tensor, mask: Tensor | None) -> Tensor:
    return torch.ones_like(views[:, :, :1]) if mask is None else mask[:, :, None].to(views.dtype)


def _offsets(views: Tensor, offsets: Tensor | None) -> Tensor:
    return torch.zeros_like(views[:, :, :2]) if offsets is None else offsets


def _fusion_settings(config: MISRConfig) -> FusionSettings:
    return FusionSettings(
        scale=config.scale,
        mtf_nyquist=wald_mtf(config.mtf_nyquist, config.scale),
        reflectance_std=config.reflectance_std,
        features=config.channels,
        channels=config.fusion_channels,
        blocks=config.fusion_blocks,
        psf_width_lr_px=config.psf_width_lr_px,
        largest_offset_lr_px=config.largest_offset_lr_px,
    )


def sisr_config(config: MISRConfig) -> SISRConfig:
    """Return the configuration of the SISR model inside."""
    return SISRConfig(**{field.name: getattr(config, field.name) for field in dataclasses.fields(SISRConfig)})
