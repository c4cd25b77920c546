"""Logged and online data: a name becomes `Transitions`, and `ReplayBuffer` deals out batches."""

from rlft.data.batch import Batch
from rlft.data.datasets import DatasetEntry, list_datasets, load_dataset, make_datasets
from rlft.data.inspection import Findings, inspect
from rlft.data.offline import OfflineData
from rlft.data.policy_behaviour import PolicyBehaviour
from rlft.data.recording import record
from rlft.data.replay import ReplayBuffer
from rlft.data.rewards import return_range_scale, transform_rewards
from rlft.data.shipped import about_behaviour, load_behaviour, policy_names
from rlft.data.specs import DATASETS, DatasetSpec
from rlft.data.transitions import Transitions

__all__ = [
    "DATASETS",
    "Batch",
    "DatasetEntry",
    "DatasetSpec",
    "Findings",
    "OfflineData",
    "PolicyBehaviour",
    "ReplayBuffer",
    "Transitions",
    "about_behaviour",
    "inspect",
    "list_datasets",
    "load_behaviour",
    "load_dataset",
    "make_datasets",
    "policy_names",
    "record",
    "return_range_scale",
    "transform_rewards",
]
