KEYS = ("actor", "random_share", "critic_updates", "policy_learns")


def two_returns(step, episode, warmup, utd):
    if step > warmup.steps:
        return {"actor": "learner", "random_share": 0, "critic_updates": utd, "policy_learns": True}
    return {
        "actor": "frozen",
        "random_share": warmup.acting.random_share,
        "critic_updates": warmup.critic_updates,
        "policy_learns": False,
    }


def phases(step, episode, warmup, utd):
    before = ("frozen", warmup.acting.random_share, warmup.critic_updates, 0)
    after = ("learner", 0.0, utd, 1)
    return dict(zip(KEYS, (before, after)[step >= warmup.steps + 1], strict=True))


def with_a_range(step, episode, warmup, utd):
    phase = {"actor": "learner", "critic_updates": utd, "policy_learns": True, "random_share": 0}
    if step in range(1, warmup.steps + 1):
        phase.update(actor="frozen", critic_updates=warmup.critic_updates, policy_learns=False)
        phase["random_share"] = getattr(warmup.acting, "epsilon", 0.0)
    return phase


def told(warming, warmup, utd):
    """The right answer, given the condition."""
    before = ("frozen", warmup.acting.random_share, warmup.critic_updates, False)
    return dict(zip(KEYS, before if warming else ("learner", 0.0, utd, True), strict=True))


def less_than(step, episode, warmup, utd):
    return told(step < warmup.steps, warmup, utd)


def counted_from_zero(step, episode, warmup, utd):
    return told(step - 1 <= warmup.steps, warmup, utd)


def by_the_episode(step, episode, warmup, utd):
    return told(episode <= warmup.steps, warmup, utd)


def always_the_learner(step, episode, warmup, utd):
    return told(step <= warmup.steps, warmup, utd) | {"actor": "learner"}


def as_learning_starts(step, episode, warmup, utd):
    answer = told(step <= warmup.steps, warmup, utd)
    if not answer["policy_learns"]:
        answer["random_share"] = 1.0
    return answer


def only_the_policy_waits(step, episode, warmup, utd):
    return told(step <= warmup.steps, warmup, utd) | {"critic_updates": utd}


def critics_wait_too(step, episode, warmup, utd):
    answer = told(step <= warmup.steps, warmup, utd)
    answer["critic_updates"] = utd * answer["policy_learns"]
    return answer


def two_zeros(step, episode, warmup, utd):
    quiet = ("frozen", 0.0, 0, False)
    busy = ("learner", 0.0, utd, True)
    return dict(zip(KEYS, quiet if step < warmup.steps + 1 else busy, strict=True))


def epsilon_stays(step, episode, warmup, utd):
    share = getattr(warmup.acting, "epsilon", 0)
    return told(step <= warmup.steps, warmup, utd) | {"random_share": share}


RIGHT = [two_returns, phases, with_a_range]
WRONG = {
    "begins to learn a step early": [less_than],
    "begins to learn a step late": [counted_from_zero],
    "counts episodes": [by_the_episode],
    "lets the learner act": [always_the_learner],
    "acts at random": [as_learning_starts],
    "lets the critics learn in every warm-up": [only_the_policy_waits],
    "lets nothing learn in any warm-up": [critics_wait_too],
    "makes every warm-up that of WSRL": [two_zeros],
    "goes on acting at random": [epsilon_stays],
}
