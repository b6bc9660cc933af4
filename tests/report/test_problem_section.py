"""What the report says about one problem."""

from dataclasses import replace

import pytest

from study.records.base import Estimate
from study.records.study import Signature
from study.records.trial import Hyperparameter, SearchSpace
from study.report import ProblemInput
from study.report.problem_section import edge_check, facts, heatmap_warning, problem_section, result
from study.report.problem_tables import (
    EnsembleRow,
    MetricRow,
    Networks,
    Parameter,
    TrialRow,
    ensemble_rows,
    gap_rows,
    metric_rows,
    networks,
    seed_rows,
    table_of,
)
from tests.factories import evaluation, network_result, sanity, signature, trained, trial
from tests.report.inputs import picture, problem


def test_networks_are_compared_name_by_name() -> None:
    found = evaluation(
        networks={
            "baseline": network_result(
                0.8, hyperparameters={"filters": 32, "decay": "none", "units": 8}
            ),
            "tuned": network_result(
                0.9, hyperparameters={"filters": 64, "decay": "none", "momentum": 0.0}
            ),
        }
    )
    shown = networks(ProblemInput("mnist", evaluation=found))
    assert shown == Networks(
        title={"baseline": "Baseline", "tuned": "Tuned"},
        parameters={"baseline": 1000, "tuned": 1000},
        rows=(
            Parameter("filters", 32, 64),
            Parameter("decay", "none", "none"),
            Parameter("units", 8, None),
            Parameter("momentum", None, 0.0),
        ),
    )
    assert [row.differs for row in shown.rows] == [True, False, True, True]


def test_before_the_evaluation_the_best_trial_stands_for_the_tuned_network() -> None:
    shown = networks(problem(evaluation=None))
    assert shown is not None
    assert shown.title == {"baseline": "Baseline (trial 0)", "tuned": "Best so far (trial 2)"}
    assert shown.rows == (Parameter("filters", 32, 16), Parameter("rate", 0.1, 0.001))


def test_without_a_completed_trial_there_are_no_networks_to_show() -> None:
    assert networks(ProblemInput("mnist", trials=(trial(0, None),))) is None
    assert networks(ProblemInput("mnist")) is None


def test_table_of_trials_has_all_trials_and_all_hyperparameters() -> None:
    trials = (
        trial(0, 0.8, hyperparameters={"filters": 32}, tuner={"tuner/epochs": 2}),
        trial(1, None, hyperparameters={"filters": 64, "momentum": 0.9}),
        trial(2, 0.9, hyperparameters={"filters": 16}),
    )
    table = table_of(trials, "first")
    assert table is not None
    assert table.columns == ("filters", "momentum")
    assert table.rows == (
        TrialRow(trials[0], (32, None), ("baseline",)),
        TrialRow(trials[1], (64, 0.9), ()),
        TrialRow(trials[2], (16, None), ("best",)),
    )
    assert table.summary == "3 trials, 1 failed. The best is trial 2 with 90.00% on validation."


def test_without_trials_there_is_no_table() -> None:
    assert table_of((), "first") is None


def test_compared_metric_comes_first_and_a_single_one_not_again() -> None:
    found = evaluation(metrics=("length", "joint"))
    low, high = (Estimate(mean=m, ci95=(m - 0.02, m + 0.02)) for m in (0.8, 0.9))
    assert metric_rows(found) == (MetricRow("joint", low, high), MetricRow("length", low, high))
    assert metric_rows(evaluation()) == ()


def test_ensembles_are_shown_on_the_metric_compared_and_of_old_records_none() -> None:
    found = evaluation()
    assert ensemble_rows(found) == ()
    score = Estimate(mean=0.95, ci95=(0.93, 0.97))
    tuned = found.networks["tuned"].model_copy(update={"ensemble": {"accuracy": score}})
    found = found.model_copy(update={"networks": found.networks | {"tuned": tuned}})
    assert ensemble_rows(found) == (EnsembleRow("tuned", 2, score),)


def test_saved_network_is_marked_among_the_retrainings() -> None:
    rows = seed_rows(evaluation())
    assert [(row.network, row.result.seed, row.saved) for row in rows] == [
        ("baseline", 1, True),
        ("baseline", 2, False),
        ("tuned", 1, True),
        ("tuned", 2, False),
    ]
    assert (rows[0].validation, rows[0].test) == (0.8, 0.8)


def test_facts_name_data_measure_search_and_seeds() -> None:
    signature = Signature(image_shape=(8, 8, 1), heads={"class": list("abc")}, images={})
    assert facts(replace(problem(), signature=signature)) == (
        ("Images", "60 train, 20 validation and 60 test"),
        ("Classes", "3"),
        ("Measured", "accuracy, the share of images whose class is predicted correctly"),
        ("Search", "3 trials by random search, up to 2 epochs each"),
        ("Retrained", "both networks, with seeds 1 and 2"),
    )
    assert facts(ProblemInput("mnist")) == ()


def test_result_in_a_sentence() -> None:
    assert result(evaluation()) == (
        "On the 60 test images the tuned network reaches 90.00% accuracy, the baseline 80.00%: a "
        "difference of +10.00 percentage points (95% interval +7.00 to +13.00)."
    )


def test_headings_are_there_only_with_something_below_them() -> None:
    section = problem_section(problem(), "there", "first")
    assert [group.key for group in section.groups] == [
        "search",
        "training",
        "results",
        "filters",
    ]
    section = problem_section(problem(evaluation=None, pictures=()), "there", "first")
    assert [group.key for group in section.groups] == ["search"]


def test_what_is_missing_is_said_with_the_command_that_makes_it() -> None:
    notes = problem_section(ProblemInput("mnist", notes=("damaged",)), "there", "first").notes
    assert notes[0] == "damaged"
    assert len(notes) == 4
    assert "`python -m study evaluate first`" in notes[2]
    assert "`python -m study draw first`" in notes[3]
    assert problem_section(problem(), "there", "first").notes == ()


def test_unreadable_picture_is_noted() -> None:
    files = (*problem().pictures, picture("bad.png"))
    broken = type(files[-1])(files[-1].picture, b"")
    notes = problem_section(problem(pictures=(*files[:-1], broken)), "there", "first").notes
    assert notes == ("The picture bad.png (Title of bad.png) cannot be read as PNG.",)


SPACE = SearchSpace(
    objective="accuracy",
    hyperparameters=[
        Hyperparameter(name="filters", kind="choice", values=[16, 32, 64]),
        Hyperparameter(name="depth", kind="int", low=1, high=5, step=1),
        Hyperparameter(name="rate", kind="float", low=1e-4, high=0.01, log=True),
    ],
)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"filters": 32, "depth": 3},
            "None of the best trial's 2 hyperparameters with a range is at an end of its range "
            "(for a random network 1.1 would be expected): the space was large enough for this "
            "trial.",
        ),
        (
            {"filters": 16, "depth": 3},
            "1 of the best trial's 2 hyperparameters with a range is at an end of its range (for a "
            "random network 1.1 would be expected): filters = 16, the minimum of the range 16 to "
            "64. Chance can explain this; a wider space need not be better.",
        ),
        (
            {"filters": 64, "depth": 5, "rate": 0.0099},
            "3 of the best trial's 3 hyperparameters with a range are at an end of their range "
            "(for a random network 1.2 would be expected): filters = 64, the maximum of the range "
            "16 to 64; depth = 5, the maximum of the range 1 to 5; rate = 0.0099, the maximum of "
            "the range 0.0001 to 0.01. This is more than chance would explain well: try a wider "
            "space.",
        ),
    ],
)
def test_the_best_trial_says_whether_the_space_was_large_enough(
    values: dict[str, float], said: str
) -> None:
    trials = (trial(0, 0.5, hyperparameters={"filters": 16}), trial(1, 0.9, hyperparameters=values))
    found = problem(space=SPACE, trials=trials)
    assert edge_check(found) == said
    assert ("Edge of the space", said) in facts(found)


def test_without_a_space_or_a_best_trial_nothing_is_said_of_its_edge() -> None:
    assert edge_check(problem(space=None)) is None
    assert edge_check(problem(space=SPACE, trials=(trial(0, None),))) is None
    assert edge_check(problem(space=SPACE, trials=(trial(0, hyperparameters={"way": 1}),))) is None


def test_search_that_was_interrupted_is_said_to_be_and_how_it_goes_on() -> None:
    given = problem(evaluation=None, pictures=())
    notes = problem_section(given, "there", "first", ["search", "evaluate", "figures"]).notes
    assert [note.partition("`")[0] for note in notes] == [
        "The search is not finished: only 3 trials finished so far. ",
        "The networks have not been compared yet, and the test part has not been read. ",
        "There are no figures yet. ",
    ]
    assert all("`python -m study resume first`" in note for note in notes)


def test_stages_that_were_not_planned_have_their_own_command() -> None:
    given = problem(evaluation=None, pictures=())
    search, *others = problem_section(given, "there", "first", ["search"]).notes
    assert "resume first" in search
    assert "evaluate first" in others[0]
    assert "draw first" in others[1]


def test_interrupted_between_any_two_stages_the_next_is_named() -> None:
    evaluated = problem_section(problem(pictures=()), "there", "first", ["figures"]).notes
    assert evaluated == ("There are no figures yet. `python -m study resume first` makes them.",)
    searched = problem_section(
        problem(evaluation=None, pictures=()), "there", "first", ["evaluate", "figures"]
    ).notes
    assert len(searched) == 2
    redrawn = problem_section(problem(), "there", "first", ["figures"]).notes
    assert redrawn[0].startswith("The figures show an earlier state of the run.")


def test_figures_that_were_not_planned_are_drawn_again_by_their_own_command() -> None:
    (note,) = problem_section(problem(outdated=True), "there", "first").notes
    assert note == (
        "The figures show an earlier state of the run. `python -m study draw first` redraws them."
    )


def test_while_the_run_goes_on_the_rest_is_to_come() -> None:
    plan = ["search", "evaluate", "figures"]
    given = problem(evaluation=None, pictures=())
    assert problem_section(given, "there", "first", plan, live=True).notes == (
        "Still to come: the rest of the search, the comparison on the test part and the figures.",
    )
    assert problem_section(problem(), "there", "first", [], live=True).notes == ()


def test_methods_whose_maps_vanish_and_records_of_one_draw_are_not_passed_over() -> None:
    warning = heatmap_warning(sanity(0.1, 0.3, 0.1, 0.1, vanished=0.2), "heatmaps")
    assert warning
    assert warning.startswith(
        "Not shown to be trustworthy: Grad-CAM++ for the baseline network and Grad-CAM++ for the "
        "tuned network. Too many of these heatmaps become uniform"
    )
    old = heatmap_warning(sanity(0.1, 0.1, 0.1, 0.9, draws=1), "heatmaps")
    assert old
    assert "the check used 1 draw of random weights, and a verdict needs 5" in old
    assert heatmap_warning(sanity(0.1, 0.1, 0.1, 0.9, draws=1), "filters") is None
    assert heatmap_warning(sanity(0.1, 0.1, 0.1, 0.1), "heatmaps") is None


def test_heatmaps_of_a_method_that_is_not_to_be_trusted_are_marked() -> None:
    pictures = tuple(
        picture(f"{section}.png", section=section)
        for section in ("filters", "heatmaps", "trust", "errors")
    )
    shown = problem_section(
        problem(pictures=pictures, sanity=sanity(0.1, 0.2, 0.9, 0.2)), "problem-mnist", "first"
    )
    words = (
        "Not to be trusted here: Score-CAM for the baseline network and Score-CAM for the tuned "
        "network. These heatmaps stay much the same when all learned weights are replaced by "
        "random ones: see “Do the heatmaps react to what the network learned?”."
    )
    assert {group.key: group.warning for group in shown.groups} == {
        "search": None,
        "results": None,
        "filters": None,
        "heatmaps": words,
        "trust": words,
        "errors": words,
    }


def test_heatmaps_that_react_are_not_marked() -> None:
    shown = problem_section(
        problem(
            pictures=(picture("a.png", section="heatmaps"),), sanity=sanity(0.1, 0.2, 0.4, 0.2)
        ),
        "problem-mnist",
        "first",
    )
    assert {group.warning for group in shown.groups} == {None}


def test_gaps_are_of_both_networks_and_their_difference() -> None:
    rows = gap_rows(evaluation())
    assert [row.of for row in rows] == ["baseline", "tuned", "tuned minus baseline"]
    assert all(row.gap.ci95[0] < row.gap.mean == 0 < row.gap.ci95[1] for row in rows)
    assert gap_rows(evaluation(images={"test": 30})) == ()


def test_networks_that_were_still_improving_are_said_to_be_beside_the_verdict() -> None:
    section = problem_section(problem(), "there", "first")
    assert section.caution
    assert section.caution.startswith("both networks were still improving")
    done = problem(evaluation=trained(evaluation(), kept=3, epochs=5))
    assert problem_section(done, "there", "first").caution is None


def test_the_table_of_a_long_search_says_what_it_leaves_out() -> None:
    trials = tuple(trial(number, 0.5 + number / 10_000) for number in range(1_000))
    table = table_of(trials, "long run")
    assert table
    assert table.summary.startswith("1,000 trials, none failed.")
    assert len(table.rows) == 500
    assert {0, 999} <= {row.trial.number for row in table.rows}
    assert table.note
    assert table.note.startswith("The table has 500 of the 1,000 trials with a score (the baseline")
    assert table.note.endswith("`python -m study export 'long run' --to csv` writes all trials.")


def test_points_that_were_not_trained_are_told() -> None:
    rejected = trial(1, 0.9).model_copy(update={"rejected": ["too large", "no network"]})
    table = table_of((trial(0, 0.8), rejected), "run")
    assert table
    assert (
        "2 trials, none failed. 2 further points of the space did not give a network"
        in table.summary
    )


def test_what_the_baseline_is_is_a_fact() -> None:
    known = signature("mnist").model_copy(update={"baseline": "the prescribed network"})
    given = replace(problem("mnist"), signature=known)
    assert ("Baseline", "the prescribed network") in facts(given)
