import torch


def with_abs(error, expectile):
    return ((expectile - (error < 0).float()).abs() * error**2).mean(dim=-1)


def with_two_halves(error, expectile):
    above, below = error.clamp(min=0), error.clamp(max=0)
    return (expectile * above.square() + (1 - expectile) * below.square()).mean(1)


def with_algebra(error, expectile):
    # The weight is 1/2 plus or minus (expectile - 1/2), and u |u| is the signed square.
    return (0.5 * error**2 + (expectile - 0.5) * error * error.abs()).mean(1)


def with_a_loop(error, expectile):
    losses = []
    for row in error:
        weighted = [(expectile if u >= 0 else 1 - expectile) * u * u for u in row]
        losses.append(torch.stack(weighted).sum() / len(row))
    return torch.stack(losses)


def swapped(error, expectile):
    return torch.where(error > 0, (1 - expectile) * error**2, expectile * error**2).mean(1)


def quantile(error, expectile):
    return torch.maximum(expectile * error, (expectile - 1) * error).mean(1)


def bars_forgotten(error, expectile):
    return torch.where(error < 0, expectile - 1, expectile).mul(error**2).mean(1)


def scaled_square(error, expectile):
    return expectile * error.pow(2).mean(-1)


def summed(error, expectile):
    return with_two_halves(error, expectile) * error.shape[1]


def one_number(error, expectile):
    return with_abs(error, expectile).mean()


RIGHT = [with_abs, with_two_halves, with_algebra, with_a_loop]
WRONG = {
    "leans to the other side": [swapped],
    "takes the absolute error": [quantile],
    "lets the weight become negative": [bars_forgotten],
    "weighs both sides alike": [scaled_square],
    "adds up instead of averaging": [summed],
    "averages over the seeds": [one_number],
}
