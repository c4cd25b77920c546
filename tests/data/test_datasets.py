"""Datasets: what the own ones contain, that they are the same each time, and what can go wrong.

Own datasets are made small here, in a folder of each test's own; nothing asks for a network.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import minari
import numpy as np
import pytest
from gymnasium import spaces
from minari.data_collector import EpisodeBuffer

from rlft.core.errors import InputError
from rlft.data import DATASETS, DatasetSpec, Transitions, datasets, folder, minari_io, specs
from rlft.data.datasets import list_datasets, load_dataset, make_datasets
from rlft.envs import LAYOUTS, Behaviour

TINY = "rlft/maze/tiny-v0"
OTHER = "course/pendulum-v0"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty datasets folder, no network, and one small own dataset in the table."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    spec = DatasetSpec("rlft/Maze-UMaze-v0", Behaviour(action_noise=0.3), "small", transitions=60)
    monkeypatch.setitem(DATASETS._entries, TINY, spec)
    return tmp_path / "datasets"


@pytest.fixture
def pendulum() -> Callable[..., None]:
    """Writes a foreign dataset with Minari: actions in [-2, 2], episodes of 4, 3 and 2 steps."""

    def write(name: str = OTHER, scale: float = 2.0, nan: bool = False, **options: object) -> None:
        buffers = []
        for steps in (4, 3, 2):
            truncations = np.zeros(steps, bool)
            truncations[-1] = steps > 2  # the last episode was cut by the end of the recording
            observations = np.full((steps + 1, 3), np.nan if nan else 0.5, np.float32)
            observations[:, 0] = np.arange(steps + 1)
            buffers.append(
                EpisodeBuffer(
                    observations=observations,  # type: ignore[arg-type]
                    actions=np.linspace(-scale, scale, steps)[:, None].astype(np.float32),  # type: ignore[arg-type]
                    rewards=-np.ones(steps),  # type: ignore[arg-type]
                    terminations=np.zeros(steps, bool),  # type: ignore[arg-type]
                    truncations=truncations,  # type: ignore[arg-type]
                    infos={},
                )
            )
        arguments = {"env": "Pendulum-v1", **options}
        minari.create_dataset_from_buffers(name, buffers, data_format="hdf5", **arguments)  # type: ignore[arg-type]

    return write


pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:minari")


def files_under(path: Path) -> list[str]:
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())


# --- own datasets -------------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """All own datasets at a tenth of their length."""
    for name, spec in DATASETS.items():
        if name != TINY:
            monkeypatch.setitem(DATASETS._entries, name, replace(spec, transitions=1000))


@pytest.mark.usefixtures("short")
def test_every_dataset_of_a_maze_loads_and_fits_its_environment() -> None:
    mazes = [name for name in DATASETS if name.startswith("rlft/maze/")]
    for name, data in make_datasets(mazes, progress=False).items():
        assert data.name == name
        assert data.env_id == DATASETS[name].env_id
        assert data.env_kwargs == ()
        assert 1000 <= len(data) < 1100 or name == TINY
        assert data.terminations.any(), name
        assert np.abs(data.observations).max() <= 1.0


def cells(data: Transitions, layout: str = "detour") -> np.ndarray:
    return np.rint(LAYOUTS[layout].to_cells(data.next_observations)).astype(int)


@pytest.mark.usefixtures("short")
def test_the_detour_datasets_differ_as_their_names_say() -> None:
    medium, near, narrow, wide = (
        load_dataset(f"rlft/maze/detour-{kind}-v0")
        for kind in ("medium", "near-optimal", "narrow", "wide")
    )
    returns = {data.name: data.episode_returns().mean() for data in (medium, near, narrow)}
    # A perfect walk of the long way takes 27 steps, of the short way 15.
    assert -42 < returns[medium.name] < -32 < -30 < returns[near.name] < -26
    covered = [len(np.unique(cells(data), axis=0)) for data in (narrow, near, medium, wide)]
    assert covered == sorted(covered)
    assert covered[0] < 0.6 * covered[3]
    starts = wide.observations[wide.episode_starts]
    assert starts.std(axis=0).min() > 0.2
    assert medium.observations[medium.episode_starts].std(axis=0).max() < 0.1


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("kind", ["medium", "near-optimal", "narrow", "wide"])
def test_no_detour_dataset_knows_the_short_way(kind: str) -> None:
    seen = {tuple(cell) for cell in cells(load_dataset(f"rlft/maze/detour-{kind}-v0")).tolist()}
    assert not seen & set(LAYOUTS["detour"].avoided)
    assert LAYOUTS["detour"].goal in seen


@pytest.mark.usefixtures("short")
def test_the_sparse_dataset_is_the_medium_one_with_another_reward() -> None:
    medium, sparse = (
        load_dataset("rlft/maze/detour-medium-v0"),
        load_dataset("rlft/maze/sparse-medium-v0"),
    )
    np.testing.assert_array_equal(medium.observations, sparse.observations)
    assert medium.reward_range == (-1.0, 0.0)
    assert sparse.reward_range == (0.0, 1.0)
    np.testing.assert_array_equal(sparse.rewards == 1.0, sparse.terminations)


@pytest.mark.usefixtures("short")
def test_the_slow_walk_takes_twice_the_steps_and_earns_on_the_way() -> None:
    slow, near = (
        load_dataset("rlft/maze/dense-slow-v0"),
        load_dataset("rlft/maze/detour-near-optimal-v0"),
    )
    steps = [len(data) / len(data.episode_starts) for data in (slow, near)]
    assert 1.7 < steps[0] / steps[1] < 2.2
    assert -30 < slow.episode_returns().mean() < -25
    assert -1 < slow.reward_range[0] < slow.reward_range[1] == 0


def test_the_speed_is_part_of_what_data_is_known_by_unless_it_is_full() -> None:
    recipes = {name: DATASETS[name].recipe for name in DATASETS}
    assert [name for name, text in recipes.items() if "speed=" in text] == [
        "rlft/maze/dense-slow-v0"
    ]


def test_two_creations_in_two_folders_are_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_dataset(TINY)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "elsewhere"))
    second = load_dataset(TINY)
    assert (tmp_path / "elsewhere" / TINY).is_dir()
    assert first.digest == second.digest
    assert first.observations.tobytes() == second.observations.tobytes()


def test_another_seed_is_another_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_dataset(TINY)
    monkeypatch.setitem(DATASETS._entries, TINY, replace(DATASETS[TINY], seed=1))
    assert load_dataset(TINY).digest != first.digest  # the old one on disk was made anew


def test_what_was_written_is_what_minari_reads(root: Path) -> None:
    data = load_dataset(TINY)
    dataset = minari.load_dataset(TINY)
    assert dataset.total_steps == len(data)
    assert dataset.storage.metadata["rlft_digest"] == data.digest
    assert dataset.env_spec is not None and dataset.env_spec.id == data.env_id
    episode = dataset[1]
    rows = slice(data.episode_starts[1], data.episode_starts[2])
    np.testing.assert_array_equal(episode.observations[:-1], data.observations[rows])
    np.testing.assert_array_equal(episode.observations[1:], data.next_observations[rows])
    assert "rlft/maze/namespace_metadata.json" in files_under(root)


def test_the_second_load_reads_the_flat_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_dataset(TINY)

    def fail(*_: object) -> None:
        raise AssertionError("the episodes were read again")

    monkeypatch.setattr(minari_io, "flatten", fail)
    assert load_dataset(TINY).digest == first.digest


def test_damaged_flat_arrays_are_read_again(root: Path) -> None:
    first = load_dataset(TINY)
    (cache,) = (root / TINY).glob("flat-*.npz")
    cache.write_bytes(cache.read_bytes()[:300])
    assert load_dataset(TINY).digest == first.digest
    assert cache.stat().st_size > 300  # and written again


def test_flat_arrays_of_another_content_are_not_used(root: Path) -> None:
    load_dataset(TINY)
    make_datasets([TINY], remake=True, progress=False)
    assert len(list((root / TINY).glob("flat-*.npz"))) == 1


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    load_dataset(TINY)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    monkeypatch.setattr(minari_io, "CACHE_FORMAT", -1)  # so that there is none to read
    assert len(load_dataset(TINY)) >= 60


def test_what_takes_long_is_made_when_somebody_asks_for_it() -> None:
    waiting = {name for name, spec in DATASETS.items() if not spec.ahead}
    kinds = {name.split("/")[1] for name in waiting}
    assert kinds == {"hopper", "half-cheetah"} and len(waiting) == 3 * len(kinds)


def test_make_datasets_names_what_it_cannot_make() -> None:
    with pytest.raises(InputError, match=r"own dataset 'rlft/maze/tini.*tiny-v0.*this machine"):
        make_datasets(["rlft/maze/tini-v0"])


def test_listing_shows_what_is_there(pendulum: Callable[..., None], root: Path) -> None:
    assert {entry.name for entry in list_datasets()} == set(DATASETS)
    assert not any(entry.is_local for entry in list_datasets())
    load_dataset(TINY)
    pendulum()
    hidden = root / ".rlft-left-over" / "rlft" / "broken-v0" / "data"
    hidden.mkdir(parents=True)
    (hidden / "metadata.json").touch()
    entries = {entry.name: entry for entry in list_datasets()}
    assert set(entries) == {*DATASETS, OTHER}
    assert (entries[TINY].is_own, entries[TINY].is_local) == (True, True)
    assert (entries[OTHER].is_own, entries[OTHER].is_local) == (False, True)
    assert set(minari.list_local_datasets()) == {TINY, OTHER}


# --- interruptions and damage -------------------------------------------------------------------


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_creation_leaves_nothing_behind(
    interruption: type[BaseException], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = minari_io.write_dataset

    def interrupted(*args: object, **options: object) -> None:
        written(*args, **options)  # type: ignore[arg-type]
        raise interruption

    with monkeypatch.context() as patch:
        patch.setattr(datasets, "write_dataset", interrupted)
        with pytest.raises(interruption):
            load_dataset(TINY)
    assert list(root.iterdir()) == []
    assert os.environ["MINARI_DATASETS_PATH"] == str(root)
    assert len(load_dataset(TINY)) >= 60


def test_a_folder_that_somebody_left_empty_is_filled(root: Path) -> None:
    (root / TINY).mkdir(parents=True)
    assert len(load_dataset(TINY)) >= 60


def test_a_dataset_that_another_process_made_meanwhile_stays(root: Path) -> None:
    load_dataset(TINY)
    marker = root / TINY / "marker"
    marker.touch()
    datasets._make(TINY, replace=False)
    assert marker.exists()
    datasets._make(TINY, replace=True)
    assert not marker.exists()


def test_data_of_a_maze_with_other_rules_is_made_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_dataset(TINY)
    marker = root / TINY / "marker"
    marker.touch()
    load_dataset(TINY)
    assert marker.exists()
    monkeypatch.setattr(specs, "STEP_SIZE", 0.25)
    load_dataset(TINY)
    assert not marker.exists()


@pytest.mark.parametrize("damage", ["truncated", "garbled", "emptied", "missing"])
def test_damaged_files_are_named_with_the_way_to_make_them_again(damage: str, root: Path) -> None:
    first = load_dataset(TINY)
    file = root / TINY / "data" / "main_data.hdf5"
    content = file.read_bytes()
    if damage == "truncated":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "garbled":
        file.write_bytes(os.urandom(len(content)))
    elif damage == "emptied":
        file.write_bytes(b"")
    else:
        file.unlink()
    with pytest.raises(InputError) as error:
        load_dataset(TINY)
    message = str(error.value)
    assert f"Dataset '{TINY}' is damaged: {file if damage != 'missing' else file.parent}" in message
    assert f"python -m rlft data --remake {TINY}" in message
    assert make_datasets([TINY], remake=True, progress=False)[TINY].digest == first.digest


def test_damaged_metadata_is_named(root: Path) -> None:
    load_dataset(TINY)
    (root / TINY / "data" / "metadata.json").write_text('{"total_epi')
    with pytest.raises(InputError, match=f"'{TINY}' is damaged.*--remake"):
        load_dataset(TINY)


def test_content_that_was_changed_is_found_by_its_digest(root: Path) -> None:
    import h5py

    load_dataset(TINY)
    with h5py.File(root / TINY / "data" / "main_data.hdf5", "a") as file:
        file["episode_0"]["actions"][0] = 0.125  # pyright: ignore
    with pytest.raises(InputError, match=f"'{TINY}' is damaged.*not what was written.*--remake"):
        load_dataset(TINY)


def test_a_damaged_foreign_file_is_named_with_the_folder_to_delete(
    pendulum: Callable[..., None], root: Path
) -> None:
    pendulum()
    file = root / OTHER / "data" / "main_data.hdf5"
    file.write_bytes(b"not hdf5")
    with pytest.raises(InputError, match=r"is damaged.*Delete .*course/pendulum-v0 and load it"):
        load_dataset(OTHER)


# --- folders that cannot be written -------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "file" / "sub"))
    with pytest.raises(InputError, match=r"Cannot write .*file/sub .*set MINARI_DATASETS_PATH"):
        load_dataset(TINY)


def test_a_folder_that_is_read_only_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(InputError) as error:
        load_dataset(TINY)
    assert f"Cannot write to the datasets folder {root} (Permission denied)" in str(error.value)
    assert "MINARI_DATASETS_PATH" in str(error.value)


@pytest.mark.parametrize("module", [minari, folder.os])
def test_a_full_disk_is_named_and_leaves_nothing(
    module: object, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    name = "create_dataset_from_buffers" if module is minari else "replace"
    monkeypatch.setattr(module, name, full)
    with pytest.raises(InputError, match=r"Cannot write .* \(No space left on device\)"):
        load_dataset(TINY)
    assert files_under(root) == []


# --- datasets of others -------------------------------------------------------------------------


def test_a_foreign_dataset_is_normalised(pendulum: Callable[..., None]) -> None:
    pendulum()
    data = load_dataset(OTHER)
    assert (data.env_id, len(data), data.observation_size) == ("Pendulum-v1", 9, 3)
    np.testing.assert_allclose(data.actions[:4, 0], [-1, -1 / 3, 1 / 3, 1], atol=1e-6)
    np.testing.assert_array_equal(data.episode_starts, [0, 4, 7])
    np.testing.assert_array_equal(data.observations[:4, 0], [0, 1, 2, 3])
    np.testing.assert_array_equal(data.next_observations[:4, 0], [1, 2, 3, 4])
    # Also the episode that the recording cut short ends in a truncation.
    np.testing.assert_array_equal(np.flatnonzero(data.truncations), [3, 6, 8])
    assert not data.terminations.any()


def recorded(observations: int, terminations: list[bool]) -> minari.EpisodeData:
    steps = len(terminations)
    return minari.EpisodeData(
        id=0,
        observations=np.zeros((observations, 1)),
        actions=np.zeros((steps, 1)),
        rewards=np.zeros(steps),
        terminations=np.array(terminations),
        truncations=np.zeros(steps, bool),
        infos={},
    )


def test_a_termination_within_an_episode_starts_a_new_one() -> None:
    data = Transitions(**minari_io.flatten([recorded(5, [False, True, False, True])]))
    np.testing.assert_array_equal(data.timesteps, [0, 1, 0, 1])
    assert not data.truncations.any()


def test_actions_beyond_the_box_are_an_error_or_clipped(pendulum: Callable[..., None]) -> None:
    pendulum(scale=3.0)
    with pytest.raises(InputError, match=r"reaches 1\.5, .*clip_actions=True"):
        load_dataset(OTHER)
    assert np.abs(load_dataset(OTHER, clip_actions=True).actions).max() == 1.0


def test_values_that_are_not_finite_are_named(pendulum: Callable[..., None]) -> None:
    pendulum(nan=True)
    with pytest.raises(InputError, match=rf"observations at .*nan.*finite.*{OTHER}"):
        load_dataset(OTHER)


def test_options_of_the_environment_come_along(pendulum: Callable[..., None]) -> None:
    pendulum(env=gym.make("Pendulum-v1", g=5.0))
    assert load_dataset(OTHER).env_kwargs == (("g", 5.0),)


def test_an_environment_of_another_size_is_an_error(pendulum: Callable[..., None]) -> None:
    pendulum()
    with pytest.raises(InputError, match=r"\(3, 1\).*Maze-UMaze-v0.*\(2, 2\).*env_id"):
        load_dataset(OTHER, env_id="rlft/Maze-UMaze-v0")


def test_an_environment_that_does_not_exist_is_an_error(pendulum: Callable[..., None]) -> None:
    pendulum()
    with pytest.raises(InputError, match=r"'Pendulun-v1'.*cannot be made.*'Pendulum-v1'"):
        load_dataset(OTHER, env_id="Pendulun-v1")


def test_a_dataset_without_an_environment_asks_for_one(pendulum: Callable[..., None]) -> None:
    box = spaces.Box(-2.0, 2.0, (1,))
    top = np.array([1.0, 1.0, 8.0], np.float32)
    pendulum(env=None, observation_space=spaces.Box(-top, top), action_space=box)
    with pytest.raises(InputError, match=r"does not say.*environment.*env_id="):
        load_dataset(OTHER)
    assert load_dataset(OTHER, env_id="Pendulum-v1").env_id == "Pendulum-v1"


def make_spaces(observation: spaces.Space, action: spaces.Space) -> None:
    buffer = EpisodeBuffer(
        observations=np.zeros((2, 3)) if isinstance(observation, spaces.Box) else {"x": [0.0] * 2},  # type: ignore[arg-type]
        actions=np.zeros((1, 1)) if isinstance(action, spaces.Box) else [0],  # type: ignore[arg-type]
        rewards=[0.0],
        terminations=[True],
        truncations=[False],
        infos={},
    )
    minari.create_dataset_from_buffers(
        OTHER, [buffer], observation_space=observation, action_space=action, data_format="hdf5"
    )


BOX = spaces.Box(-1.0, 1.0, (3,))


@pytest.mark.parametrize(
    ("observation", "action", "message"),
    [
        (spaces.Dict(x=spaces.Box(-1, 1, ())), BOX, r"observations.*Dict.*\['x'\].*Flatten"),
        (BOX, spaces.Discrete(2), "actions.*Discrete.*Box.*Flatten"),
        (BOX, spaces.Box(-np.inf, np.inf, (1,)), "actions.*no finite bounds.*Record"),
    ],
)
def test_spaces_that_no_learner_can_use_are_named(
    observation: spaces.Space, action: spaces.Space, message: str
) -> None:
    make_spaces(observation, action)
    with pytest.raises(InputError, match=message):
        load_dataset(OTHER, env_id="Pendulum-v1")


def test_no_episodes_and_no_last_observation_are_errors() -> None:
    with pytest.raises(InputError, match="holds no transition"):
        minari_io.flatten([])
    with pytest.raises(InputError, match=r"Episode 0.*2 observations.*expected 3.*again"):
        minari_io.flatten([recorded(2, [False, False])])


# --- names and downloads ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["detour-medium", "rlft/maze/detour-medum-v0", "../detour-medium-v0", "a b-v0"]
)
def test_an_unknown_name_shows_near_ones_and_touches_nothing(name: str, root: Path) -> None:
    with pytest.raises(InputError, match=r"Unknown dataset .*rlft/maze/detour-medium-v0") as error:
        load_dataset(name)
    assert repr(name) in str(error.value)
    assert list(root.iterdir()) == []


def no_network(*_: object) -> None:
    raise socket.gaierror(-2, "Name or service not known")


@pytest.mark.parametrize(
    ("offline", "reason"),
    [("1", "HF_HUB_OFFLINE is set"), ("", "no network: the name huggingface")],
)
def test_without_a_network_the_message_says_so_at_once(
    offline: str, reason: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr(folder.urllib.request, "getproxies", dict)
    monkeypatch.setattr(minari, "download_dataset", lambda _: pytest.fail("tried to download"))
    with pytest.raises(InputError) as error:
        load_dataset("mujoco/hopper/medium-v0")
    message = str(error.value)
    for part in ("'mujoco/hopper/medium-v0'", reason, str(root), "MINARI_DATASETS_PATH"):
        assert part in message
    assert list(root.iterdir()) == []


class ClientError(Exception):
    """The HTTP clients have exceptions of their own that are no OSError."""


@pytest.mark.parametrize("failure", [ClientError("reset by peer"), ImportError("no client")])
def test_a_download_that_breaks_off_is_removed(
    failure: Exception, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def partial(name: str) -> None:
        data = Path(os.environ["MINARI_DATASETS_PATH"]) / name / "data"
        data.mkdir(parents=True)
        (data / "metadata.json").write_text("{}")
        raise failure

    monkeypatch.setattr(folder, "_offline", lambda: "")
    monkeypatch.setattr(minari, "download_dataset", partial)
    with pytest.raises(InputError, match=f"{type(failure).__name__}: {failure}"):
        load_dataset("mujoco/hopper/medium-v0")
    assert list(root.iterdir()) == []


def test_a_download_is_put_in_place_and_read(
    pendulum: Callable[..., None], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "_offline", lambda: "")
    monkeypatch.setattr(minari, "download_dataset", pendulum)
    assert len(load_dataset(OTHER)) == 9
    monkeypatch.setattr(minari, "download_dataset", lambda _: pytest.fail("downloaded again"))
    assert len(load_dataset(OTHER)) == 9
    shutil.rmtree(root / OTHER)
    with pytest.raises(pytest.fail.Exception, match="downloaded again"):
        load_dataset(OTHER)


@pytest.mark.parametrize("variable", ["MINARI_REMOTE", "HTTPS_PROXY"])
def test_behind_a_proxy_or_with_another_remote_the_download_is_tried(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setenv(variable, "gcp://somewhere")
    assert folder._offline() == ""
