"""`Outline`: everything about a scene that the writer of its result needs. It can be sent to another process."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Tile
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.blocks import Layout
from rs_srgan.writing.cog import COG_BLOCK_PX
from rs_srgan.writing.result import Result
from rs_srgan.writing.unfinished import Unfinished

if TYPE_CHECKING:
    from rs_srgan.inference.job import Job
    from rs_srgan.inference.scene import Scene


@dataclass(frozen=True)
class Outline:
    """An open scene without its pixels and its engine.

    Attributes:
        name: name of the image, for people.
        grid: the result's grid.
        encodings: how the result is stored, and its uncertainty if it is wanted.
        bands: descriptions of the bands.
        tags: metadata tags of the result's files.
        request: everything that determines the result, by names that people know.
        parts: the tiles in the order of the work, LR pixels.
        scale: scale of the model.
        lr_px: number of LR pixels that are wanted.
        storable: range of reflectance that the result can hold, for people.
        compress: compression of the result.
        block_px: side of the result's blocks, pixels.
        cog_block_px: side of the blocks of a Cloud Optimized GeoTIFF, pixels; None if none is wanted.
    """

    name: str
    grid: Grid
    encodings: tuple[Encoding, ...]
    bands: tuple[str, ...]
    tags: dict[str, str]
    request: dict[str, object]
    parts: tuple[Tile, ...]
    scale: int
    lr_px: int
    storable: str
    compress: str
    block_px: int
    cog_block_px: int | None

    @property
    def layouts(self) -> list[Layout]:
        """The layout of each file of the result."""
        return [Layout(len(self.bands), each, self.compress, self.block_px) for each in self.encodings]

    @property
    def resumable(self) -> bool:
        """True if a later run can tell whether its images are the same: they are files, not in memory."""
        return self.request.get("input") != []

    def open_results(
        self, targets: list[Path], files: ExitStack, resume: bool = False, overwrite: bool = False
    ) -> list[Result]:
        """Return the files to write: the result, and its uncertainty if it is wanted.

        Args:
            targets: their paths.
            files: closes them.
            resume: go on with what a stopped run left.
            overwrite: replace existing files.

        Raises:
            InputError: see `Unfinished` and `GeoTiffWriter`.
        """
        results = []
        for index, (target, encoding) in enumerate(zip(targets, self.encodings, strict=True)):
            second = index > 0
            unfinished = Unfinished(
                target, self.request, len(self.parts), resume, overwrite, quiet=second, resumable=self.resumable
            )
            files.enter_context(unfinished)
            bands = [f"{name} half-width of 80 %" if second else name for name in self.bands]
            results.append(Result(unfinished, self.grid, encoding, bands, self.tags, self.compress, self.block_px))
            files.callback(results[-1].close)
        return results

    def publish(self, results: list[Result]) -> None:
        """Give complete files their names; see `Result.publish`."""
        for result in reversed(results):
            result.publish(self.cog_block_px is not None, self.cog_block_px or COG_BLOCK_PX)


def outline_of(job: "Job", scene: "Scene") -> Outline:
    """Plan the parts of an open scene, and return its outline.

    Raises:
        InputError: see `Scene.plan`.
    """
    options = job.options
    request = scene.request() | {
        "tile size (LR pixels)": job.tile_lr_px,
        "block size (pixels)": job.block_px,
        "compression": options.compress,
    }
    return Outline(
        name=scene.inputs.lr.name,
        grid=scene.grid,
        encodings=tuple(scene.encodings),
        bands=tuple(scene.inputs.lr.descriptions),
        tags=scene.tags(),
        request=request,
        parts=tuple(scene.plan(job.tile_lr_px, options.aoi)),
        scale=scene.model.scale,
        lr_px=scene.lr_px,
        storable=scene.storable,
        compress=options.compress,
        block_px=job.block_px,
        cog_block_px=(options.blocksize or COG_BLOCK_PX) if options.cog else None,
    )
