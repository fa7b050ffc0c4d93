"""Loading by id: over real HTTP, with everything that can be wrong on the way."""

import hashlib
import os
import socket
import subprocess
import sys
import traceback
from collections import Counter
from contextlib import suppress

import pytest
import torch

from rs_srgan import MISR, SISR, InputError, MISRConfig, load_model
from tests.rs_srgan.hub import server
from tests.rs_srgan.hub.server import OWNER, STRANGER

NAME = "organisation/small-model"
WEIGHTS = "model.safetensors"


@pytest.fixture
def published(hub, files):
    return hub.add(NAME, files)


def downloads(hub):
    return [path for method, path, _ in hub.requests if method == "GET" and not path.startswith("/api")]


def cached(cache, name=WEIGHTS):
    (path,) = cache.glob(f"models--*/snapshots/*/{name}")
    return path


@pytest.mark.parametrize("load", [SISR.from_pretrained, load_model])
def test_a_model_on_the_hub_is_loaded_whole(published, cache, model, load):
    loaded = load(NAME, cache_dir=cache)
    assert loaded.fingerprint() == model.fingerprint()
    assert loaded.name == NAME


def test_a_model_of_several_revisits_is_loaded_as_one(hub, cache, tmp_path):
    model = MISR(MISRConfig(channels=16, blocks=1, fusion_channels=8))
    model.save_pretrained(tmp_path / "revisits")
    hub.add(NAME, {path.name: path.read_bytes() for path in (tmp_path / "revisits").iterdir()})
    loaded = load_model(NAME, cache_dir=cache)
    assert isinstance(loaded, MISR) and loaded.fingerprint() == model.fingerprint()


def test_a_second_time_nothing_is_downloaded(hub, published, cache):
    load_model(NAME, cache_dir=cache)
    hub.requests.clear()
    load_model(NAME, cache_dir=cache)
    assert downloads(hub) == []


@pytest.mark.parametrize("way", ["@", "keyword"])
def test_a_revision_is_a_branch_a_pull_request_or_a_commit(published, cache, files, model, way):
    for ref in ("experiment", "refs/pr/1"):
        with torch.no_grad():
            model.generator.head.bias.add_(1)
        model.save_pretrained(cache / "other")
        other = {path.name: path.read_bytes() for path in (cache / "other").iterdir()}
        commit = published.commit(ref, other, "other weights")
        for revision in (ref, commit):
            given = (f"{NAME}@{revision}", None) if way == "@" else (NAME, revision)
            loaded = load_model(given[0], revision=given[1], cache_dir=cache)
            assert loaded.fingerprint() == model.fingerprint()


@pytest.mark.parametrize("name", [f"{NAME}@main", "sisr-x4-rgbn", "folder"])
def test_a_revision_of_what_has_none_is_refused(hub, name, model_folder):
    with pytest.raises(InputError, match="revision"):
        load_model(model_folder if name == "folder" else name, revision="v1")
    assert hub.requests == []


def test_config_and_weights_are_of_one_commit_though_somebody_pushes_in_between(hub, published, cache, files):
    commit = published.refs["main"]

    def push(data, _):
        if published.refs["main"] == commit:
            published.commit("main", {**files, WEIGHTS: b"of another model"}, "meanwhile")
        return server.Response(data)

    hub.faults["config.json"] = push
    load_model(NAME, cache_dir=cache)
    assert [path.parent.name for path in cache.glob("*/snapshots/*/*")] == [commit, commit]


def test_no_token_is_sent_to_the_storage(hub, logged_in, files, cache):
    hub.add(NAME, files, private=True)
    load_model(NAME, cache_dir=cache)
    assert {with_token for _, path, with_token in hub.requests if path.startswith("/storage")} == {False}


@pytest.mark.parametrize("give", ["argument", "environment"])
def test_a_private_model_opens_to_its_owner_only(hub, files, cache, monkeypatch, give):
    hub.add(NAME, files, private=True)
    for token, opens in ((None, False), (STRANGER, False), (OWNER, True)):
        if give == "environment" and token:
            monkeypatch.setenv("HF_TOKEN", token)
        argument = token if give == "argument" else None
        if opens:
            load_model(NAME, token=argument, cache_dir=cache)
        else:
            with pytest.raises(InputError, match="private"):
                load_model(NAME, token=argument, cache_dir=cache)


REFUSED = {
    "repository": (lambda hub, files: None, NAME, "private"),
    "revision": (lambda hub, files: hub.add(NAME, files), f"{NAME}@v9", "newest"),
    "config": (lambda hub, files: hub.add(NAME, {WEIGHTS: files[WEIGHTS]}), NAME, r"config\.json"),
    "weights": (
        lambda hub, files: hub.add(NAME, {"config.json": files["config.json"]}),
        NAME,
        r"model\.safetensors",
    ),
    "pickle": (lambda hub, files: hub.add(NAME, {"pytorch_model.bin": b"\x80"}), NAME, "pickle"),
    "pickle and config": (
        lambda hub, files: hub.add(NAME, {"config.json": files["config.json"], "last.ckpt": b"\x80"}),
        NAME,
        "pickle",
    ),
    "gated": (lambda hub, files: hub.add(NAME, files, gated=True), NAME, "terms"),
    "class": (
        lambda hub, files: hub.add(NAME, {**files, "config.json": files["config.json"].replace(b"SISR", b"GAN")}),
        NAME,
        "GAN",
    ),
    "shapes": (
        lambda hub, files: hub.add(NAME, {**files, "config.json": files["config.json"].replace(b": 16", b": 32")}),
        NAME,
        "describes",
    ),
    "format": (
        lambda hub, files: hub.add(
            NAME, {**files, "config.json": files["config.json"].replace(b'format_version": 4', b'format_version": 9')}
        ),
        NAME,
        "Upgrade",
    ),
    "not a safetensors file": (
        lambda hub, files: hub.add(NAME, {**files, WEIGHTS: files[WEIGHTS][:-9]}),
        NAME,
        "safetensors",
    ),
    "503": (
        lambda hub, files: hub.faults.update({"resolve config.json": server.status(503)}),
        NAME,
        "503",
    ),
    "429": (lambda hub, files: hub.faults.update({"resolve config.json": server.status(429)}), NAME, "429"),
    "hotel": (lambda hub, files: hub.faults.update({"resolve config.json": server.no_hub}), NAME, "HF_ENDPOINT"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_said_in_a_line_without_retries_and_the_cache_stays_usable(hub, files, model, cache, case):
    prepare, name, words = REFUSED[case]
    prepare(hub, files)
    with pytest.raises(InputError, match=words) as caught:
        load_model(name, cache_dir=cache)
    # The configuration is asked for to find the model's class and to load it. Retries would ask up to five times.
    assert max(Counter(hub.requests).values()) <= 2
    assert "\n" not in str(caught.value)
    hub.faults.clear()
    hub.add(NAME, files).commit("v9", files, "a revision")
    assert load_model(name, cache_dir=cache).fingerprint() == model.fingerprint()


@pytest.mark.parametrize("token", ["hf_unknown", "hf_with space", "hf_line\nbreak", "hf_é"])
def test_a_bad_token_is_said_and_never_quoted(published, cache, token, monkeypatch):
    with pytest.raises(InputError, match="HF_TOKEN") as caught:
        load_model(NAME, token=token, cache_dir=cache)
    assert token not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None  # which a traceback would show, too


@pytest.mark.parametrize("fault", [server.shortened, server.cut_off, server.changed])
@pytest.mark.parametrize("name", ["config.json", WEIGHTS])
def test_a_download_that_fails_once_succeeds_the_next_time(hub, published, cache, model, fault, name):
    hub.faults[name] = server.once(fault)
    said = "connection"
    try:
        load_model(NAME, cache_dir=cache)
    except InputError as error:
        said = str(error)
    assert "arrive whole" in said or "connection" in said
    assert load_model(NAME, cache_dir=cache).fingerprint() == model.fingerprint()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (server.shortened, "whole"),
        (server.changed, "twice"),
        (server.status(500), "500"),
    ],
)
@pytest.mark.parametrize("name", ["config.json", WEIGHTS])
def test_a_download_that_always_goes_wrong_leaves_nothing_behind(hub, published, cache, model, name, fault, words):
    hub.faults[name] = fault
    with pytest.raises(InputError, match=words):
        load_model(NAME, cache_dir=cache)
    assert name not in [file for _, _, files in os.walk(cache) for file in files]  # also as a link to nothing
    hub.faults.clear()
    assert load_model(NAME, cache_dir=cache).fingerprint() == model.fingerprint()


def test_a_storage_that_refuses_is_not_called_the_hub_or_a_token(hub, published, cache):
    hub.faults[WEIGHTS] = server.status(403)
    with pytest.raises(InputError, match="storage"):
        load_model(NAME, cache_dir=cache)


@pytest.mark.parametrize("damage", [lambda data: data[:-100], lambda data: bytes(100) + data[100:], lambda data: b""])
def test_a_damaged_file_in_the_cache_is_downloaded_again(hub, published, cache, model, damage, caplog):
    load_model(NAME, cache_dir=cache)
    path = cached(cache)
    path.resolve().write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match="damaged"):
        load_model(NAME, cache_dir=cache, local_files_only=True)
    assert load_model(NAME, cache_dir=cache).fingerprint() == model.fingerprint()
    assert "is damaged; downloading it once again" in caplog.text
    hub.requests.clear()
    load_model(NAME, cache_dir=cache)
    assert downloads(hub) == []


@pytest.mark.parametrize("name", ["config.json", WEIGHTS])
def test_what_is_damaged_while_the_hub_is_away_is_said_and_made_good_later(hub, published, cache, model, name):
    load_model(NAME, cache_dir=cache)
    cached(cache, name).resolve().write_bytes(b"{}")
    hub.faults[f"resolve {name}"] = server.status(503)
    with pytest.raises(InputError, match="damaged"):
        load_model(NAME, cache_dir=cache)
    hub.faults.clear()
    assert load_model(NAME, cache_dir=cache).fingerprint() == model.fingerprint()


def test_a_mirror_with_names_of_its_own_for_contents_is_believed(hub, published, cache, model):
    hub.mirror = "mirror"
    assert load_model(NAME, cache_dir=cache).fingerprint() == model.fingerprint()


def test_a_cache_whose_files_are_links_into_a_store_with_other_names_is_whole(hub, published, cache):
    load_model(NAME, cache_dir=cache)
    blob = cached(cache).resolve()
    store = cache / hashlib.sha256(b"a hash of another kind").hexdigest()
    blob.rename(store)
    blob.symlink_to(store)
    hub.requests.clear()
    load_model(NAME, cache_dir=cache)
    assert downloads(hub) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (server.status(503), "(503)"),
        (server.status(401), "(401)"),
        (server.no_hub, "is not the Hub"),
    ],
)
def test_what_the_cache_holds_is_enough_while_the_hub_is_away(hub, published, cache, model, fault, words, caplog):
    load_model(NAME, cache_dir=cache)
    hub.faults["resolve config.json"] = fault
    assert load_model(NAME, cache_dir=cache).fingerprint() == model.fingerprint()
    assert "config.json of organisation/small-model is the cached one and may be old. " in caplog.text
    assert words in caplog.text


def test_a_hub_that_does_not_answer_is_asked_once(hub, published, cache, model):
    load_model(NAME, cache_dir=cache)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are made, and nothing follows
        said = load_elsewhere(cache, HF_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}")
        silent.setblocking(False)
        asked = []
        with suppress(BlockingIOError):
            while True:
                asked.append(silent.accept()[0].recv(1000).split(b"\r\n")[0])
    assert said == ""
    # huggingface_hub asks for its list of agents as well, if its copy on the disk is old
    assert [line for line in asked if b"agent" not in line] == [
        f"HEAD /{NAME}/resolve/main/config.json HTTP/1.1".encode()
    ]


def test_without_network_what_was_loaded_before_needs_none(hub, published, cache, model):
    load_model(NAME, cache_dir=cache)
    hub.requests.clear()
    assert load_model(NAME, cache_dir=cache, local_files_only=True).fingerprint() == model.fingerprint()
    assert hub.requests == []


def test_offline_mode_that_was_chosen_warns_of_nothing(hub, published, cache, model):
    load_model(NAME, cache_dir=cache)
    loud = "import logging; logging.basicConfig(stream=sys.stdout)"
    assert load_elsewhere(cache, loud, HF_HUB_OFFLINE="1") == ""


def load_elsewhere(cache, before="", **environment):
    """Load in a process of its own and return what it printed."""
    code = (
        f"import sys, rs_srgan.models; from rs_srgan import load_model; {before}\n"
        "try:\n    load_model(sys.argv[1], cache_dir=sys.argv[2])\n"
        "except rs_srgan.InputError as error:\n    print(error)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, NAME, str(cache)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"HF_ENDPOINT": "http://127.0.0.1:1"},
            "the Hub at http://127.0.0.1:1 failed (ConnectError)",
        ),
        ({"HF_ENDPOINT": "http://nowhere.invalid"}, "the connection to the Hub at http://nowhere.invalid"),
        ({"HTTP_PROXY": "http://127.0.0.1:1"}, "failed (ConnectError)"),
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
    ],
)
def test_offline_and_without_a_cached_file_the_error_names_the_cause(hub, cache, environment, words):
    said = load_elsewhere(cache, **environment)
    assert said.startswith(f"{NAME}: ")
    assert words in said
    assert "not in the local cache" in said


def test_after_a_full_disk_the_model_loads(hub, published, cache, model):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    said = load_elsewhere(cache, before=limit)
    assert "HF_HOME" in said
    assert load_model(NAME, cache_dir=cache).fingerprint() == model.fingerprint()
