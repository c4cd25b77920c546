"""A sweep's file: which jobs it means, and what is refused before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweep_fakes import small_grid, small_sweep, write_sweep

from rlft.core.errors import InputError
from rlft.experiments.sweep.command import check
from rlft.experiments.sweep.grid import read_grid
from rlft.recipes import find_recipe

PLAIN = 'datasets = ["rlft/maze/detour-medium-v0"]\n'
SAC = '[[recipes]]\nname = "sac"\n'


def write(folder: Path, text: str) -> Path:
    file = folder / "sweep.toml"
    file.write_text(text)
    return file


def test_the_grid_is_the_product_of_its_axes(tmp_path: Path) -> None:
    text = (
        'seeds = 3\nblocks = 2\ndatasets = ["a", "b"]\nenvironments = ["x", "y"]\n'
        "plan.steps = 100\nplan.seed = 5\n"
        '[[recipes]]\nname = "sac"\n'
        '[[recipes]]\nname = "wsrl"\nonline.utd = [1, 4]\nwarmup.steps = [0, 10]\n'
    )
    jobs = read_grid(write(tmp_path, text)).jobs()
    assert len(jobs) == 2 * 2 * 2 * (1 + 4)
    assert {(job.dataset, job.env) for job in jobs} == {
        ("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")
    }  # fmt: skip
    assert {(job.block, job.plan.seed) for job in jobs} == {(0, 5), (1, 6)}
    # One dataset after the other, as each takes seconds to read.
    assert [job.dataset for job in jobs] == sorted(job.dataset for job in jobs)
    assert all((job.seeds, job.plan.steps, job.plan.progress) == (3, 100, False) for job in jobs)
    names = list(dict.fromkeys(job.recipe.name for job in jobs))
    assert names == [
        "sac",
        "wsrl-online.utd=1-warmup.steps=0",
        "wsrl-online.utd=1-warmup.steps=10",
        "wsrl-online.utd=4-warmup.steps=0",
        "wsrl-online.utd=4-warmup.steps=10",
    ]
    last = jobs[-1]
    assert (last.base, last.changes) == ("wsrl", (("online.utd", 4), ("warmup.steps", 10)))
    assert (last.recipe.online.utd, last.recipe.warmup.steps) == (4, 10)
    assert jobs[0].recipe == find_recipe("sac")


def test_little_needs_to_be_said(tmp_path: Path) -> None:
    grid = read_grid(write(tmp_path, PLAIN + SAC))
    (job,) = grid.jobs()
    assert (job.env, job.seeds, job.block, job.plan.steps) == (None, 8, 0, 4_000)


def test_a_label_names_the_axes_alone(tmp_path: Path) -> None:
    changes = 'label = "mine"\nprior.steps = 5\nprior.name = "bc"\n'
    entry = f'[[recipes]]\nname = "cql"\n{changes}prior.config.policy.hidden = [[8, 8], [4]]\n'
    first, second = read_grid(write(tmp_path, PLAIN + entry)).variants
    assert first.recipe.name == "mine-prior.config.policy.hidden=8x8"
    assert second.recipe.name == "mine-prior.config.policy.hidden=4"
    assert first.recipe.prior is not None
    assert (first.recipe.prior.name, first.recipe.prior.steps) == ("bc", 5)
    assert first.recipe.prior.config.policy.hidden == (8, 8)


def test_the_papers_scale_is_one_word(tmp_path: Path) -> None:
    (variant,) = read_grid(write(tmp_path, 'preset = "paper"\n' + PLAIN + SAC)).variants
    assert variant.recipe == find_recipe("sac", "paper")


def test_recipes_and_data_of_ones_own_come_from_files_beside_it(tmp_path: Path) -> None:
    grid = small_grid(tmp_path, '[[recipes]]\nname = "OWN:TINY"\n')
    assert [variant.recipe.name for variant in grid.variants] == ["tiny"]
    (file,) = grid.files
    assert file.parent == tmp_path and file.suffix == ".py"


def test_jobs_have_keys_of_their_own_that_stay(tmp_path: Path) -> None:
    recipes = '[[recipes]]\nname = "OWN:TINY"\nonline.utd = [1, 2]\n'
    one = [ticket.key for ticket, _ in small_sweep(tmp_path, recipes)]
    assert len(set(one)) == 4
    again = [ticket.key for ticket, _ in small_sweep(tmp_path, recipes)]
    assert one == again
    longer = [ticket.key for ticket, _ in small_sweep(tmp_path, recipes, plan="seed = 1")]
    assert not set(longer) & set(one[:2])  # block 0 begins at another seed ...
    assert longer[:2] == one[2:]  # ... at that of block 1 before


def test_the_source_of_an_own_class_is_part_of_the_key(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = write_sweep(tmp_path / "a", blocks=1)
    second = write_sweep(tmp_path / "b", blocks=1)
    keys = []
    for file, old, new in ((first, "max() > 2", "max() > 2"), (second, "max() > 2", "max() > 3")):
        (own,) = file.parent.glob("own_*.py")
        text = own.read_text().replace(old, new)
        own.write_text(text.replace(str(file.parent), str(tmp_path / "a")))
        (job,) = read_grid(file).jobs()
        keys.append(job.key())
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeds = 8\nseed = ", r"'.*sweep\.toml' is no TOML: "),
        (PLAIN + SAC + "[plans]\n", r"sweep\.toml: Unknown entry 'plans'\. Did you mean 'plan'"),
        (PLAIN, r"recipes=\[\]: expected a table \[\[recipes\]\]"),
        (SAC, r"datasets=None: expected a list of different names\. Write datasets"),
        ("datasets = []\n" + SAC, r"datasets=\[\]: expected a list"),
        ('datasets = "a"\n' + SAC, r"datasets='a': expected a list"),
        ('datasets = ["a", "a"]\n' + SAC, r"expected a list of different names"),
        ("seeds = 0\n" + PLAIN + SAC, r"seeds=0: expected 1 or more"),
        ("seeds = 1.5\n" + PLAIN + SAC, r"seeds=1\.5: expected a whole number"),
        ("blocks = 0\n" + PLAIN + SAC, r"blocks=0: expected 1 or more"),
        ("blocks = 1001\n" + PLAIN + SAC, r"plan\.seed \+ blocks=1001: expected a number in \[0"),
        ("plan.step = 3\n" + PLAIN + SAC, r"Unknown field of plan 'step'\. Did you mean 'steps'"),
        ("plan.progress = true\n" + PLAIN + SAC, r"Unknown field of plan 'progress'"),
        ("plan.steps = 0\n" + PLAIN + SAC, r"steps = 0|steps=0: expected 1 or more"),
        ('preset = "large"\n' + PLAIN + SAC, r"Unknown preset 'large'"),
        (PLAIN + '[[recipes]]\nname = "sca"\n', r"Unknown recipe 'sca'\. Did you mean 'sac'"),
        (PLAIN + "[[recipes]]\n", r"expected a table with a name"),
        (PLAIN + SAC + 'title = "x"\n', r"recipe='title': expected a field that decides"),
        (PLAIN + SAC + SAC, r"recipe='sac': expected each variant once"),
        (PLAIN + SAC + "online.utd = [1, 1]\n", r"'sac-online\.utd=1': expected each variant once"),
        (PLAIN + SAC + "online.udt = 1\n", r"Recipe 'sac': Unknown field of Online 'udt'"),
        (PLAIN + SAC + 'label = "wsrl"\n', r"label='wsrl': expected a name that no recipe has"),
        (PLAIN + SAC + 'prior.name = "cqll"\n', r"Unknown prior 'cqll'\. Did you mean 'cql'"),
        (PLAIN + SAC + 'files = ["no.py"]\n', r"Unknown field of Recipe 'files'"),
        ('files = ["no.py"]\n' + PLAIN + SAC, r"no\.py' is no Python file"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_grid(write(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'.*no\.toml' cannot be read .*docs/sweeps\.md"):
        read_grid(tmp_path / "no.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plan = 5\n" + PLAIN + SAC, r"plan=5: expected a table.*plan\.steps = 4000"),
        (PLAIN + SAC + "online.utd = []\n", r"online\.utd=\[\]: expected one value or more"),
        (
            PLAIN + SAC + "online.learner.policy.hidden = [[8], [16]]\n",
            r"policy of 'sac.*' crosses the switch as it is\. Change prior\.config\.policy\.hidden",
        ),
    ],
)
def test_what_would_change_nothing_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_grid(write(tmp_path, text))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sweep.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"is no TOML.*UTF-8"):
        read_grid(file)


def test_a_plan_without_evaluations_for_the_summary_is_refused(tmp_path: Path) -> None:
    text = "plan.steps = 300\nplan.eval_every = 300\n" + PLAIN + SAC
    with pytest.raises(InputError, match=r"eval_every=300: expected 3 evaluations.*to 150 or less"):
        check(read_grid(write(tmp_path, text)))


def test_a_long_name_still_makes_a_folder(tmp_path: Path) -> None:
    (job,) = read_grid(write(tmp_path, PLAIN + SAC + f'label = "{"x" * 300}"\n')).jobs()
    assert len(job.place("key").removeprefix("jobs/")) < 200
