"""What is wrong with a field of a form is said beside it."""

from __future__ import annotations

from cpdocs.desk.forms import FieldFault
from cpdocs.desk.wrong_fields import with_wrong_field

TOP = '<form method="post" action="/search"><input id="q" name="q"></form><div id="fault"><p>No.</p></div>'
FORMS = (
    '<form method="post"><input id="a-by" name="by" value="&gt;"><button name="do" value="call"></button></form>'
    '<form method="post"><input id="b-by" name="by" aria-describedby="h"><input type="radio" id="r" name="npi">'
    '<button name="do" value="sent"></button></form>'
)


def marked(field: str, button: str) -> str:
    return with_wrong_field(TOP + FORMS, FieldFault("It is <empty>.", field=field, todo="Check --at."), button)


def test_the_field_of_the_form_that_was_sent_has_the_focus_the_message_and_a_link() -> None:
    page = marked("by", "sent")
    assert 'id="b-by" name="by" aria-describedby="wrong h" aria-invalid="true" autofocus>' in page
    assert '<span class="wrong" id="wrong">It is &lt;empty&gt;. Check the time.</span><input id="b-by"' in page
    assert '<a href="#b-by">To the field</a></p>' in page
    assert page.count("aria-invalid") == 1
    assert 'id="a-by" name="by" value="&gt;" aria-describedby="wrong" aria-invalid' in marked("by", "call")


def test_a_box_to_tick_is_described_by_the_message_at_the_top() -> None:
    page = marked("npi", "sent")
    assert 'name="npi" aria-describedby="fault" aria-invalid="true" autofocus>' in page
    assert 'class="wrong"' not in page


def test_a_field_that_no_such_form_has_marks_nothing() -> None:
    assert marked("by", "shred") == TOP + FORMS
    assert marked("nothing", "call") == TOP + FORMS
