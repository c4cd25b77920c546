from itertools import chain

import numpy as np
import torch


def with_waiting(step, utd, policy_delay, batch_size):
    log, waiting = [], []
    done = (step - 1) * utd
    for m in range(utd):
        rows = list(range(m, utd * batch_size, utd))
        log.append(("critics", rows))
        waiting.extend(rows)
        done += 1
        if done % policy_delay == 0:
            log.append(("policy", waiting))
            waiting = []
    return log


def with_tensors(step, utd, policy_delay, batch_size):
    batch = torch.arange(utd * batch_size).view(batch_size, utd).T  # (utd, B)
    log, first = [], 0
    for i in range(utd):
        log.append(("critics", batch[i]))
        if not ((step - 1) * utd + i + 1) % policy_delay:
            log.append(("policy", batch[first : i + 1].flatten()))
            first = i + 1
    return log


def policy_turns_first(step, utd, policy_delay, batch_size):
    rows = np.arange(utd * batch_size)
    numbers = range((step - 1) * utd + 1, step * utd + 1)
    turns = {n for n in numbers if n / policy_delay == n // policy_delay}
    log = []
    for n in numbers:
        m = (n - 1) % utd
        log.append(("critics", rows[m::utd].tolist()))
        if n in turns:
            missed = range(max(0, m + 1 - policy_delay), m + 1)
            log.append(("policy", [int(row) for k in missed for row in rows[k::utd]]))
    return log


def both_each_time(step, utd, policy_delay, batch_size):
    batch = np.arange(utd * batch_size)
    return [(half, batch[m::utd]) for m in range(utd) for half in ("critics", "policy")]


def every_few_steps(step, utd, policy_delay, batch_size):
    rows = torch.arange(utd * batch_size).view(batch_size, utd).T
    log = [("critics", minibatch) for minibatch in rows]
    if not step % policy_delay:
        log.append(("policy", rows.flatten()))
    return log


def without_the_step(step, utd, policy_delay, batch_size):
    log, waiting = [], []
    for i in range(1, utd + 1):
        waiting.append(list(range(i - 1, utd * batch_size, utd)))
        log.append(("critics", waiting[-1]))
        if i % policy_delay == 0:
            log.append(("policy", [row for rows in waiting for row in rows]))
            waiting.clear()
    return log


def enumerated(step, utd, policy_delay, batch_size):
    log, waiting = [], []
    for i in range(utd):
        rows = list(range(i, utd * batch_size, utd))
        log.append(("critics", rows))
        waiting += rows
        if ((step - 1) * utd + i) % policy_delay == 0:
            log.append(("policy", waiting))
            waiting = []
    return log


def interleaved(rows, utd, i):
    return rows[i::utd]


def loop(step, utd, policy_delay, batch_size, *, minibatch=interleaved, last=False, keep=False):
    """The right loop with handles for one mistake each."""
    log, waiting = [], []
    for i in range(utd):
        rows = minibatch(list(range(utd * batch_size)), utd, i)
        log.append(("critics", rows))
        waiting.append(rows)
        if (step * utd - utd + i + 1) % policy_delay == 0:
            log.append(("policy", rows if last else list(chain(*waiting))))
            waiting = waiting if keep else []
    return log


def always_the_first(**given):
    return loop(**given, minibatch=lambda rows, utd, i: rows[::utd])


def slices(**given):
    return loop(**given, minibatch=lambda rows, utd, i: np.split(np.array(rows), utd)[i].tolist())


def as_rlpd(**given):
    return loop(**given, last=True)


def all_so_far(**given):
    return loop(**given, keep=True)


RIGHT = [with_waiting, with_tensors, policy_turns_first]
WRONG = {
    "updates the policy after every critic update": [both_each_time],
    "counts the delay in environment steps": [every_few_steps],
    "counts anew at each step": [without_the_step],
    "counts from zero": [enumerated],
    "repeats one minibatch": [always_the_first],
    "cuts the big batch into blocks": [slices],
    "shows the policy the last minibatch only": [as_rlpd],
    "never empties what waits": [all_so_far],
}
