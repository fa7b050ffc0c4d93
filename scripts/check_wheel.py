"""Check the wheel before a release: python -m scripts.check_wheel DIST.

The wheel must be below 30 MB, hold every bundled model and the programs, and no file of tests or of this machine.
"""

import sys
import zipfile
from pathlib import Path

MOST_BYTES = 30_000_000
ROOT = Path(__file__).parents[1]


def faults(wheel: Path) -> list[str]:
    """Return what is wrong with a wheel, in words; empty if nothing is."""
    found = []
    size = wheel.stat().st_size
    if size > MOST_BYTES:
        found.append(f"it has {size / 1e6:.1f} MB; expected at most {MOST_BYTES / 1e6:.0f}")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    models = {path.parent.name for path in ROOT.glob("hub_cards/*/config.json")}
    needed = {f"rs_srgan/hub_cards/{model}/config.json" for model in models}
    needed |= {f"rs_srgan/programs/{program}/__main__.py" for program in ("app", "train")} | {"rs_srgan/py.typed"}
    found += [f"{name} is missing" for name in sorted(needed - names)]
    strange = [name for name in names if not name.startswith("rs_srgan") or "__pycache__" in name or "/tests/" in name]
    return found + [f"{name} does not belong to it" for name in sorted(strange)]


def main() -> None:
    """Check the wheel in a folder, and print its size."""
    (wheel,) = Path(sys.argv[1]).glob("*.whl")
    found = faults(wheel)
    sys.stdout.write("".join(f"{wheel.name}: {fault}.\n" for fault in found))
    sys.stdout.write(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB\n")
    if found:
        sys.exit(1)


if __name__ == "__main__":
    main()
