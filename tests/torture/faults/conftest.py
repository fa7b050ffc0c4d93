"""The requests that all attacks share, on small images."""

from collections.abc import Iterator

import pytest

from torture.faults.cases import Cases, make_cases


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cases]:
    with make_cases(tmp_path_factory.mktemp("faults"), quick=True) as made:
        yield made
