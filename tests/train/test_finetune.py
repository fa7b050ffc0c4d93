from pathlib import Path

import pytest
import rasterio
import yaml

from rs_srgan import SISR, InputError, SISRConfig, load_model
from rs_srgan.sensors import LANDSAT_OLI
from tests.conftest import scene_dn
from tests.train.data.makers import RGB, RGBN, pair_folder, write_at
from train.__main__ import main
from train.finetune import main as finetune

QUICK = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--data.batch_size=2"]


@pytest.fixture
def chosen(model_folder):
    """Return a function that gives the options that `finetune` chooses for a folder."""

    def run(folder: Path, *options: str) -> dict[str, str]:
        requests: list[list[str]] = []
        finetune([str(folder), "-o", "run", "--model", str(model_folder), *options], requests.append)
        (request,) = requests
        return dict(zip(request[1::2], request[2::2], strict=True))

    return run


def images(folder: Path, names, side: int = 96) -> Path:
    folder.mkdir(parents=True)
    for seed, name in enumerate(names):
        write_at(folder / f"{name}.tif", scene_dn(side, side, seed=seed), RGBN, name)
    return folder


def test_a_folder_of_pairs_needs_nothing_else(tmp_path, model_folder, capsys):
    folder = pair_folder(tmp_path / "mine", count=3, side=96)
    request = ["finetune", str(folder), "-o", str(tmp_path / "run"), "--model", str(model_folder), "--steps", "2"]
    assert main([*request, *QUICK]) == 0
    assert load_model(tmp_path / "run" / "model").config.bands == RGBN
    assert (tmp_path / "run" / "model_best" / "config.json").is_file()
    assert "etter than the start" in (tmp_path / "run" / "report.md").read_text()


def test_images_alone_are_split_by_place(tmp_path, chosen):
    options = chosen(images(tmp_path / "mine", ["a_2021", "a_2022", "b", "c"]))
    assert options["--data"].endswith("SceneDataModule")
    train, held_out = (yaml.safe_load(options[f"--data.{side}"]) for side in ("train", "val"))
    assert len(train) + len(held_out) == 4
    assert len({Path(name).name.startswith("a_") for name in held_out}) == 1
    assert options["--data.crop_lr_px"] == "24"


def test_folders_decide_the_split(tmp_path, chosen):
    images(tmp_path / "mine" / "train", ["a", "b"])
    images(tmp_path / "mine" / "val", ["c"])
    options = chosen(tmp_path / "mine", "--steps", "150")
    assert [Path(name).name for name in yaml.safe_load(options["--data.val"])] == ["c.tif"]
    assert int(options["--data.steps_per_epoch"]) * int(options["--trainer.max_epochs"]) == 150


def test_images_with_other_bands_need_their_names(tmp_path, chosen):
    folder = pair_folder(tmp_path / "mine", count=2, bands=RGB, side=96)
    with pytest.raises(InputError, match="--bands"):
        chosen(folder)
    config = yaml.safe_load(chosen(folder, "--bands", ",".join(RGB))["--model.config"])
    assert config["bands"] == list(RGB) and len(config["mtf_nyquist"]) == 3
    with pytest.raises(InputError, match="violet"):
        chosen(folder, "--bands", "B04,B03,violet")


def neighbours(folder: Path) -> Path:
    """Write three pairs that are less than 2 km apart."""
    pair_folder(folder, count=3, side=96)
    for number in range(3):
        for part, gsd in (("hr", 2.5), ("lr", 10)):
            with rasterio.open(folder / part / f"place{number}.tif", "r+") as out:
                out.transform = rasterio.transform.from_origin(5e5 + 500 * number, 4e6, gsd, gsd)
    return folder


def test_a_file_of_names_splits_pairs_that_are_near(tmp_path, model_folder, chosen):
    folder, names = neighbours(tmp_path / "mine"), tmp_path / "names.txt"
    with pytest.raises(InputError, match="validate_on"):
        chosen(folder)
    names.write_text("place1\n")
    request = ["finetune", str(folder), "-o", str(tmp_path / "run"), "--model", str(model_folder), "--steps", "1"]
    assert main([*request, *QUICK, f"--data.validate_on={names}"]) == 0
    assert "| place1 " in (tmp_path / "run" / "report.md").read_text()


@pytest.mark.parametrize("option", ["--data.split_distance_m", "--data.init_args.split_distance_m"])
def test_a_smaller_distance_splits_pairs_that_are_near(tmp_path, chosen, option):
    assert chosen(neighbours(tmp_path / "mine"), option, "100")["--data.split_distance_m"] == "100.0"


def test_a_file_of_names_splits_images(tmp_path, chosen):
    folder, names = images(tmp_path / "mine", ["a_2021", "a_2022", "b"]), tmp_path / "names.txt"
    names.write_text("a_2022\n")
    held_out = yaml.safe_load(chosen(folder, "--data.validate_on", str(names))["--data.val"])
    assert [Path(name).name for name in held_out] == ["a_2022.tif"]
    names.write_text("c\n")
    with pytest.raises(InputError, match="image"):
        chosen(folder, "--data.validate_on", str(names))


def test_a_smaller_distance_splits_images(tmp_path, chosen):
    folder = images(tmp_path / "mine", ["a", "b", "c"])
    for number, path in enumerate(sorted(folder.iterdir())):
        with rasterio.open(path, "r+") as out:
            out.transform = rasterio.transform.from_origin(5e5 + 500 * number, 4e6, 2.5, 2.5)
    with pytest.raises(InputError, match="place"):
        chosen(folder)
    assert len(yaml.safe_load(chosen(folder, "--data.split_distance_m=100")["--data.val"])) == 1


@pytest.mark.parametrize(("steps", "last"), [(1000, None), (9, "9"), (199, "199"), (3, None)])
def test_a_run_has_exactly_the_steps_that_are_asked_for(tmp_path, chosen, steps, last):
    options = chosen(pair_folder(tmp_path / "mine", count=3, side=96), "--steps", str(steps))
    whole = int(options["--data.steps_per_epoch"]) * int(options["--trainer.max_epochs"])
    assert options.get("--trainer.max_steps") == last
    assert whole >= steps if last else whole == steps


@pytest.mark.parametrize(
    ("names", "side", "words"), [(["a"], 96, "one place"), (["a", "b"], 24, "smallest"), ([], 96, "files")]
)
def test_a_folder_that_cannot_train_is_refused(tmp_path, chosen, names, side, words):
    with pytest.raises(InputError, match=words):
        chosen(images(tmp_path / "mine", names, side))


@pytest.fixture
def landsat_folder(tmp_path):
    """Write a small model of scale 4 for Landsat, and return its folder."""
    config = SISRConfig(bands=LANDSAT_OLI.default_bands, sensor=LANDSAT_OLI.name, channels=16, blocks=1)
    SISR(config).save_pretrained(tmp_path / "landsat-model")
    return tmp_path / "landsat-model"


@pytest.mark.parametrize("pairs", [True, False])
def test_images_are_those_of_the_models_sensor(tmp_path, landsat_folder, pairs):
    """By the encoding of Landsat, DN of 2000 are a reflectance of -0.145; by that of Sentinel-2, one of 0.2."""
    folder = pair_folder(tmp_path / "mine", count=3, bands=LANDSAT_OLI.default_bands, side=96)
    request = ["finetune", str(folder if pairs else folder / "hr"), "-o", str(tmp_path / "run"), "--steps", "1"]
    assert main([*request, "--model", str(landsat_folder), *QUICK, "--model.reflectance_mean=fit"]) == 0
    config = load_model(tmp_path / "run" / "model").config
    assert (config.sensor, config.bands) == (LANDSAT_OLI.name, LANDSAT_OLI.default_bands)
    assert config.reflectance_mean < 0


@pytest.mark.parametrize("pairs", [True, False])
def test_a_stated_scale_counts_from_the_first_reading_on(tmp_path, chosen, pairs):
    folder = pair_folder(tmp_path / "mine", count=3, side=96)
    for path in folder.glob("*/*.tif"):
        with rasterio.open(path, "r+") as out:
            out.scales = (0,) * 4
    folder = folder if pairs else folder / "hr"
    with pytest.raises(InputError, match="scale"):
        chosen(folder)
    options = chosen(folder, "--data.reflectance.scale", "2.75e-5", "--data.init_args.reflectance.offset=-0.2")
    assert yaml.safe_load(options["--data.reflectance"]) == {"scale": 2.75e-5, "offset": -0.2}
