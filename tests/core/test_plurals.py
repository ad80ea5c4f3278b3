from cpdocs.core.plurals import counted, plural


def test_one_of_a_thing_has_its_own_word_and_every_other_number_the_plural() -> None:
    assert [counted(number, "letter") for number in (0, 1, 2)] == ["0 letters", "1 letter", "2 letters"]
    assert [counted(number, "reply", "replies") for number in (1, 2)] == ["1 reply", "2 replies"]
    assert [plural(number, "was", "were") for number in (1, 3)] == ["was", "were"]
