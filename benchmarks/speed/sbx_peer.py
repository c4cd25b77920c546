"""SBX's SAC (JAX) as a contender: sixteen updates in one compiled scan, on one thread."""

from __future__ import annotations

import os

from benchmarks.speed.rounds import Call
from benchmarks.speed.sb3_peer import Nowhere, fill
from benchmarks.speed.shape import GAMMA, LR, POLYAK, Shape, random_log

SCAN = 16
# Read when JAX starts: one thread, as everybody else has.
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def sac(shape: Shape) -> Call:
    """Updates from a buffer that holds the random log."""
    os.environ.setdefault("XLA_FLAGS", ONE_THREAD)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    from sbx import SAC
    from stable_baselines3.common.logger import configure

    learner = SAC(
        "MlpPolicy",
        Nowhere(shape),
        learning_rate=LR,
        batch_size=shape.batch,
        tau=POLYAK,
        gamma=GAMMA,
        buffer_size=len(random_log(shape).rewards),
        policy_kwargs={
            "net_arch": list(shape.hidden),
            "n_critics": shape.ensemble,
            "layer_norm": shape.layer_norm,
        },
        device="cpu",
        seed=0,
    )
    learner.set_logger(configure(None, []))
    fill(learner.replay_buffer, shape)

    def call() -> int:
        learner.train(gradient_steps=SCAN, batch_size=shape.batch)
        return SCAN

    return call
