"""Where claims are tried, and what returns there are measured in.

In the mazes the best known return is that of the script that walks the short way without noise;
beyond them that of the policy that logged the near-optimal data. The lowest is that of uniformly
random actions, which in the mazes with a cost of 1 a step never arrive.
"""

from __future__ import annotations

from rlft.experiments.claims.claim import Place

# With -1 a step and a discount of 0.98 never arriving is worth -50, the best walk -12.7.
DETOUR = (-100.0, -14.5, 37.3)
NEAR = Place("near-optimal data", "rlft/maze/detour-near-optimal-v0", *DETOUR)
NOISY = Place("noisy data", "rlft/maze/detour-medium-v0", *DETOUR)
NARROW = Place("one thin line", "rlft/maze/detour-narrow-v0", *DETOUR)
LARGE = Place("large maze", "rlft/maze/large-medium-v0", -100.0, -23.8)
DENSE = Place("dense reward, slow data", "rlft/maze/dense-slow-v0", -63.6, -4.6)
SPARSE = Place("sparse reward", "rlft/maze/sparse-medium-v0", 0.0, 1.0)
# A pole that falls ends the episode of up to 1,000 steps; each step earns 1.
UPRIGHT = (5.0, 1_000.0)
BALANCED = Place("InvertedPendulum, near-optimal data", "rlft/inverted-pendulum/near-optimal-v0",
                 *UPRIGHT)  # fmt: skip
WOBBLY = Place("InvertedPendulum, medium data", "rlft/inverted-pendulum/medium-v0", *UPRIGHT)
SWINGING = Place("Pendulum, near-optimal data", "rlft/pendulum/near-optimal-v0", -1_223.0, -141.0)
# From uniformly random actions to the episodes of the near-optimal data.
HOPPER = Place("Hopper, medium data", "rlft/hopper/medium-v0", 17.0, 2_348.0)
CHEETAH = Place("HalfCheetah, medium data", "rlft/half-cheetah/medium-v0", -264.0, 5_364.0)
