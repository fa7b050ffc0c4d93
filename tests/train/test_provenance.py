from train.provenance import manifest_hash


def test_the_manifest_depends_on_names_and_contents_only(tmp_path):
    folders = [tmp_path / name / "sentinel2" for name in ("a", "b")]
    for folder in folders:
        folder.mkdir(parents=True)
        for number in (1, 2):
            (folder / f"{number}.tif").write_bytes(bytes(number))
    first, second = (manifest_hash(folder.glob("*")) for folder in folders)
    assert first == second
    (folders[1] / "2.tif").write_bytes(b"other")
    assert manifest_hash(folders[1].glob("*")) != first
