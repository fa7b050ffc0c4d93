from pathlib import Path

from rs_srgan.cli.main import main


def test_wrong_request_is_one_line_with_exit_code_2(model_folder, tmp_path, capsys):
    (tmp_path / "there.onnx").touch()
    for model, target, words in (
        (model_folder, "model.pt", ".onnx"),
        (model_folder, "no/model.onnx", "does not exist"),
        (model_folder, "there.onnx", "exists"),
        ("nonsense", "model.onnx", "nonsense"),
    ):
        assert main(["export", str(model), "-o", str(tmp_path / target)]) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1


def test_export_prints_the_name_of_the_file(model_folder, tmp_path, capsys):
    target = tmp_path / "model.onnx"
    assert main(["export", str(model_folder), "-o", str(target)]) == 0
    assert capsys.readouterr().out == f"{target}\n"
    before = Path(target).stat().st_ino
    assert main(["export", str(model_folder), "-o", str(target), "--overwrite"]) == 0
    assert target.stat().st_ino != before
