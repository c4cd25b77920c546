"""Quiz of lesson 08: shoot-out."""

from __future__ import annotations

from rlft.course.question import Option, Question

QUIZ: tuple[Question, ...] = (
    Question(
        "At one of four places two of ten seeds of a method are lost. Its IQM over all places "
        "hardly moves. Why?",
        (
            Option(
                "Two of ten is too few for any statistic to see.",
                "The mean sees them, and so does the share of collapsed seeds. It is this "
                "statistic that does not.",
            ),
            Option(
                "The IQM is taken place by place, and the other three places outweigh this one.",
                "All runs go into one row, whichever place they are of. What happens to the lowest "
                "of that row?",
            ),
            Option(
                "They are among the quarter of the runs at the bottom, which the IQM leaves out.",
                "Two of forty runs, and ten go at either end. That makes the IQM steady, and it is "
                "why the share of collapsed seeds has to stand beside it.",
                right=True,
            ),
            Option(
                "The bootstrap draws them away.",
                "The bootstrap makes the interval. The estimate is that of the runs as they are.",
            ),
        ),
    ),
    Question(
        "The intervals of two methods overlap, and both started from the same ten priors. What "
        "follows?",
        (
            Option(
                "Nothing yet: look at the differences, seed by seed.",
                "What makes seeds differ most is often their prior, and in the difference it is "
                "gone. Its interval may well lie on one side of 0.",
                right=True,
            ),
            Option(
                "There is no difference between the two.",
                "An interval that holds 0 says that these seeds could not see a difference. And "
                "you have not looked at the difference's interval at all.",
            ),
            Option(
                "The one with the higher estimate is better.",
                "It may be. How often would it come out on top with ten other seeds?",
            ),
            Option(
                "More evaluation episodes would part them.",
                "They make each seed's number steadier. What keeps the intervals wide is that "
                "seeds differ, and only more seeds help there.",
            ),
        ),
    ),
    Question(
        "You tried fourteen methods with ten seeds each and report the best one's score. What "
        "will it score when you run it again?",
        (
            Option(
                "The same on average: each score is an unbiased mean.",
                "Each by itself is. But this one was picked because it came out high, and part of "
                "that was luck.",
            ),
            Option(
                "Probably less: luck was a part of why it was picked.",
                "Of fourteen scores with noise the highest is likely to have had luck. Choose on "
                "some seeds and report on others, as the decision in the exercises does.",
                right=True,
            ),
            Option(
                "Probably more: the worse methods are out of the way.",
                "The other methods do nothing to this one's runs.",
            ),
            Option(
                "Its interval says it: 95 % of new runs lie inside.",
                "The interval is about the statistic, not about single runs, and it does not know "
                "that thirteen others were looked at.",
            ),
        ),
    ),
)
