import pytest

from rs_srgan import InputError
from rs_srgan.batch.rows import Row, is_address, is_plain_name, read_rows
from tests.conftest import scene_dn
from tests.safe_builder import build_safe, zip_safe


@pytest.fixture
def folder(tmp_path):
    for name in ("b.tif", "a.jp2", "notes.txt", ".hidden.tif", "b.tif.partial", "S2A_X.zip"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "S2B_Y.SAFE").mkdir()
    return tmp_path


def test_a_folder_gives_its_images_and_products(folder):
    rows = read_rows(folder)
    assert [row.output for row in rows] == ["S2A_X_sr.tif", "S2B_Y_sr.tif", "a_sr.tif", "b_sr.tif"]
    assert rows[-1] == Row((str(folder / "b.tif"),), "b_sr.tif")


def test_products_are_known_by_their_content(tmp_path):
    safe = build_safe(tmp_path, {("B04", 10): scene_dn(8, 8)[0]})
    archive = zip_safe(safe)
    folder = tmp_path / "in"
    for name in ("around", "empty"):
        (folder / name).mkdir(parents=True)
    (folder / "notes.txt").write_text("none")
    products = {safe: "plain", archive: "download"}
    given = [path.replace(folder / name) for path, name in products.items()]
    inner = build_safe(folder / "around", {("B04", 10): scene_dn(8, 8)[0]})
    assert [row.sources for row in read_rows(folder)] == [
        (str(folder / "around"),),
        *[(str(each),) for each in given[::-1]],
    ]
    for path in (*given, inner, inner / "MTD_MSIL2A.xml"):
        assert [row.sources for row in read_rows(path)] == [(str(path),)]
    assert [row.sources for row in read_rows(folder / "around")] == [(str(inner),)]


@pytest.mark.parametrize("source", ["item.json", "https://x.org/S2B_X.json", "place.geojson"])
def test_items_are_given_by_their_address_in_a_catalogue(source):
    with pytest.raises(InputError, match=r"collections/\.\.\./items"):
        read_rows([source])
    assert read_rows(["https://x.org/collections/c/items/S2B_X.json"])


def test_a_pattern_and_a_text_give_the_same_rows(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "list.txt").write_text("\ufeff# two\n\n a.jp2 \nb.tif\n", encoding="utf-8")
    assert read_rows("list.txt") == read_rows(["a.jp2", folder / "b.tif"]) == read_rows("[ab].*[2f]")


def test_a_table_names_revisits_outputs_models_and_options(tmp_path):
    pytest.importorskip("pyarrow")
    import pyarrow
    from pyarrow import parquet

    (tmp_path / "list.csv").write_text(
        "sources,output,model,bbox,tile,cog,nodata,masks\n"
        '"/a.tif; /b.tif",ab.tif,misr-x4-rgbn,8;46;9;47,256,true,none,/m.tif;-\n'
        "https://x.org/c.tif,,,,,,,\n",
        encoding="utf-8",
    )
    rows = read_rows(tmp_path / "list.csv")
    options = {"bbox": [8.0, 46.0, 9.0, 47.0], "tile": 256, "cog": True, "nodata": "none", "masks": ["/m.tif", "-"]}
    assert rows[0] == Row(("/a.tif", "/b.tif"), "ab.tif", "misr-x4-rgbn", options)
    assert rows[1] == Row(("https://x.org/c.tif",), "c_sr.tif")
    cells = [
        {"sources": ["/a.tif", "/b.tif"], "output": "ab.tif", "model": "misr-x4-rgbn"} | options,
        {"sources": ["https://x.org/c.tif"]},
    ]
    parquet.write_table(pyarrow.Table.from_pylist(cells), tmp_path / "list.parquet")
    assert read_rows(tmp_path / "list.parquet") == rows


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("sources,tile\na.tif,many\n", "number"),
        ("sources,tiel\na.tif,3\n", "column"),
        ("source;output\na.tif;b.tif\n", "commas"),
        ("sources,cog\na.tif,perhaps\n", "perhaps"),
        ("sources,overwrite\na.tif,true\n", "overwrite"),
        ("sources,output\na.tif,../a.tif\n", "folder"),
        ("sources,output\na.tif,a.png\n", "tif"),
        ("output\na.tif\n", "sources"),
        ("source,output\na.tif,b.tif\n", "source,"),
        ("sources,bbox\na.tif,10 50 11 51\n", "';'"),
        ("sources,tile\na.tif\n", "cells"),
        ("sources\nx/a.tif\ny/a.tif\n", "a_sr.tif"),
        ("sources,output\na.tif,X.tif\nb.tif,x.tif\n", "x.tif"),
        ("sources,uncertainty\na.tif,a_sr.tif\n", "a_sr.tif"),
        ("sources\n", "scene"),
        (f"sources\n{'a' * 200_000}\n", "field"),  # the longest that Python's csv takes has 131,072 characters
    ],
)
def test_wrong_tables_are_refused(tmp_path, text, word):
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=word):
        read_rows(tmp_path / "list.csv")


@pytest.mark.parametrize(("name", "content"), [("l.txt", b"\xff\xfe\x00"), ("l.parquet", b"no"), ("l.csv", b"\xff")])
def test_lists_that_cannot_be_read_are_refused(tmp_path, name, content):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        read_rows(tmp_path / name)
    with pytest.raises(InputError, match="exist"):
        read_rows(tmp_path / "missing.txt")


def test_a_table_with_a_column_of_no_text_is_refused(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    table = tmp_path / "l.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"sources": ["a.tif"], "outp": ["b.tif"]}), table, compression="NONE")
    table.write_bytes(table.read_bytes().replace(b"outp", b"out\xf7"))
    with pytest.raises(InputError, match="Parquet"):
        read_rows(table)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        *[("a.tif", True), ("ü b.TIFF", True), ("a/b.tif", False), (".a.tif", False), ("x" * 210 + ".tif", False)],
        *[("a\n.tif", False), ("a", False), ("\udcff.tif", False)],
    ],
)
def test_results_have_plain_names(name, plain):
    assert is_plain_name(name) is plain


def test_addresses_are_told_from_paths():
    assert [is_address(each) for each in ("s3://b/a.tif", "/vsizip/a.zip/b.tif", "a.tif", "C:/a.tif")] == [
        *(True, True),
        *(False, False),
    ]


def test_ten_thousand_rows_are_read_as_one_list(tmp_path):
    lines = "".join(f"/data/{index}.tif,256\n" for index in range(10_000))
    (tmp_path / "list.csv").write_text(f"sources,tile\n{lines}", encoding="utf-8")
    rows = read_rows(tmp_path / "list.csv")
    assert len({row.output for row in rows}) == 10_000
