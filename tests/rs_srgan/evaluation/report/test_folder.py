import errno
import json
import sys

import pytest

pytest.importorskip("torchmetrics")
pytest.importorskip("matplotlib")

from rs_srgan import InputError
from rs_srgan.evaluation import evaluate, save_report
from rs_srgan.evaluation.report.folder import check_folder


@pytest.mark.parametrize("reference", [True, False])
def test_a_report_is_written_whole(model, images, tmp_path, reference):
    report = evaluate(images, model, reference=reference, pictures=2)
    page = save_report(report, tmp_path / "report")
    assert page == tmp_path / "report" / "report.md"
    text = page.read_text()
    for word in ("## Mean over sites", "## By site", "## By image", "a (2 images)", "small.tif: ", "b\\|c"):
        assert word in text
    assert ("PSNR, dB" in text) == reference
    linked = {part.split(")")[0] for part in text.split("](")[1:]}
    written = {path.relative_to(page.parent).as_posix() for path in page.parent.rglob("*.png")}
    assert linked == written
    assert {name.split("_")[1] for name in written if "_" in name} <= {"random", "best", "worst"}
    assert sum("_random_" in name for name in written) == 2
    content = json.loads((page.parent / "report.json").read_text())
    assert content == json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert content["mean"]["model"]["sensor"] == pytest.approx(report.mean["model"].sensor, rel=1e-5)
    assert len(content["images"]) == 4
    assert content["skipped"][0]["name"] == "small.tif"


def test_a_report_without_pictures_needs_no_matplotlib(model, images, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = save_report(evaluate(images, model, pictures=0), tmp_path / "report")
    assert sorted(path.name for path in page.parent.iterdir()) == ["report.json", "report.md"]
    assert "![" not in page.read_text()


def test_an_earlier_report_is_replaced_only_with_overwrite(model, images, tmp_path):
    target = tmp_path / "report"
    save_report(evaluate(images, model, pictures=3), target)
    later = evaluate(images, model, limit=1, pictures=1)
    before = {path: path.stat().st_mtime_ns for path in target.rglob("*")}
    with pytest.raises(InputError, match="--overwrite"):
        save_report(later, target)
    assert {path: path.stat().st_mtime_ns for path in target.rglob("*")} == before
    save_report(later, target, overwrite=True)
    assert len(list((target / "pictures").iterdir())) == 1


def test_a_folder_with_other_files_is_never_written_to(tmp_path):
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(InputError, match="thesis"):
        check_folder(tmp_path, overwrite=True)
    with pytest.raises(InputError, match=r"thesis\.docx"):
        check_folder(tmp_path / "thesis.docx", overwrite=True)
    with pytest.raises(InputError, match="exist"):
        check_folder(tmp_path / "no" / "report", overwrite=False)
    (tmp_path / "empty").mkdir()
    assert check_folder(tmp_path / "empty", overwrite=False) == tmp_path / "empty"


def test_a_folder_that_cannot_be_written_to_is_refused_before_the_work(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.mkdir", refuse)  # root may write anywhere
    with pytest.raises(InputError, match="Permission"):
        check_folder(tmp_path / "report", overwrite=False)


def test_images_in_the_folder_of_a_report_are_never_removed(model, images, tmp_path):
    """Pictures of a report have names and places that images may have, too."""
    target = tmp_path / "report"
    report = evaluate(images, model, limit=1, pictures=0)
    (target / "pictures").mkdir(parents=True)
    image = target / "pictures" / "01_random_a.png"
    image.write_text("precious")
    with pytest.raises(InputError, match="01_random_a"):
        save_report(report, target, overwrite=True)
    assert image.read_text() == "precious"


def test_a_report_does_not_replace_what_the_evaluation_reads(model, images, tmp_path):
    page = save_report(evaluate(images, model, limit=1, pictures=1), tmp_path / "report")
    (tmp_path / "linked.png").symlink_to(next(page.parent.glob("pictures/*.png")))
    for read in (page.parent / "pictures", tmp_path, tmp_path / "linked.png"):
        with pytest.raises(InputError, match="input"):
            check_folder(page.parent, overwrite=True, read=[read])
    check_folder(page.parent, overwrite=True, read=[tmp_path / "other.tif"])


def test_a_report_that_cannot_be_written_leaves_the_earlier_one(model, images, tmp_path, monkeypatch):
    report = evaluate(images, model, limit=1, pictures=1)
    page = save_report(report, tmp_path / "report")
    before = {path: path.read_bytes() for path in page.parent.rglob("*") if path.is_file()}

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("rs_srgan.evaluation.report.folder.page", fail)
    with pytest.raises(OSError, match="space"):
        save_report(report, page.parent, overwrite=True)
    assert {path: path.read_bytes() for path in page.parent.rglob("*") if path.is_file()} == before
