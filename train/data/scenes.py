"""SceneDataModule: random windows of GeoTIFFs and Sentinel-2 products of any size, with LR made from them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.models import SISRConfig
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.formats import SUFFIXES
from rs_srgan.reading.opening import open_raster
from rs_srgan.sensors import SENTINEL2, Sensor, find_sensor
from train.data.batch import Sample
from train.data.crops import RandomCrops, ValidationImages
from train.data.ground import Footprint, group_places, refuse_overlaps, warn_of_near_places
from train.data.module import images_in, require_files
from train.data.pair_split import SPLIT_DISTANCE_M, require_distance
from train.data.simulated import SimulatedDataModule
from train.data.splits import split_by_hash
from train.data.units import Reflectance, stated_of

logger = logging.getLogger(__name__)

# Greatest height and width of a validation image, HR pixels.
_VALIDATION_PX = 512


@dataclass(frozen=True)
class Scene:
    """Raster on disk, read by window. Every raster is a place.

    Attributes:
        name: name of the file or product.
        path: path of the file or product.
        bands: names of the bands to read.
        sensor: sensor that took the raster.
        shape: (C, H, W).
        footprint: location on the ground; None without coordinates.
        reflectance: conversion of the stored values; None: by the tags of the raster, or by the sensor.
    """

    name: str
    path: Path
    bands: tuple[str, ...]
    sensor: Sensor
    shape: tuple[int, int, int]
    footprint: Footprint | None
    reflectance: Reflectance | None = None

    @classmethod
    def of(
        cls, path: Path, bands: tuple[str, ...], sensor: Sensor = SENTINEL2, reflectance: Reflectance | None = None
    ) -> "Scene":
        """Read size and location of a raster.

        Raises:
            InputError: the file is not a raster, or lacks one of the bands.
        """
        with open_raster(path, bands, stated_of(reflectance), sensor) as raster:
            grid = raster.grid
            shape = (len(bands), grid.height, grid.width)
            return cls(path.name, path, bands, sensor, shape, Footprint.of(grid), reflectance)

    @property
    def images(self) -> tuple["Scene"]:
        """The scene itself."""
        return (self,)

    def __getitem__(self, window: tuple[slice, slice, slice]) -> FloatImage:
        (top, bottom, _), (left, right, _) = (
            part.indices(side) for part, side in zip(window[1:], self.shape[1:], strict=True)
        )
        with open_raster(self.path, self.bands, stated_of(self.reflectance), self.sensor) as raster:
            image, valid = raster.read(Window(top, left, bottom - top, right - left))
        image[~valid] = np.nan
        return image


class SceneDataModule(SimulatedDataModule):
    """Random windows of whole scenes. See `SRDataModule`.

    Args:
        train: paths or patterns (`data/*.SAFE`) of GeoTIFFs and Sentinel-2 products.
        val: paths or patterns of scenes of other places. If it is empty, a fifth of the places of `train` validates,
            chosen by a hash.
        reflectance: scale and offset of the stored values, instead of the tags of the files and the sensor.
        split_distance_m: scenes nearer to each other than this belong to one place, metres.
        **shared: parameters of `SimulatedDataModule` and `SRDataModule`.
    """

    def __init__(
        self,
        train: Sequence[str],
        val: Sequence[str] = (),
        *,
        reflectance: Reflectance | None = None,
        split_distance_m: float = SPLIT_DISTANCE_M,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**shared)
        self.split_distance_m = require_distance(split_distance_m)
        self.train_patterns, self.val_patterns, self.reflectance = train, val, reflectance

    def datasets(self) -> tuple[RandomCrops, Dataset[Sample]]:
        """Return crops and validation images of the scenes, and log the split.

        Raises:
            InputError: a pattern without scenes, scenes of both sides that overlap, or only one place to split.
        """
        train = self._scenes(self.train_patterns)
        if self.val_patterns:
            held_out = self._scenes(self.val_patterns)
            trains, validates = ({scene.path: scene.footprint for scene in side} for side in (train, held_out))
            refuse_overlaps(trains, validates)
            warn_of_near_places(trains, validates, self.split_distance_m)
        else:
            train, held_out = split_by_place(train, self.split_distance_m)
        names = ", ".join(scene.name for scene in held_out)
        logger.info("Split: %d scenes train, %d validate: %s.", len(train), len(held_out), names)
        crops = RandomCrops([(train, 1.0)], self.crop_hr_px, self.length, self.seed)
        return crops, ValidationImages(held_out, self.scale, _VALIDATION_PX, lambda name: "scenes", holes=True)

    def _scenes(self, patterns: Sequence[str]) -> list[Scene]:
        return [Scene.of(path, self.bands, self.sensor, self.reflectance) for path in _paths(patterns)]


def split_by_place(scenes: Sequence[Scene], distance_m: float = SPLIT_DISTANCE_M) -> tuple[list[Scene], list[Scene]]:
    """Return the scenes that train and those that validate: a fifth of the places, chosen by a hash.

    Args:
        scenes: scenes of several places; see `group_places` for what belongs to one place.
        distance_m: scenes nearer to each other than this belong to one place, metres.

    Raises:
        InputError: there is only one place.
    """
    names, files = [scene.path.stem for scene in scenes], [[scene.path] for scene in scenes]
    places = group_places(names, files, [scene.footprint for scene in scenes], distance_m)
    if len(set(places)) < 2:
        raise InputError(
            f"{len(scenes)} images show one place, {places[0]}; expected at least two that are {distance_m:g} m apart, "
            "because one validates. Add images of another place, or split them yourself into train and val."
        )
    validating = split_by_hash(places)
    sides = [
        [scene for scene, place in zip(scenes, places, strict=True) if (place in validating) == val]
        for val in (False, True)
    ]
    return sides[0], sides[1]


def find_scenes(folder: Path, config: SISRConfig, reflectance: Reflectance | None = None) -> list[Scene]:
    """Return the GeoTIFFs, other rasters and Sentinel-2 products of a folder.

    Args:
        folder: the folder.
        config: configuration of the model that reads them.
        reflectance: conversion of the stored values; None: by the tags of the files, or by the sensor.

    Raises:
        InputError: there is none, or one lacks a band of the model.
    """
    paths = images_in(folder, (*SUFFIXES, ".safe", ".zip"))
    return [Scene.of(path, config.bands, find_sensor(config.sensor), reflectance) for path in paths]


def _paths(patterns: Sequence[str]) -> list[Path]:
    found = {pattern: [Path(path) for path in glob(pattern)] for pattern in patterns}
    for pattern, paths in found.items() or {"no pattern": []}.items():
        require_files(f"Scenes in {pattern}", paths)
    return sorted({path for paths in found.values() for path in paths})
