"""Pictures of a validation, because numbers do not show artifacts."""

from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from rs_srgan.pixels.radiometry import FloatImage, Stretch
from rs_srgan.sensors import SENTINEL2
from rs_srgan.sensors.projection import bicubic
from rs_srgan.whole_files import whole_file
from train.callbacks import trains
from train.data.batch import Batch
from train.module import SRModule

# Greatest height and width of a picture, HR pixels.
_SIDE_PX = 192
_GAMMA = 1.6
_ERROR_LIMIT = 0.05  # error that is shown white, reflectance
_MOST_VIEWS = 4


class Figures(L.Callback):
    """Draws LR, bicubic, SR, HR and the error of some images after every validation, also in TensorBoard and W&B.

    With several views it draws the first views, their mean where they are usable, and SR of the reference alone, which
    shows the gain from the other views.

    Args:
        folder: folder of the pictures; those of the last validation replace earlier ones.
        images: number of images.
    """

    def __init__(self, folder: str, images: int = 4) -> None:
        self.folder, self.images = Path(folder), images

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: Any,  # noqa: ANN401
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw an image if it is one of those to draw, which are spread over the validation."""
        if not trains(trainer) or not isinstance(pl_module, SRModule):
            return
        batches = trainer.num_val_batches
        total = int(batches[0] if isinstance(batches, list) else batches)
        if batch_idx % max(1, total // self.images) or batch_idx // max(1, total // self.images) >= self.images:
            return
        with torch.no_grad():
            sr = pl_module(batch)
        self.folder.mkdir(parents=True, exist_ok=True)
        name = str(batch["site"][0]).replace("/", "_")
        path = self.folder / f"{batch_idx:03}_{name}.png"
        figure = draw(pl_module, batch, sr)
        with whole_file(path) as fresh:
            figure.savefig(fresh, dpi=100)
        for each in trainer.loggers:
            if isinstance(each, TensorBoardLogger):
                each.experiment.add_figure(f"val/{name}", figure, trainer.global_step)
            elif isinstance(each, WandbLogger):
                each.log_image(f"val/{name}", [str(path)])


def draw(module: SRModule, batch: Batch, sr: Tensor) -> Figure:
    """Return one row of pictures of the first image in a batch, all with the stretch of HR."""
    scale = module.scale
    side = min(_SIDE_PX, *sr.shape[2:]) // scale * scale
    shown = [module.bands.index(band) for band in SENTINEL2.display_bands(module.bands)]

    def cut(image: Tensor, fine: int) -> FloatImage:
        size = side // scale * fine
        rows, cols = ((length - size) // 2 // fine * fine for length in image.shape[2:])
        part: FloatImage = image[0, shown, rows : rows + size, cols : cols + size].float().cpu().numpy()
        return part

    views = batch["lr"] if batch["lr"].dim() == 5 else batch["lr"][:, None]
    reference = module.reference(batch)
    hr = cut(batch["hr"], scale)
    stretch = Stretch.of(hr, gamma=_GAMMA)
    several = views.shape[1] > 1
    panels = [
        (f"view {index + 1}" if several else "LR", cut(views[:, index], 1))
        for index in range(min(_MOST_VIEWS, views.shape[1]))
    ]
    panels.append(("bicubic", cut(bicubic(reference, scale), scale)))
    if several:
        with torch.no_grad():
            alone = module(Batch(lr=views[:, :1], hr=batch["hr"]))
        counts = torch.ones_like(views[:, :, :1])
        if "mask" in batch:
            counts[:, 1:] = batch["mask"][:, 1:, None].to(views.dtype)  # the reference is used everywhere
        panels.append(("mean of the views", cut((counts * views).sum(1) / counts.sum(1), 1)))
        panels.append(("SR of view 1 alone", cut(alone, scale)))
    panels += [("SR of all, fused" if several else "SR", cut(sr, scale)), ("HR", hr)]
    figure = Figure(figsize=(2.4 * (len(panels) + 1), 2.7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(1, len(panels) + 1))
    for axis, (title, image) in zip(axes, panels, strict=False):
        axis.imshow(stretch.apply(image), interpolation="nearest")
        axis.set_title(title, fontsize=9)
    error = np.abs(cut(sr, scale) - hr).mean(0)
    axes[-1].imshow(error, cmap="gray", vmin=0, vmax=_ERROR_LIMIT, interpolation="nearest")
    axes[-1].set_title(f"|SR - HR|, white {_ERROR_LIMIT}", fontsize=9)
    for axis in axes:
        axis.set_axis_off()
    return figure
