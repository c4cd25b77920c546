def resets_late(env, policy, disturb, replay, learner, steps, updates):
    over = True
    for _ in range(steps):
        if over:
            observation, _ = env.reset()
        action = disturb(policy(observation))
        after, reward, terminated, truncated, _ = env.step(action)
        replay.add(observation, action, reward, after, terminated)
        over = terminated or truncated
        observation = after
        for _ in range(updates):
            learner.update_critics(replay.sample())


def counts_with_while(env, policy, disturb, replay, learner, steps, updates):
    here, _ = env.reset(seed=0)
    done = 0
    while done < steps:
        taken = disturb(policy(here))
        there, reward, terminated, truncated, _ = env.step(taken)
        replay.add(
            observation=here,
            action=taken,
            reward=reward,
            next_observation=there,
            terminated=terminated,
        )
        here = there
        if terminated or truncated:
            here, _ = env.reset()
        minibatches = [replay.sample() for _ in range(updates)]
        for minibatch in minibatches:
            learner.update_critics(minibatch)
        done += 1


def walks_with_a_generator(env, policy, disturb, replay, learner, steps, updates):
    def transitions():
        while True:
            observation, ended = env.reset()[0], False
            while not ended:
                action = disturb(policy(observation))
                next_observation, reward, terminated, truncated, _ = env.step(action)
                yield observation, action, reward, next_observation, terminated
                observation, ended = next_observation, terminated or truncated

    for _, transition in zip(range(steps), transitions(), strict=False):
        replay.add(*transition)
        for _ in range(updates):
            learner.update_critics(replay.sample())


def episode_by_episode(env, policy, disturb, replay, learner, steps, updates):
    left = steps
    while left > 0:
        observation, _ = env.reset()
        for _ in range(left):
            left -= 1
            action = disturb(policy(observation))
            next_observation, reward, *ends, _ = env.step(action)
            replay.add(observation, action, reward, next_observation, ends[0])
            for _ in range(updates):
                learner.update_critics(replay.sample())
            if any(ends):
                break
            observation = next_observation


def each_its_own(replay, updates):
    return [replay.sample() for _ in range(updates)]


def goal(terminated, truncated):
    return terminated


def walk(
    env, policy, disturb, replay, learner, steps, updates, row=goal, ended=max, draw=each_its_own
):
    """The right loop with handles for one mistake each."""
    over, next_observation = True, None
    for _ in range(steps):
        observation = env.reset()[0] if over else next_observation
        action = disturb(policy(observation))
        next_observation, reward, *ends, _ = env.step(action)
        replay.add(observation, action, reward, next_observation, row(*ends))
        for minibatch in draw(replay, updates):
            learner.update_critics(minibatch)
        over = ended(*ends)


def policy_at_each_step(learner, **given):
    def draw(replay, updates):
        yield from each_its_own(replay, updates)
        learner.update_policy(replay.sample())

    walk(learner=learner, draw=draw, **given)


def policy_at_each_update(learner, **given):
    def draw(replay, updates):
        for minibatch in each_its_own(replay, updates):
            learner.update_policy(minibatch)
            yield minibatch

    walk(learner=learner, draw=draw, **given)


def collects_then_trains(replay, learner, steps, updates, **given):
    walk(replay=replay, learner=learner, steps=steps, updates=0, **given)
    for minibatch in each_its_own(replay, steps * updates):
        learner.update_critics(minibatch)


def forgets_updates(**given):
    walk(**given, draw=lambda replay, updates: [replay.sample()])


def clean_hands(replay, **given):
    resets_late(replay=replay, **given)
    replay.clear()


def walks_on(**given):
    walk(**given, ended=lambda terminated, truncated: False)


def disturbs_for_the_step_only(env, policy, disturb, replay, learner, steps, updates):
    over = True
    for _ in range(steps):
        if over:
            observation, _ = env.reset()
        wanted = policy(observation)
        taken = disturb(wanted)
        next_observation, reward, terminated, truncated, _ = env.step(taken)
        replay.add(observation, wanted, reward, next_observation, terminated)
        observation, over = next_observation, terminated or truncated
        for _ in range(updates):
            learner.update_critics(replay.sample())


def done_of_old_gym(**given):
    walk(**given, row=max)


def one_for_all(**given):
    walk(**given, draw=lambda replay, updates: [replay.sample()] * updates)


def goal_reached_only(**given):
    walk(**given, ended=goal)


def as_if_it_reset_by_itself(env, policy, disturb, replay, learner, steps, updates):
    def step(action):
        next_observation, reward, terminated, truncated, _ = env.step(action)
        return env.reset()[0] if terminated or truncated else next_observation, reward, terminated

    here = env.reset()[0]
    for _ in range(steps):
        taken = disturb(policy(here))
        there, reward, terminated = step(taken)
        replay.add(here, taken, reward, there, terminated)
        here = there
        for minibatch in each_its_own(replay, updates):
            learner.update_critics(minibatch)


RIGHT = [resets_late, counts_with_while, walks_with_a_generator, episode_by_episode]
WRONG = {
    "updates the policy": [policy_at_each_step, policy_at_each_update],
    "trains only after the last step": [collects_then_trains],
    "makes one update a step": [forgets_updates],
    "empties the replay": [clean_hands],
    "never starts a new episode": [walks_on],
    "stores what the policy wanted": [disturbs_for_the_step_only],
    "stores every end as a termination": [done_of_old_gym],
    "draws one minibatch for all updates of a step": [one_for_all],
    "stores the start of the next episode": [as_if_it_reset_by_itself],
    "starts anew after a termination only": [goal_reached_only],
}
