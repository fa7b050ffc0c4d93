from torture.fuzz.__main__ import main


def test_one_input_is_repeated_with_its_traceback(tmp_path, capsys):
    codes = {main(["GeoJSON", str(number), "--seed", "7"]) for number in range(25)}
    assert codes == {0, 1} and "InputError" in capsys.readouterr().out
    main(["NPY", "3", "--keep", str(tmp_path / "kept")])
    assert [path.name for path in (tmp_path / "kept").iterdir()][:1] == ["image.npy"]
