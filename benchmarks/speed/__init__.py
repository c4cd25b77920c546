"""How fast the library is beside its peers: `make bench`, or ``python -m benchmarks.speed``.

`rounds` times contenders in turns; `ours`, `plain_sac`, `sb3_peer`, `d3rlpy_peer`, `sbx_peer` and
`online` are the contenders, `comparisons` says who meets whom and what the goals are. `growth`,
`floor`, `lesson` and `startup` measure the library by itself. `store` keeps each result as it
comes, `report` and `figure` write it down, and `guard` is the part of it that a test repeats.
"""
