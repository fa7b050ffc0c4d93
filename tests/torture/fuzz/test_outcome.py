from rs_srgan.reading.paths import existing
from torture.fuzz.outcome import Outcome, lines, place_of


def test_failures_of_one_kind_are_one_line_with_the_first_input():
    outcomes = [Outcome(3, "crash: SIGSEGV"), Outcome(4), Outcome(5, "hang: 10 s"), Outcome(6, "crash: SIGSEGV at x")]
    assert lines(outcomes, 7) == (
        "crash: SIGSEGV (2 times, first with seed 7, input 3)",
        "hang: 10 s (1 times, first with seed 7, input 5)",
    )


def test_the_place_of_an_error_is_the_line_of_the_project():
    try:
        existing("a\0b")
    except ValueError as error:
        found = place_of(error)
    assert found.startswith("InputError at rs_srgan/reading/paths.py:")
