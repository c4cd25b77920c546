import torch


def with_where(q, returns_to_go):
    floor = returns_to_go.unsqueeze(1).unsqueeze(-1).expand_as(q)
    return torch.where(q > floor, q, floor)


def with_clamp(q, returns_to_go):
    seeds, batch = returns_to_go.shape
    return q.clamp(min=returns_to_go.view(seeds, 1, batch, 1))


def with_relu(q, returns_to_go):
    known = returns_to_go.nan_to_num(neginf=-1e6)[:, None, :, None].double()
    return known + (q - known).relu()


def with_loops(q, returns_to_go):
    seeds, ensemble, _, _ = q.shape
    rows = [
        torch.stack(
            [
                column.clamp(min=r.item())
                for column, r in zip(q[s, e], returns_to_go[s], strict=True)
            ]
        )
        for s in range(seeds)
        for e in range(ensemble)
    ]
    return torch.stack(rows).view(q.shape)


def lower_of_the_two(q, returns_to_go):
    return q.clamp(max=returns_to_go[:, None, :, None])


def lined_up_from_the_right(q, returns_to_go):
    floor = returns_to_go.unsqueeze(1).unsqueeze(1)
    return torch.where(q > floor, q, floor)


def written_over(q, returns_to_go):
    floored = q.clone()
    floored.data = torch.maximum(q.data, returns_to_go[:, None, :, None])
    return floored


def without_gradients(q, returns_to_go):
    with torch.no_grad():
        return q.clamp(min=returns_to_go[:, None, :, None])


def lifted_by_a_mask(q, returns_to_go):
    floor = returns_to_go[:, None, :, None]
    return q * (q >= floor) + floor * (q < floor)


def lifted_by_what_is_missing(q, returns_to_go):
    floor = returns_to_go[:, None, :, None]
    return floor + (q - floor).relu()


RIGHT = [with_where, with_clamp, with_relu, with_loops]
WRONG = {
    "builds a ceiling": [lower_of_the_two],
    "takes the floor of another state": [lined_up_from_the_right],
    "pushes on below the floor": [written_over],
    "lets no gradient through": [without_gradients],
    "computes with the unknown return": [lifted_by_a_mask, lifted_by_what_is_missing],
}
