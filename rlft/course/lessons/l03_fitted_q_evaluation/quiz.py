"""Questions of lesson 03: fitted Q evaluation."""

from __future__ import annotations

from rlft.course.question import Option, Question

QUIZ: tuple[Question, ...] = (
    Question(
        "Does FQE require interaction with the environment to produce its estimate, or can it run "
        "purely on logged data?",
        (
            Option(
                "It needs the environment, because the policy has to act at s'.",
                "The policy is only asked for a'. Nobody executes that action: its value comes "
                "from Q, and Q from the log.",
            ),
            Option(
                "It runs purely on logged data, and is right for any policy if it is updated often "
                "enough.",
                "The first half is true. But what the log does not cover, no number of updates "
                "repairs.",
            ),
            Option(
                "It runs purely on logged data, and is good for policies that the log covers.",
                "It needs `(s, a, r, s')`, the step t, and the policy's own choice of a'. A policy "
                "that leaves the log is misjudged, and more often flattered than not.",
                right=True,
            ),
            Option(
                "It needs a few test episodes, for the value at the initial states.",
                "The initial states are in the log, and Q is read there. Test episodes only serve "
                "us, to find out whether the estimate was right.",
            ),
        ),
    ),
    Question(
        "AJS's gate compares the estimate of today with the estimate of the offline policy. Why "
        "not with the measured return of the log?",
        (
            Option(
                "Both sides then share the estimator's bias, so that it can cancel.",
                "It cancels where both policies use the log alike. A measured return has no such "
                "bias: beside it, a flattering estimator would open the gate for anything, and a "
                "pessimistic one never.",
                right=True,
            ),
            Option(
                "The measured return has no discount, and an estimate always has one.",
                "FQE can be asked for the plain return too, with `gamma=1` and a finite horizon. "
                "The reason remains when both are of one kind.",
            ),
            Option(
                "The estimate has less noise than a mean of logged returns.",
                "The mean over some hundred logged episodes has little noise. What matters is an "
                "error with a sign, which more episodes do not remove.",
            ),
            Option(
                "FQE orders policies rightly, so its bias does not matter in any comparison.",
                "It matters as soon as only one of the two sides has it. And the order itself is "
                "lost where policies leave the log.",
            ),
        ),
    ),
    Question(
        "During a run FQE's estimate and the Monte-Carlo return drift apart. What do you look at "
        "first?",
        (
            Option(
                "The number of updates: more of them on the same log bring the two together.",
                "They make the fit to the log better. Where the log does not say what the policy's "
                "actions do, there is nothing to fit to.",
            ),
            Option(
                "The spread of the ensemble: while it is small, the estimate is right.",
                "Both critics learned from the same log, so what is missing there is missing for "
                "both. A small spread promises nothing.",
            ),
            Option(
                "The Monte-Carlo return: a few episodes are too noisy for a comparison.",
                "Noise changes its sign from one evaluation to the next and does not drift. More "
                "episodes are a check, but not the likely cause.",
            ),
            Option(
                "Coverage: does the buffer hold what the policy does now?",
                "A policy that changes walks out of its own data. Next come the schedule of "
                "updates, entropy in the target, and a clock that is missing for a switching "
                "policy.",
                right=True,
            ),
        ),
    ),
)
