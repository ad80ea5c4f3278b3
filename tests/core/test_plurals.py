from cpdocs.core.plurals import counted, plural


def test_one_of_a_thing_has_its_own_word_and_every_other_number_the_plural() -> None:
    assert [counted(number, "letter") for number in (0, 1, 2, 1000)] == [
        "0 letters",
        "1 letter",
        "2 letters",
        "1000 letters",
    ]
    assert counted(2, "reply", "replies") == "2 replies" and counted(1, "reply", "replies") == "1 reply"
    assert plural(1, "was", "were") == "was" and plural(3, "was", "were") == "were"
