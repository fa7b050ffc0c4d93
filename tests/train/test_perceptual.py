import sys

import pytest

from rs_srgan import InputError
from train.perceptual import make_perceptual


@pytest.mark.parametrize("name", ["vgg19", "lpips"])
def test_without_its_library_it_says_what_to_do(name, monkeypatch):
    for library in ("torchvision", "torchvision.models", "lpips"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=r"needs .*torchvision.*or leave it out"):
        make_perceptual(name, ("B04", "B03", "B02", "B08"), white=0.3)
