"""What every unit test gets: folders of its own, and property tests that repeat exactly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from rlft.core.registry import KINDS

# The same examples in every run, and no limit of time, be it for running an example (deadline) or
# for drawing it (too_slow): a busy machine must not fail a test.
settings.register_profile(
    "rlft", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("rlft")


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps datasets and results of the tests away from those of the person who runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINARI_DATASETS_PATH", str(tmp_path_factory.mktemp("datasets")))
        patch.setenv("RLFT_RESULTS", str(tmp_path_factory.mktemp("results")))
        patch.setenv("RLFT_PROGRESS", str(tmp_path_factory.mktemp("progress") / "progress.json"))
        yield


@pytest.fixture(autouse=True)
def own_names() -> Iterator[None]:
    """Forgets after each test what it registered."""
    before = [(kind, dict(kind._entries), dict(kind.outside)) for kind in KINDS]
    yield
    KINDS[:] = [kind for kind, _, _ in before]
    for kind, entries, outside in before:
        kind._entries, kind.outside = entries, outside
