import numpy as np
import torch
from schedule_fakes import make_context

from rlft.acting.schedules import Stepped


def with_the_library(returns, stages, tolerance):
    schedule = Stepped(stages=tuple(stages.tolist()), tolerance=tolerance)
    horizon = schedule.start(make_context(seeds=len(returns), time_limit=None))
    h = []
    for k, now in enumerate(returns.T.numpy()):
        horizon.after_evaluation(k, now)
        h.append(horizon.proposed.copy())
    return torch.tensor(np.stack(h, 1))


def seed_by_seed(returns, stages, tolerance):
    rows = []
    for row in returns.tolist():
        best, stage, h = None, 0, []
        for now in row:
            if best is None:
                best = now
            else:
                if now >= best - tolerance * abs(best) and stage < len(stages) - 1:
                    stage += 1
                best = max(best, now)
            h.append(int(stages[stage]))
        rows.append(h)
    return torch.tensor(rows)


def without_a_loop(returns, stages, tolerance):
    best = returns.cummax(1).values[:, :-1]
    good = (best - returns[:, 1:]) <= tolerance * best.abs()
    stage = torch.nn.functional.pad(good.long().cumsum(1), (1, 0))
    return stages[stage.clamp(max=stages.numel() - 1)]


def with_where(returns, stages, tolerance):
    h = torch.full(returns.shape, stages[0].item())
    next_stage = dict(zip(stages.tolist(), [*stages.tolist()[1:], stages[-1].item()], strict=True))
    for k in range(1, returns.shape[1]):
        top = returns[:, :k].amax(1)
        bar = torch.where(top < 0, top * (1 + tolerance), top * (1 - tolerance))
        lower = torch.tensor([next_stage[x] for x in h[:, k - 1].tolist()])
        h[:, k] = torch.where(returns[:, k] >= bar, lower, h[:, k - 1])
    return h


def best_is_minus_infinity(returns, stages, tolerance):
    best = torch.full_like(returns[:, 0], -torch.inf)
    stage, h = torch.zeros(len(returns), dtype=torch.int64), []
    for now in returns.T:
        stage = torch.where(now >= best - tolerance * best.abs(), stage + 1, stage)
        stage = stage.clamp(max=len(stages) - 1)
        best = torch.where(now > best, now, best)
        h.append(stages[stage])
    return torch.stack(h, -1)


def walk(returns, stages, bar, remember=max):
    """Seed by seed, with a bar made of what is remembered."""
    rows = []
    for row in returns.tolist():
        kept, left = row[0], stages.tolist()
        h = [left[0]]
        for now in row[1:]:
            if now >= bar(kept):
                left = left[1:] or left
            kept = remember(kept, now)
            h.append(left[0])
        rows.append(h)
    return torch.tensor(rows)


def as_good_as_ever(returns, stages, tolerance):
    return walk(returns, stages, lambda best: best)


def share_of_the_best(returns, stages, tolerance):
    return walk(returns, stages, lambda best: best - tolerance * best)


def missing_less_than_allowed(returns, stages, tolerance):
    best = returns.cummax(1).values[:, :-1]
    good = (best - returns[:, 1:]) / best.abs() < tolerance
    stage = torch.nn.functional.pad(good.long().cumsum(1), (1, 0))
    return stages[stage.clamp(max=len(stages) - 1)]


def neighbours(returns, stages, tolerance):
    return walk(returns, stages, lambda kept: kept - tolerance * abs(kept), lambda _, now: now)


def the_start_is_the_bar(returns, stages, tolerance):
    return walk(returns, stages, lambda kept: kept - tolerance * abs(kept), lambda kept, _: kept)


def their_mean(returns, stages, tolerance):
    mean = returns.mean(0, keepdim=True).expand_as(returns)
    return without_a_loop(mean, stages, tolerance)


def no_last_stage(returns, stages, tolerance):
    rows = []
    for row in returns.tolist():
        best, stage, h = row[0], 0, [stages[0]]
        for now in row[1:]:
            stage += now >= best - tolerance * abs(best)
            best = max(best, now)
            h.append(stages[stage])
        rows.append(torch.stack(h))
    return torch.stack(rows)


RIGHT = [with_the_library, seed_by_seed, without_a_loop, with_where]
WRONG = {
    "advances at the first evaluation": [best_is_minus_infinity],
    "forgets the tolerance": [as_good_as_ever],
    "puts the bar above a negative best": [share_of_the_best],
    "asks for more than the bar": [missing_less_than_allowed],
    "compares with the evaluation before": [neighbours],
    "compares with the first evaluation for ever": [the_start_is_the_bar],
    "moves all seeds together": [their_mean],
    "walks past the last stage": [no_last_stage],
}
