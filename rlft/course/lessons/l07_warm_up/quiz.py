"""Quiz of lesson 07: warm-up without retention."""

from __future__ import annotations

from rlft.course.question import Option, Question

QUIZ: tuple[Question, ...] = (
    Question(
        "CQL's loss is meant to be safe. Why does Q fall without end when the data is gone?",
        (
            Option(
                "CQL underestimates anyway, online as well as offline.",
                "With its data, the same loss left Q where it was. Something that the data did "
                "is missing.",
            ),
            Option(
                "The penalty holds Q up only at pairs in the buffer, which is narrow now.",
                "It pushes Q down at sampled actions, and nothing holds Q up at the pairs of the "
                "data any more. Targets bootstrap from the lower values, the policy moves, and the "
                "next pairs lie somewhere else.",
                right=True,
            ),
            Option(
                "The optimizers' moments are lost at the switch.",
                "In that run everything crossed the switch, the optimizers included.",
            ),
            Option(
                "Online rewards in the maze are lower than logged ones, and Q comes down to fit "
                "them.",
                "The rewards are the same: -1 a step until the goal. Q fell by more than the "
                "truth did, so it was no correction.",
            ),
        ),
    ),
    Question(
        "What happens in WSRL's warm-up?",
        (
            Option(
                "Actions are uniform at random and nothing learns, as with `learning_starts`.",
                "Random actions give the state-action pairs of another policy, and look like a "
                "collapse in the training curve.",
            ),
            Option(
                "The frozen policy acts, with sampled actions, and nothing learns.",
                "The buffer then holds the state-action pairs of the very policy whose Q must "
                "be held, before the first update.",
                right=True,
            ),
            Option(
                "The frozen policy acts, and only the critics learn.",
                "That is PORL's pre-sampling, whose critics are new. WSRL's critics come trained, "
                "and wait as well.",
            ),
            Option(
                "The frozen policy acts with its most likely action, and nothing learns.",
                "Nothing learns, but the actions are sampled: the mode alone would leave the "
                "buffer narrower than what the policy does later.",
            ),
        ),
    ),
    Question(
        "Half of each minibatch from the data, or one buffer that starts full: what is the "
        "difference after 500 steps, with 10,000 logged transitions?",
        (
            Option(
                "None: the same data is kept in both.",
                "The same rows are kept, but they are not drawn equally often. Count the fresh "
                "rows in a minibatch.",
            ),
            Option(
                "In the full buffer half of each minibatch is fresh too, as rows are drawn "
                "uniformly.",
                "Uniformly over all rows, of which 500 are fresh and 10,000 are not.",
            ),
            Option(
                "Mixed, half of a minibatch is fresh; in the full buffer less than 5 % of it.",
                "500 of 10,500 rows are fresh there. The learner sees ten times as much, or as "
                "little, of what it does now.",
                right=True,
            ),
            Option(
                "Mixed, the fresh rows are drawn only once each.",
                "Rows are drawn with replacement in both. With few fresh rows, the mixed batch "
                "repeats each of them often.",
            ),
        ),
    ),
)
