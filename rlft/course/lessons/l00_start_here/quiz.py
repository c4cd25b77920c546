"""Questions of lesson 00: start here."""

from __future__ import annotations

from rlft.course.question import Option, Question

QUIZ: tuple[Question, ...] = (
    Question(
        "In a log a third of the episodes ran into the time limit, and all of these ends were "
        "stored as terminations. Each step costs 1. What becomes of Q near these ends, and of the "
        "policy?",
        (
            Option(
                "Q is too high there, and the policy goes there and stays.",
                "The target has no future cost, so the place looks as good as the goal. A policy "
                "that follows this Q walks to where the clock used to stop.",
                right=True,
            ),
            Option(
                "Q is too low there, and the policy avoids these places.",
                "A termination switches the future off, and here the future is all cost. Without "
                "it a place looks better, not worse.",
            ),
            Option(
                "Q is right; only the number of episodes is wrong.",
                "The flag decides whether the target has a second term at all, so it changes what "
                "Q learns.",
            ),
            Option(
                "Q is too high there, but the policy does not care.",
                "Q is indeed too high. But the policy moves to where Q is high, so it follows this "
                "error.",
            ),
        ),
    ),
    Question(
        "The agent is a robot, and a table lists only the return at the end of fine-tuning. Which "
        "two numbers of the summary tell its owner what the way there cost?",
        (
            Option(
                "start and final",
                "Both can be good while the robot was useless in between. That is the success "
                "story that the table tells already.",
            ),
            Option(
                "drop and time below start",
                "The drop says how bad the worst moment was. The time below start says how long "
                "the robot would have been better off without any fine-tuning.",
                right=True,
            ),
            Option(
                "final and the number of seeds that improved",
                "These say whether it was worth it in the end. They say nothing of the episodes "
                "on the way, which the owner paid for.",
            ),
        ),
    ),
    Question(
        "You suspect that the fall after the switch comes from the temperature alone, which starts "
        "afresh. Which experiment tests that?",
        (
            Option(
                "Fine-tune with InAC, which has no such temperature.",
                "InAC differs in its losses, its prior and much more. If it does not fall, you do "
                "not know why.",
            ),
            Option(
                "Hand over temperature, data and optimizer states, and see whether it still falls.",
                "Three things change at once. If the fall is gone, it may have been any of them.",
            ),
            Option(
                "Repeat the run with more seeds.",
                "More seeds make the interval narrower. They do not say what causes the fall.",
            ),
            Option(
                "Hand over the temperature as well, change nothing else, and compare the drops.",
                "One change, the same prior, and a result that could prove you wrong: if the drop "
                "hardly changes, it was not the temperature alone.",
                right=True,
            ),
        ),
    ),
)
