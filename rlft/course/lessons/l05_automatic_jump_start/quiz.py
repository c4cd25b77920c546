"""Questions of lesson 05: automatic jump start."""

from __future__ import annotations

from rlft.course.question import Option, Question

QUIZ: tuple[Question, ...] = (
    Question(
        "h has stood at the full episode for 2,000 steps, and the return has not changed. The "
        "judge's estimate lies 6 below the reference at every decision, the tolerance is 2. What "
        "is the likely cause?",
        (
            Option(
                "The explorer is bad, and the gate is right to wait.",
                "At the full h the explorer does not walk a single step, so the estimate says "
                "nothing about it. What is judged there is the guide.",
            ),
            Option(
                "The tolerance is too tight for the noise of the judge.",
                "Noise would carry the estimate across the line now and then, and h would move. "
                "Here it lies below by the same amount each time.",
            ),
            Option(
                "The judge underestimates.",
                "At the full h the policy is the guide, and its return has not changed: estimate "
                "and reference should agree. A constant gap is a bias of the judge.",
                right=True,
            ),
            Option(
                "The gate decides too rarely.",
                "A gate that is asked more often gets the same answer more often. The estimate is "
                "below the line at every decision.",
            ),
        ),
    ),
    Question(
        "h fell to 0 within a few hundred steps, and the return of whoever acts with it. The "
        "estimate stayed near the reference all the time. The explorer started with all networks. "
        "What do you change first?",
        (
            Option(
                "Let the gate decide less often, and by smaller steps.",
                "The judge could not notice in time: a new way of failing has to be walked, stored "
                "and backed up before it counts, so a gate should be slower than its judge. Had "
                "the explorer started naively, you would mend that first: in the study that had "
                "the largest effect by far.",
                right=True,
            ),
            Option(
                "Raise the tolerance, as the judge's estimates are uncertain.",
                "A larger tolerance opens the gate more often. This gate was open at every "
                "decision, and should not have been.",
            ),
            Option(
                "Judge the explorer by logged rows alone, as they are free of its mistakes.",
                "What the data does not show, the judge does not see. The bad hand-offs are in the "
                "rows that the run collects itself.",
            ),
            Option(
                "Nothing: h has reached 0, which is the aim of AJS.",
                "h is a means. The promise of AJS is that the return of whoever acts does not "
                "fall on the way, and here it fell.",
            ),
        ),
    ),
    Question(
        "Why is InAC the guide in AJS and SAC the explorer, and not the other way round?",
        (
            Option(
                "SAC cannot learn from steps that another policy has walked.",
                "SAC is off-policy. Its explorer learns from the guide's steps before it has "
                "walked any of its own.",
            ),
            Option(
                "InAC keeps to actions that its data shows, SAC climbs Q.",
                "One is steady and slow; the other one is fast, and climbs Q wherever it leads, to "
                "an error too. The gate decides how much of an episode may be dangerous.",
                right=True,
            ),
            Option(
                "The guide is frozen, and only InAC can be frozen.",
                "Any policy can be frozen, and the guide of AJS is not: both learn at every step.",
            ),
            Option(
                "Fitted Q evaluation can only judge InAC.",
                "It judges whatever policy chooses the next action in its target. Here that is "
                "guide and explorer together.",
            ),
        ),
    ),
)
