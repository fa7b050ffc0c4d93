"""No call of the project runs foreign code."""

import pytest

from benchmarks.report import ROOT
from torture.dangerous_calls import dangers, dangers_in


def test_the_project_has_none():
    parts = ("rs_srgan", "app", "train", "examples", "scripts", "benchmarks", "torture", "notebooks", "hatch_build.py")
    files, found = dangers_in(ROOT, *parts)
    assert files > 300
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "import os\nos.system('ls')",
        "from subprocess import run as start\nstart('ls', shell=True)",
        "import torch as t\nt.load('a.ckpt')",
        "import torch\ntorch.load('a.ckpt', weights_only=False)",
        "import numpy as np\nnp.load('a.npy', allow_pickle=True)",
        "import yaml\nyaml.load('a', Loader=yaml.Loader)",
        "from pickle import loads\nloads(b'')",
        "import requests\nrequests.get('https://a', verify=False)",
        "program = 'import sys\\nexec(sys.argv[1])'",
    ],
)
def test_each_kind_is_found(source):
    assert len(list(dangers(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "import torch\ntorch.load('a.ckpt', weights_only=True)",
        "import numpy as np\nnp.load('a.npy', mmap_mode='r')",
        "import yaml\nyaml.safe_load('a')",
        "import yaml\nyaml.load('a', Loader=yaml.CSafeLoader)",
        "from subprocess import run\nrun(['ls'])",
        "text = 'To import it, eval(x) is not needed.'",
    ],
)
def test_harmless_calls_are_not(source):
    assert list(dangers(source)) == []
