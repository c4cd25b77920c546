"""Logged and online data: a name becomes `Transitions`, and `ReplayBuffer` deals out batches."""

from rlft.data.batch import Batch
from rlft.data.datasets import DatasetEntry, list_datasets, load_dataset, make_datasets
from rlft.data.offline import OfflineData
from rlft.data.replay import ReplayBuffer
from rlft.data.rewards import return_range_scale, transform_rewards
from rlft.data.specs import DATASETS, DatasetSpec
from rlft.data.transitions import Transitions

__all__ = [
    "DATASETS",
    "Batch",
    "DatasetEntry",
    "DatasetSpec",
    "OfflineData",
    "ReplayBuffer",
    "Transitions",
    "list_datasets",
    "load_dataset",
    "make_datasets",
    "return_range_scale",
    "transform_rewards",
]
