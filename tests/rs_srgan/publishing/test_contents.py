"""The files that a push takes from a model's folder, and the folders that it refuses."""

import json

import pytest

from rs_srgan import InputError, load_model
from rs_srgan.models.catalogue import catalogue
from rs_srgan.publishing.contents import contents
from tests.rs_srgan.publishing.conftest import NAME, PARTS


def put(name, content=b"x"):
    def change(folder):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    return change


def remove(name):
    return lambda folder: (folder / name).unlink()


def replace(name, old, new):
    return lambda folder: put(name, (folder / name).read_bytes().replace(old, new))(folder)


def remove_figures(folder):
    put("metrics.json", json.dumps({"fingerprint": load_model(folder).fingerprint()}).encode())(folder)


# The change of the folder, words of the error, and whether `force` permits it.
REFUSED = {
    "no card": (remove("README.md"), ["README.md", "card", "force"], True),
    "no metrics": (remove("metrics.json"), ["metrics.json", "--report", "force"], True),
    "metrics of another model": (put("metrics.json", b'{"fingerprint": "f"}'), ["metrics.json", "other weights"], True),
    "no metrics inside": (put("metrics.json", b"[]"), ["metrics.json", "object"], True),
    "metrics without figures": (remove_figures, ["metrics.json", "no figures"], True),
    "card of another model": (
        replace("metrics.json", b"31.0", b"33.0"),
        ["README.md", "differs"],
        True,
    ),
    "card of another name": (
        put("about.toml", b'name = "somebody/small-model"'),
        ["somebody/small-model", "organisation/small-model", "about.toml"],
        True,
    ),
    "older than about.toml": (replace("about.toml", b'data = ""', b'data = "x"'), ["README.md", "differs"], True),
    "misspelt key": (put("about.toml", b'limit = "x"'), ["'limit'", "'limits'"], True),
    "local base model": (replace("config.json", b'""', b'"/home/a/model"'), ["base_model", "/home/a/model"], False),
    "pickle": (put("last.ckpt"), ["last.ckpt", "pickle"], False),
    "pickle, deep": (put("pictures/a.pkl"), ["pictures/a.pkl", "pickle"], False),
    "foreign file": (put("notes.txt"), ["notes.txt", "not part of a model"], False),
    "foreign file called a picture": (put("pictures/a.png"), ["pictures/a.png", "not part of a model"], False),
    "damaged weights": (put("model.safetensors"), ["model.safetensors", "safetensors file"], False),
    "no weights": (remove("model.safetensors"), ["model.safetensors"], False),
    "other configuration": (replace("config.json", b": 16", b": 32"), ["does not fit", "SISR"], False),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_folder_is_refused_in_one_line_and_force_permits_a_wrong_card_only(described, case):
    change, words, forcible = REFUSED[case]
    change(described)
    with pytest.raises(InputError) as refused:
        contents(described, NAME)
    assert [word for word in words if word not in str(refused.value)] == []
    assert "\n" not in str(refused.value)
    if forcible:
        assert {"config.json", "model.safetensors"} <= contents(described, NAME, force=True).keys()
    else:
        with pytest.raises(InputError):
            contents(described, NAME, force=True)


def test_a_missing_folder_is_refused_by_its_name(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        contents(tmp_path / "nowhere", NAME, force=True)


def test_hidden_files_are_left_out(described):
    put(".cache/huggingface")(described)
    put(".DS_Store")(described)
    found = contents(described, NAME)
    assert set(found) == PARTS
    assert all(path == described / name for name, path in found.items())


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_file_of_a_bundled_model_belongs_to_it(name):
    folder = catalogue()[name].folder
    expected = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(contents(folder, f"organisation/{name}")) == expected
