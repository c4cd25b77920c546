import copy

import torch


def one_name_at_a_time(prior, fresh, handover):
    state = copy.deepcopy(fresh)
    for name, value in prior.items():
        part = name.split("/")[-1]
        if name not in fresh or (name.startswith("adam/") and part not in handover.optimizers):
            continue
        if part == "data":
            crosses = handover.retention in ("mix", "append")
        elif part == "target_critics":
            crosses = handover.target_critics and handover.critics
        else:
            crosses = getattr(handover, part)
        if crosses:
            state[name] = value.clone()
    if not (handover.target_critics and handover.critics):
        state["target_critics"] = state["critics"].clone()
    return state


def with_a_list_of_parts(prior, fresh, handover):
    parts = [p for p in ("policy", "critics", "temperature") if getattr(handover, p)]
    names = parts + [f"adam/{p}" for p in parts if p in handover.optimizers]
    if handover.critics and handover.target_critics:
        names.append("target_critics")
    if handover.retention != "drop":
        names.append("data")
    chosen = {n: (prior[n] if n in names and n in prior else fresh[n]) for n in fresh}
    if "target_critics" not in names:
        chosen["target_critics"] = chosen["critics"]
    return {name: torch.clone(value) for name, value in chosen.items()}


def line_by_line(prior, fresh, handover):
    def take(name, ticked):
        return copy.deepcopy(prior[name] if ticked and name in prior else fresh[name])

    h = handover
    critics = take("critics", h.critics)
    targets = take("target_critics", h.target_critics) if h.critics else copy.deepcopy(critics)
    return {
        "data": take("data", h.retention != "drop"),
        "policy": take("policy", h.policy),
        "critics": critics,
        "target_critics": targets if h.target_critics else critics + 0,
        "temperature": take("temperature", h.temperature),
        "adam/policy": take("adam/policy", h.policy and "policy" in h.optimizers),
        "adam/critics": take("adam/critics", h.critics and "critics" in h.optimizers),
        "adam/temperature": take(
            "adam/temperature", h.temperature and "temperature" in h.optimizers
        ),
    }


def started(prior, fresh, handover, *, parts=("policy", "critics", "temperature"), ticks=None):
    """The right answer with handles for one mistake each."""
    h = handover
    state = {}
    for name, value in fresh.items():
        part = name.split("/")[-1]
        ticked = part in parts and getattr(h, part)
        if part == "target_critics":
            ticked = h.target_critics and h.critics
        if part == "data":
            ticked = h.retention != "drop"
        if "/" in name:
            ticked = ticked and part in h.optimizers
        if ticks is not None:
            ticked = ticks(name, ticked)
        state[name] = prior[name].clone() if ticked and name in prior else value
    if not (h.target_critics and h.critics):
        state["target_critics"] = state["critics"].clone()
    return state


def the_same_tensors(prior, fresh, handover):
    parts = [p for p in ("policy", "critics", "temperature") if getattr(handover, p)]
    names = parts + [f"adam/{p}" for p in parts if p in handover.optimizers]
    names += ["data"] * (handover.retention != "drop")
    together = handover.critics and handover.target_critics
    names += ["target_critics"] * together
    state = fresh | {name: prior[name] for name in names if name in prior}
    return state if together else state | {"target_critics": state["critics"].clone()}


def synced_at_the_end(prior, fresh, handover):
    state = started(prior, fresh, handover)
    state["target_critics"] = state["critics"].clone()
    return state


def targets_from_either_side(prior, fresh, handover):
    state = started(prior, fresh, handover)
    crosses = handover.target_critics and handover.critics
    return state | {"target_critics": (prior if crosses else fresh)["target_critics"] + 0}


def each_tick_for_itself(prior, fresh, handover):
    state = started(prior, fresh, handover)
    if handover.target_critics:
        state["target_critics"] = prior["target_critics"].clone()
    return state


def weights_only(prior, fresh, handover):
    return started(prior, fresh, handover, ticks=lambda name, ticked: ticked and "/" not in name)


def policy_and_critics_only(prior, fresh, handover):
    return started(prior, fresh, handover, parts=("policy", "critics"))


def data_as_well(prior, fresh, handover):
    return started(prior, fresh, handover, ticks=lambda name, ticked: ticked or name == "data")


def optimizers_all_or_none(prior, fresh, handover):
    def ticks(name, ticked):
        part = name.split("/")[-1]
        if part == name or part == "data":
            return ticked
        return getattr(handover, part) and bool(handover.optimizers)

    return started(prior, fresh, handover, ticks=ticks)


def any_optimizer(prior, fresh, handover):
    state = started(prior, fresh, handover)
    for part in ("policy", "critics", "temperature"):
        name = f"adam/{part}"
        if getattr(handover, part) and len(handover.optimizers) > 0 and name in prior:
            state[name] = prior[name].clone()
    return state


def optimizers_for_themselves(prior, fresh, handover):
    def crosses(name, ticked):
        return name[5:] in handover.optimizers if name.startswith("adam/") else ticked

    return started(prior, fresh, handover, ticks=crosses)


def the_same_network_twice(prior, fresh, handover):
    state = started(prior, fresh, handover)
    together = handover.critics and handover.target_critics
    return state | ({} if together else dict.fromkeys(["target_critics"], state["critics"]))


RIGHT = [one_name_at_a_time, with_a_list_of_parts, line_by_line]
WRONG = {
    "shares the prior's tensors": [the_same_tensors],
    "always makes the target critics anew": [synced_at_the_end],
    "leaves the fresh learner's targets": [targets_from_either_side],
    "hands over targets without their critics": [each_tick_for_itself],
    "forgets the optimizers": [weights_only],
    "hands over moments without their part": [optimizers_for_themselves],
    "takes `optimizers` for one tick": [optimizers_all_or_none, any_optimizer],
    "makes targets and critics one tensor": [the_same_network_twice],
    "restarts the temperature": [policy_and_critics_only],
    "keeps the data": [data_as_well],
}
