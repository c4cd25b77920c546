import math
from fractions import Fraction

import numpy as np
from schedule_fakes import make_context

from rlft.acting.schedules import Linear


def with_the_library(step, start, over):
    horizon = Linear(start_at=start, steps=over).start(make_context(time_limit=None))
    if step > 0:
        horizon.after_step(step)
    return horizon.proposed[0]


def with_fractions(step, start, over):
    line = start * (1 - Fraction(step, over))
    return max(0, min(start, math.ceil(line)))


def with_branches(step, start, over):
    if step <= 0:
        return start
    if step >= over:
        return 0
    h, rest = divmod(start * (over - step), over)
    return h + 1 if rest else h


def by_walking_down_the_line(step, start, over):
    h = 0
    while h < start and h * over < start * (over - step):
        h += 1
    return h


def cut_off(step, start, over):
    return int(np.clip(start * (over - step) / over, 0, start))


def half_up(step, start, over):
    return int(np.clip(start - start * step / over, 0, start) + 0.5)


def the_line_itself(step, start, over):
    return np.interp(step, [0, over], [start, 0])


def no_end(step, start, over):
    return min(start, -(-start * (over - step) // over))


def no_beginning(step, start, over):
    return max(0, -(-start * (over - step) // over))


def never_falls_and_then_at_once(step, start, over):
    return 0 if step >= over else start


def whole_steps_each_time(step, start, over):
    return start - (start // over) * min(max(step, 0), over)


def ceil_of_numpy(step, start, over):
    left = np.clip(1 - step / over, 0.0, 1.0)
    return int(np.ceil(left * start))


RIGHT = [with_the_library, with_fractions, with_branches, by_walking_down_the_line]
WRONG = {
    "rounds down": [cut_off],
    "rounds to the nearest whole number": [half_up],
    "returns a fraction": [the_line_itself],
    "falls on below zero": [no_end],
    "begins above the start": [no_beginning],
    "divides before it multiplies": [never_falls_and_then_at_once, whole_steps_each_time],
    "trusts a float that is not quite on the line": [ceil_of_numpy],
}
