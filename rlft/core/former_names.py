"""What stored types and fields were before: files of older versions are read through these tables.

Until format 2 a file named the module of each type. When a registered type gets another name, its
former one is added here, and what a field meant that has changed since; a line is never taken out.
"""

from __future__ import annotations

from typing import Any

FORMER_NAMES = {
    "rlft.algorithms.bc.BCConfig": "BCConfig",
    "rlft.algorithms.cql.CQLConfig": "CQLConfig",
    "rlft.algorithms.fqe_config.FQEConfig": "FQEConfig",
    "rlft.algorithms.inac.InACConfig": "InACConfig",
    "rlft.algorithms.iql.IQLConfig": "IQLConfig",
    "rlft.algorithms.sac.SACConfig": "SACConfig",
    "rlft.finetune.acting.EpsilonGreedy": "EpsilonGreedy",
    "rlft.finetune.acting.FrozenActs": "FrozenActs",
    "rlft.finetune.acting.GuideActs": "GuideActs",
    "rlft.finetune.acting.JumpStart": "JumpStart",
    "rlft.finetune.acting.LearnerActs": "LearnerActs",
    "rlft.finetune.automatic.Automatic": "Automatic",
    "rlft.finetune.checkpoint.Setup": "Setup",
    "rlft.finetune.handover.Crossing": "HandoverRecord",
    "rlft.finetune.recipe.Handover": "Handover",
    "rlft.finetune.recipe.Online": "Online",
    "rlft.finetune.recipe.Pretraining": "Pretraining",
    "rlft.finetune.recipe.Recipe": "Recipe",
    "rlft.finetune.recipe.Source": "Source",
    "rlft.finetune.recipe.Warmup": "Warmup",
    "rlft.finetune.roll_in.Geometric": "Geometric",
    "rlft.finetune.roll_in.Random": "Random",
    "rlft.finetune.schedule.Fixed": "Fixed",
    "rlft.finetune.schedule.Linear": "Linear",
    "rlft.finetune.schedule.Stepped": "Stepped",
    "rlft.nets.CriticConfig": "CriticConfig",
    "rlft.policies.PolicyConfig": "PolicyConfig",
    "rlft.provenance.Provenance": "Provenance",
}

# By type and field: what a file without the field meant.
BEFORE_FIELDS = {("Online", "learning_starts"): 0}
# By type and field: what a tick is today that was yes or no.
FORMER_VALUES: dict[tuple[str, str], dict[bool, list[str]]] = {
    ("Handover", "optimizers"): {True: ["policy", "critics", "temperature"], False: []},
}


def current_fields(name: str, content: dict[str, Any]) -> dict[str, Any]:
    """The fields of a stored value, as JSON, with the names and values of today.

    Args:
        name: its type's current name.
        content: its fields.
    """
    before = {field: value for (kind, field), value in BEFORE_FIELDS.items() if kind == name}
    content = before | content
    for (kind, field), today in FORMER_VALUES.items():
        if kind == name and isinstance(content.get(field), bool):
            content[field] = today[content[field]]
    return content


def current_name(name: str) -> str:
    """The name under which a stored type is registered today."""
    return FORMER_NAMES.get(name, name)
