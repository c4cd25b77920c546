"""Questions of lesson 01: offline pessimism."""

from __future__ import annotations

from rlft.course.question import Option, Question

QUIZ: tuple[Question, ...] = (
    Question(
        "Why is out-of-distribution error more dangerous in offline RL than in supervised "
        "learning?",
        (
            Option(
                "Logged data is noisier than labelled data.",
                "Noise makes any estimate worse, online and offline. It does not grow by itself, "
                "and this error does.",
            ),
            Option(
                "Q learns from its own guesses, and the policy looks for those that are too high.",
                "A wrong Q goes into its own targets, and from there into the values of logged "
                "pairs. The policy seeks out just the errors that are too high, and no new data "
                "corrects them.",
                right=True,
            ),
            Option(
                "Networks extrapolate worse when they predict values than when they predict "
                "classes.",
                "Both are as wrong far from their data. But a wrong class stays one wrong answer, "
                "while a wrong Q is used as a target.",
            ),
            Option(
                "The policy meets out-of-distribution actions more often, by chance.",
                "It is not by chance: the policy maximises Q, so it looks for these actions. A "
                "classifier does not choose its pictures.",
            ),
        ),
    ),
    Question(
        "The time limit cut an episode off. The last reward was -1, the value of the next state "
        "is -10, and gamma is 0.98. What is the target?",
        (
            Option(
                "-1: the episode is over.",
                "That is the target of a termination. The policy would learn to be where the clock "
                "runs out, a place nearly as good as the goal.",
            ),
            Option(
                "-9.8: no reward counts at the time limit.",
                "The step was taken and its reward was earned, so it belongs into the target.",
            ),
            Option(
                "-10.8: only the recording ended.",
                "The task goes on after a truncation, so the target bootstraps: "
                "`-1 + 0.98 * (-10)`.",
                right=True,
            ),
            Option(
                "-50: the agent never arrives.",
                "That is the value of a policy that never arrives. A cut episode does not say "
                "whether this one would have.",
            ),
        ),
    ),
    Question(
        "CQL pushes Q down at sampled actions. Why is its Q still too high at states that nobody "
        "saw?",
        (
            Option(
                "The penalty is computed at logged states only.",
                "At other states nothing is pushed, and Q is a guess from its neighbours, which "
                "lie on a good way. The learner's own policy was never trained there and often "
                "gets stuck, so the truth is lower than the guess.",
                right=True,
            ),
            Option(
                "The penalty pulls Q up at logged actions, and this raises it everywhere.",
                "What is pulled up at the logged action is pushed down at the sampled actions of "
                "the same state. It is no rise of the whole.",
            ),
            Option(
                "The weight of the penalty was too small; a larger one would do it.",
                "The lesson tried weights up to 5, and no weight cleared the corners: a larger "
                "push at logged states is still a push at logged states.",
            ),
            Option(
                "At these states all actions are good, so a high Q is right there.",
                "Q is compared with the true value of the policy there, and that is lower. The "
                "actions are not good for this policy.",
            ),
        ),
    ),
)
