"""config.json of a model's folder: values, types, keys, sizes that would fill the memory, and JSON itself."""

import json
from pathlib import Path
from random import Random

from rs_srgan.models.config import MISRConfig, SISRConfig
from rs_srgan.models.generators import GENERATORS
from rs_srgan.models.loading import load_model
from rs_srgan.models.misr import MISR
from torture.fuzz.images import small_model
from torture.fuzz.odd import changed_tree, json_bytes

_NUMBERS = (0, 1, 2, 4, 8, 16, 48, 256, 1024, -1, 1.5, 1e308, 15, 64)
_WORDS = (*GENERATORS, "innovation", "recursive", "tanh", "mtf-glp", "landsat-oli", "MISR", "SISR", "fit", "")


class _ModelConfig:
    def __init__(self, workspace: Path) -> None:
        small_model().save_pretrained(workspace / "sisr")
        MISR(
            MISRConfig(**{**vars(SISRConfig(channels=16, blocks=1)), "fusion_channels": 8, "fusion_blocks": 1})
        ).eval().save_pretrained(workspace / "misr")
        self._folders = [workspace / "sisr", workspace / "misr"]

    def write(self, random: Random, folder: Path) -> Path:
        whole = random.choice(self._folders)
        (folder / "model.safetensors").symlink_to(whole / "model.safetensors")
        config = json.loads((whole / "config.json").read_bytes())
        if random.random() < 0.6:
            for _ in range(random.choice((1, 2, 3))):
                key = random.choice(list(config))
                config[key] = random.choice(_WORDS if isinstance(config[key], str) else (*_NUMBERS, True, False))
        else:
            config = changed_tree(random, config)
        (folder / "config.json").write_bytes(json_bytes(random, config))
        return folder

    def read(self, path: Path) -> None:
        """Load the model."""
        load_model(path)


def make_reader(workspace: Path) -> _ModelConfig:
    """Return the reader."""
    return _ModelConfig(workspace)
