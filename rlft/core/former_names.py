"""What stored types were called before: files of older versions are read through this table.

Until format 2 a file named the module of each type. When a registered type gets another name, its
former one is added here; a line is never taken out.
"""

from __future__ import annotations

FORMER_NAMES = {
    "rlft.algorithms.bc.BCConfig": "BCConfig",
    "rlft.algorithms.cql.CQLConfig": "CQLConfig",
    "rlft.algorithms.fqe.config.FQEConfig": "FQEConfig",
    "rlft.algorithms.inac.InACConfig": "InACConfig",
    "rlft.algorithms.iql.IQLConfig": "IQLConfig",
    "rlft.algorithms.sac.SACConfig": "SACConfig",
    "rlft.acting.rules.EpsilonGreedy": "EpsilonGreedy",
    "rlft.acting.rules.FrozenActs": "FrozenActs",
    "rlft.acting.rules.GuideActs": "GuideActs",
    "rlft.acting.rules.JumpStart": "JumpStart",
    "rlft.acting.rules.LearnerActs": "LearnerActs",
    "rlft.acting.ajs.automatic.Automatic": "Automatic",
    "rlft.finetune.checkpoint.Setup": "Setup",
    "rlft.finetune.handover.Crossing": "Crossing",
    "rlft.recipes.recipe.Handover": "Handover",
    "rlft.recipes.recipe.Online": "Online",
    "rlft.recipes.recipe.Pretraining": "Pretraining",
    "rlft.recipes.recipe.Recipe": "Recipe",
    "rlft.recipes.recipe.Source": "Source",
    "rlft.recipes.recipe.Warmup": "Warmup",
    "rlft.acting.roll_in.Geometric": "Geometric",
    "rlft.acting.roll_in.Random": "Random",
    "rlft.acting.schedules.Fixed": "Fixed",
    "rlft.acting.schedules.Linear": "Linear",
    "rlft.acting.schedules.Stepped": "Stepped",
    "rlft.nets.CriticConfig": "CriticConfig",
    "rlft.nets.policies.PolicyConfig": "PolicyConfig",
    "rlft.provenance.Provenance": "Provenance",
}


def current_name(name: str) -> str:
    """The name under which a stored type is registered today."""
    return FORMER_NAMES.get(name, name)
