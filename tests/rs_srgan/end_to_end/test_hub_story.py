"""The guide's story, docs/hub.md, from one's own pairs to somebody else's map; every command a process of its own."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from huggingface_hub import ModelCard

from rs_srgan import MISR, MISRConfig, load_model
from tests.conftest import scene_dn
from tests.rs_srgan.hub.server import OWNER
from tests.stored import assert_stored
from tests.train.data.makers import pair_folder

pytest.importorskip("torchmetrics")

ROOT = Path(__file__).parents[3]
NAME = "organisation/spot-x4"
QUICK = "--trainer.max_epochs=1 --trainer.accelerator=cpu --data.steps_per_epoch=5 --data.crop_lr_px=16"


def story():
    """The commands of the guide's first block."""
    block = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]
    return block.strip().splitlines()


def run(command, **environment):
    """What a command of the guide prints, in a process of its own."""
    line = command.replace("rs-srgan", "python -m rs_srgan").replace("train/configs", str(ROOT / "train" / "configs"))
    process = subprocess.run(
        [sys.executable, *shlex.split(line)[1:]],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    assert process.returncode == 0, process.stderr
    assert OWNER not in process.stdout + process.stderr
    return process.stdout


def test_the_guides_commands_from_pairs_to_a_model_that_others_load(hub, tmp_path, monkeypatch, write_tif):
    monkeypatch.chdir(tmp_path)
    pair_folder(tmp_path / "pairs" / "train", count=4)
    pair_folder(tmp_path / "pairs" / "val", count=2, names=["field", "town"])
    write_tif(scene_dn(20, 24))
    model = Path("runs/finetune/model")

    fit, evaluate, card, push, predict = story()
    run(f"{fit} {QUICK}")
    run(f"{evaluate} --pictures 1")
    assert run(card) == f"{model / 'README.md'}\n"
    assert run(push, HF_TOKEN=OWNER) == f"{hub.url}/{NAME}\n"
    assert hub.repos[NAME].private

    card = ModelCard(hub.repos[NAME].files()["README.md"].decode())
    assert card.data.base_model == "sisr-x4-rgbn"
    figures = {each.metric_type: each.metric_value for each in card.data.eval_results}
    metrics = json.loads(hub.repos[NAME].files()["metrics.json"])
    assert figures["psnr"] == round(metrics["groups"]["own_pairs"]["mean"]["model"]["psnr_db"], 2)
    assert {"field", "town"} <= {cell.strip() for cell in card.text.split("|")}
    pictures = [path for path in hub.repos[NAME].files() if path.startswith("pictures/own_pairs_")]
    assert pictures and all(f"({path})" in card.text for path in pictures)
    assert {each["output"]["url"] for each in card.data.widget} == set(pictures)  # the Hub's examples
    assert str(tmp_path).encode() not in b"".join(hub.repos[NAME].files().values())

    run(f"{predict} --engine torch --precision fp32", HF_TOKEN=OWNER)
    with rasterio.open("scene_x4.tif") as theirs:
        found = theirs.read()
        assert theirs.tags()["SR_MODEL"] == NAME
    expected = load_model(model).predict(scene_dn(20, 24) / np.float32(10000))
    assert_stored(found, expected * 10000, 4, tolerance=1.1)

    fingerprint = f"from rs_srgan import load_model; print(load_model('{NAME}').fingerprint())"
    assert run(f'python -c "{fingerprint}"', HF_TOKEN=OWNER).strip() == load_model(model).fingerprint()


def hub_snippet(name, tags):
    """Return the Python code that the Hub would show for a model, by the entry in the guide."""
    entry = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8").split("```ts\n")[1].split("```")[0]
    several, single = re.findall(r"`(from .*?)`", entry, re.DOTALL)
    return (several if "multi-image-super-resolution" in tags else single).replace("${model.id}", name)


def test_the_code_that_the_hub_would_show_runs(hub, logged_in, model, tmp_path, write_tif, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("scene", "may", "june", "july"):
        write_tif(scene_dn(40, 44), f"{name}.tif")
    revisits = MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)).eval()
    for name, pushed in (("organisation/single", model), ("organisation/several", revisits)):
        pushed.push_to_hub(name, force=True, license="mit")
        card = ModelCard(hub.repos[name].files()["README.md"].decode())
        assert card.data.library_name == "rs_srgan" and card.data.pipeline_tag == "image-to-image"
        exec(hub_snippet(name, card.data.tags), {})
        with rasterio.open("sr.tif") as result:
            assert result.tags()["SR_MODEL"] == name and result.shape == (160, 176)
        Path("sr.tif").unlink()


def test_the_app_runs_a_public_model_by_its_id(hub, model, tmp_path, write_tif):
    model.push_to_hub(NAME, token=OWNER, force=True)
    hub.repos[NAME].private = False
    source = write_tif(scene_dn(20, 24))
    visit = f"""
from pathlib import Path
from app.jobs.models import Models
from app.jobs.request import Request
from app.jobs.worker import compute
print(Models().load("{NAME}").channels)
list(compute(Request(Path({str(source)!r}), ("{NAME}",)), Path({str(tmp_path)!r})))
"""
    (tmp_path / "visit.py").write_text(visit)
    assert run(f"python {tmp_path / 'visit.py'}").strip() == "16"
    with rasterio.open(tmp_path / "sr0.tif") as result:
        found = result.read()
    expected = model.predict(scene_dn(20, 24) / np.float32(10000))
    assert_stored(found, expected * 10000, 4, tolerance=100)  # bf16, where the processor has it
