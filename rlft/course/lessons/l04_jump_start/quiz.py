"""Three questions on lesson 04, the jump start."""

from __future__ import annotations

from rlft.course.question import Option, Question

QUIZ: tuple[Question, ...] = (
    Question(
        "A colleague shows a curve of guide and explorer together that never falls. What do you "
        "ask first?",
        (
            Option(
                "Whether there are enough seeds for a narrow interval.",
                "More seeds say more exactly what the pair returns. They do not say what the "
                "explorer can do without its guide.",
            ),
            Option(
                "Whether `h` fell in a straight line or in stages.",
                "Any kind of schedule can leave `h` large until the end, and any kind can reach 0. "
                "Its form does not tell which of them happened.",
            ),
            Option(
                "How large `h` was at the end, and what the explorer returns alone.",
                "As long as `h` is large the curve is flat for any explorer. That is stagnation: "
                "nothing lost, and nothing learned that could be deployed.",
                right=True,
            ),
            Option(
                "Nothing: a jump start is there to avoid the fall, and this one has avoided it.",
                "A guide that never hands over avoids the fall too. The pair is the way, but the "
                "explorer alone is what you deploy.",
            ),
        ),
    ),
    Question(
        "With γ = 0.99 and `h` = 300 the explorer gets worse by 100 of value at the hand-off. By "
        "how much does the discounted value at the start fall?",
        (
            Option(
                "By about 100.",
                "That is the loss where the explorer takes over, or in a return without discount. "
                "Seen from the start it lies 300 steps away.",
            ),
            Option(
                "By about 5.",
                "`100 * 0.99 ** 300` is 4.9: whoever looks at the start is nearly blind. Read the "
                "value at the hand-off states, or estimate the return with γ = 1 and a clock.",
                right=True,
            ),
            Option(
                "By about 1.",
                "That is `100 * (1 - 0.99)`. The discount counts once for every step to the "
                "hand-off, and it multiplies what comes after.",
            ),
            Option(
                "By about 95.",
                "That is `100 * (1 - 0.99 ** 300)`, as if the weight of the guide's steps were the "
                "explorer's. What comes after `h` has the weight γ to the power of `h`.",
            ),
        ),
    ),
    Question(
        "Why compare an automatic schedule with more than one linear one?",
        (
            Option(
                "A bad guess is easy to beat, a lucky one is not.",
                "One linear schedule can make any other look good or bad. The honest question is "
                "how near the automatic one comes to the lucky one without having been told it. "
                "That takes the same guide and explorer for both, and lesson 05 has others.",
                right=True,
            ),
            Option(
                "A linear schedule is random, so a single run of it says little.",
                "It follows the clock and has no chance in it. What differs from run to run is the "
                "rest, and for that there are seeds.",
            ),
            Option(
                "The mean over several linear schedules is a fair opponent.",
                "Nobody deploys a mean of schedules, and it moves with the lengths that you happen "
                "to put in. Show each one by itself.",
            ),
            Option(
                "The best of them tells the automatic one how fast `h` may fall.",
                "Then it is no longer automatic. The best one was found by searching in the "
                "environment, falls included, and depends on guide, data and task.",
            ),
        ),
    ),
)
