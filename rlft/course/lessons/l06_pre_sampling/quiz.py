"""Quiz of lesson 06: pre-sampling."""

from __future__ import annotations

from rlft.course.question import Option, Question

QUIZ: tuple[Question, ...] = (
    Question(
        "Why would a Q-function that is safe for offline training be bad for online fine-tuning?",
        (
            Option(
                "It is too high at actions that the data lacks, so the policy runs after them.",
                "That is the unsafe kind. A Q-function that is safe offline is low at such "
                "actions, so that the policy keeps away from them.",
            ),
            Option(
                "It is low wherever the data has nothing, and so keeps the agent from looking.",
                "Offline a low guess protects, as nothing would correct a high one. Online a visit "
                "would correct it, and the low Q prevents the visit. What that costs in a given "
                "task has to be measured.",
                right=True,
            ),
            Option(
                "Its values belong to the logged rewards, and online the same step earns another "
                "reward.",
                "The environment and its rewards are the same before and after the switch. What "
                "changes is that the agent can try an action and see what happens.",
            ),
            Option(
                "It has stopped learning, and its weights can no longer change.",
                "The same updates go on with online batches. They do change it, but only where the "
                "agent goes, and that is what a low Q holds back.",
            ),
        ),
    ),
    Question(
        "Why is a high UTD ratio useful when you have very little data, but potentially risky when "
        "data is abundant?",
        (
            Option(
                "More updates make the agent explore more, which is only needed at the start.",
                "Updates choose no actions. What the agent sees is decided by its policy and by "
                "epsilon, not by how often the critics learn from it.",
            ),
            Option(
                "With little data the minibatches are small, so it takes more of them.",
                "The size of a minibatch is a setting and stays as it is. With little data the "
                "same rows come up more often, which is the risk and not the use.",
            ),
            Option(
                "It gets more out of each costly step, but the critics can overfit.",
                "Steps are expensive and updates cheap. But each update bootstraps from the "
                "critics, which then chase their own targets, so errors can feed themselves: with "
                "much data there is less to gain and as much to lose.",
                right=True,
            ),
            Option(
                "It is never risky: with abundant data it only takes longer.",
                "The time is the smaller problem. Bootstrapped updates on the same rows, again and "
                "again, can drive the values away from the truth.",
            ),
        ),
    ),
    Question(
        "You pre-sampled with PORL for 50 steps, at a temperature of 0.1, and the return falls far "
        "right after the policy is released. What do you change first?",
        (
            Option(
                "A larger T, the number of steps before the release.",
                "After 50 steps the critics are still guessing. In the lesson's table the drop "
                "shrinks up to a T of 250, and no further: from there on look elsewhere, as "
                "at the temperature or the updates a step.",
                right=True,
            ),
            Option(
                "A larger epsilon, so that the critics see more of the maze.",
                "Epsilon is the suspect when the policy itself hardly varies: then the critics "
                "know one thin line only. Here they were still guessing.",
            ),
            Option(
                "Let the policy learn while you pre-sample, so that the release is no jump.",
                "Then the policy follows critics that are still random, which is the collapse that "
                "pre-sampling is there to prevent. It stays frozen for that reason.",
            ),
            Option(
                "An empty replay at the release, so that only fresh steps count.",
                "The pre-sampled rows are what the critics became right on. Without them the first "
                "updates after the release would draw from a handful of rows.",
            ),
        ),
    ),
)
