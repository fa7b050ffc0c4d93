"""Every module has a test file at the same place in this folder, and every test file has a module."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGES = ("rs_srgan", "app", "train", "torture")
# Folders with tests of a whole way through many modules, one in each package.
WHOLE_WAYS = "end_to_end"


def place_of_tests(module: Path) -> Path:
    """Return the path of the test file of a module, both relative to their roots; `__main__.py` has `test_main.py`."""
    return module.with_name(f"test_{module.stem.strip('_')}.py")


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_and_test_files_belong_together(package):
    modules = (TESTS.parent / package).rglob("*.py")
    expected = {place_of_tests(path.relative_to(TESTS.parent)) for path in modules if path.name != "__init__.py"}
    found = {path.relative_to(TESTS) for path in (TESTS / package).rglob("test_*.py") if WHOLE_WAYS not in path.parts}
    assert sorted(map(str, expected - found)) == [], "modules without a test file"
    assert sorted(map(str, found - expected)) == [], "test files without a module"
