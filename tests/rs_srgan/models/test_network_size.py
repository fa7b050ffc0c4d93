import subprocess
import sys

import pytest

from rs_srgan.models.config import MISRConfig, SISRConfig
from rs_srgan.models.fusion import FUSIONS
from rs_srgan.models.generators import GENERATORS
from rs_srgan.models.misr import MISR
from rs_srgan.models.network_size import network_bytes
from rs_srgan.models.sisr import SISR


def bytes_of(network) -> int:
    return sum(weight.numel() * weight.element_size() for weight in network.parameters())


@pytest.mark.parametrize("generator", GENERATORS)
def test_the_size_is_that_of_the_network(generator):
    config = SISRConfig(generator=generator, channels=16, blocks=2)
    assert network_bytes(config) == bytes_of(SISR(config).generator)


def test_a_guide_and_a_classical_start_count():
    config = SISRConfig(
        scale=2, bands=("B11", "B12"), guide_bands=("B04", "B08"), channels=16, blocks=1, adds_to="mtf-glp"
    )
    assert network_bytes(config) == bytes_of(SISR(config).generator)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_blocks_of_a_fusion_count(fusion):
    config = MISRConfig(scale=2, channels=16, blocks=1, fusion=fusion, fusion_channels=64, fusion_blocks=8)
    single = network_bytes(SISRConfig(scale=2, channels=16, blocks=1))
    assert single < network_bytes(config) <= bytes_of(MISR(config))


def test_loading_any_model_does_not_import_the_compiler_of_pytorch():
    """PyTorch imports it, 2 s and 70 MB, for some operations on shapes only, as `network_bytes` does them."""
    code = (
        "import sys; from rs_srgan import load_model; from rs_srgan.hub.names import bundled_names; "
        "models = [load_model(name) for name in bundled_names()]; "
        "sys.exit('torch._dynamo' in sys.modules or not models)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_network_of_19_gb_is_not_allocated():
    assert network_bytes(SISRConfig(channels=1024, blocks=256)) > 19e9
