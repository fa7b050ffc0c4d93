"""Every import runs downwards; imports inside functions and imports for type checkers count."""

from pathlib import Path

import pytest

from scripts.measure_house import PACKAGES, find_circles, find_imports, find_modules, room_of

# Rooms from the ground up: each may import those before it. Files at the root of a package are rooms, too.
FLOORS = {
    "rs_srgan": (
        *(
            "version",
            "addresses",
            "errors",
            "control_groups",
            "cores",
            "durable",
            "season",
            "locks",
            "whole_files",
            "progress",
            "figures",
            "pixels",
            "sensors",
            "registration",
            "reading",
        ),
        *("catalogues", "writing", "hub", "arrays", "maps"),
        *("models", "inference", "batch", "evaluation", "publishing", "__init__", "cli", "__main__"),
    ),
    "app": (
        *(
            "__init__",
            "degrees",
            "errors",
            "guard",
            "leftovers",
            "protocol",
            "root_path",
            "sandbox",
            "settings",
            "jobs",
            "viewer",
            "products",
            "places",
            "pages",
        ),
        *("server", "app", "__main__"),
    ),
}
ALLOWED = {"rs_srgan": {"rs_srgan"}, "train": {"rs_srgan", "train"}, "app": {"rs_srgan", "app"}}
ABOVE = ("torture",)  # it may import all packages; none of them may import it

IMPORTS = find_imports(find_modules(Path(__file__).parents[1], (*PACKAGES, *ABOVE)))
ARROWS = [(module, other) for module, others in IMPORTS.items() for other in others]


def package_of(module: str) -> str:
    return module.split(".")[0]


def test_no_files_import_each_other():
    assert find_circles(IMPORTS) == []


@pytest.mark.parametrize("package", FLOORS)
def test_the_list_of_rooms_is_complete(package):
    assert {room_of(module) for module in IMPORTS if package_of(module) == package} == set(FLOORS[package])


@pytest.mark.parametrize("package", FLOORS)
def test_no_import_runs_upwards(package):
    floor = FLOORS[package].index
    upwards = [
        f"{module} imports {other}"
        for module, other in ARROWS
        if package_of(module) == package_of(other) == package
        and floor(room_of(other)) > floor(room_of(module))
        and other != package  # `__init__` looks its names up when they are asked for
    ]
    assert upwards == []


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_import_only_those_below_them(package):
    crossing = [
        f"{module} imports {other}"
        for module, other in ARROWS
        if package_of(module) == package and package_of(other) not in ALLOWED[package]
    ]
    assert crossing == []


def test_the_library_imports_names_from_the_rooms_that_define_them():
    """`from rs_srgan import InputError` inside the library would connect every room with all others."""
    assert [module for module, other in ARROWS if other == "rs_srgan" and package_of(module) == "rs_srgan"] == []
