"""Questions of lesson 02: the early collapse."""

from __future__ import annotations

from rlft.course.question import Option, Question

QUIZ: tuple[Question, ...] = (
    Question(
        "How does the InAC target policy formula differ from standard SAC, and which problem does "
        "the difference solve?",
        (
            Option(
                "It needs no critic: the policy imitates every logged action alike, so no wrong Q "
                "can mislead it.",
                "That is behaviour cloning. InAC has two critics and a V, and they make its "
                "weights.",
            ),
            Option(
                "It has no entropy in it: no bonus can then talk the policy out of what it knows.",
                "`tau` is InAC's entropy: the larger it is, the more alike the weights, and the "
                "broader the policy.",
            ),
            Option(
                "It is `pi_b * exp((Q - V) / tau - log pi_b)`: Q counts for logged actions only.",
                "SAC's is `exp(Q / alpha)` over all actions, so Q is asked where nobody tried. "
                "With `pi_b` in front, an action that the data never holds has probability 0, "
                "whatever Q guesses; and `- log pi_b` makes Q decide among the others, not how "
                "often each was logged.",
                right=True,
            ),
            Option(
                "It is `exp((Q - V) / tau)` over all actions: V keeps Q from being too high where "
                "there is no data.",
                "V is the same for all actions of a state, so it changes the scale of their "
                "weights and not their order. What helps is that only logged actions are weighed.",
            ),
        ),
    ),
    Question(
        "If a Critic underestimates the value of a specific action, how does the Actor's policy "
        "change in response?",
        (
            Option(
                "It takes the action less often. So the action is hardly tried, and the mistake "
                "can stay for good.",
                "What is not tried is not corrected. An overestimated action is tried at once and "
                "corrected, at the price of trying it.",
                right=True,
            ),
            Option(
                "It takes the action less often at first; soon the critic has learned its true "
                "value, and it comes back.",
                "From what should the critic learn it? Fresh data about an action comes from "
                "taking it, and that is what the policy stopped doing.",
            ),
            Option(
                "It takes the action more often, to find out whether the low value is right.",
                "SAC climbs Q and knows nothing of doubt. Its entropy bonus keeps all actions "
                "alive, and none of them for being doubtful.",
            ),
            Option(
                "Nothing changes: the policy follows the best action, and a low value elsewhere "
                "does not concern it.",
                "The underestimated action may have been the best one, and a SAC policy spreads "
                "over actions by their values: each change of Q moves it.",
            ),
        ),
    ),
    Question(
        "Right after the switch your agent is bad during training and good in evaluation. What do "
        "you look at first?",
        (
            Option(
                "The critics' error at unseen states: this is how a collapse begins.",
                "A collapsed policy is bad in evaluation too. Here the same policy does well when "
                "it is evaluated.",
            ),
            Option(
                "Who acts: drawn actions in training, the likeliest in evaluation?",
                "A warm-up with random actions looks like a collapse and is none, and samples may "
                "do worse than the most likely action. The switch report shows both returns, the "
                "temperature and the share of random actions.",
                right=True,
            ),
            Option(
                "The learning rate: the policy moves too far in each update.",
                "Then evaluation would suffer as much: it uses the same weights.",
            ),
            Option(
                "The drop: the lowest of many noisy evaluations lies below the curve.",
                "True of the drop, but it comes from evaluations, and these are good. The gap is "
                "between two ways of acting.",
            ),
        ),
    ),
)
