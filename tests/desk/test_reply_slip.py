"""A letter's reply slip at the desk: shown with its member and answer, recorded by the same use case as on the command
line."""

from __future__ import annotations

from tests.desk.conftest import at_the_desk
from tests.flows.returning import recorded
from tests.flows.test_reply_slips import CAME, Post, _mailed, post  # noqa: F401 fixtures

READ = {"do": "slip", "by": "Sam Sample", "reason": "the second box is ticked"}


def test_a_slip_is_read_at_the_desk(post: Post) -> None:  # noqa: F811 the fixture
    post.comes(post.slip("1", (1, "tick")))
    (item,) = post.held()
    address = f"/review/{item['id']}"
    with at_the_desk(post.cli.root, CAME) as browser:
        browser.log_in()
        shown = browser.get(address).text
        assert "The reply slip for Nameb Testperson" in shown
        assert 'id="answer-decline" value="decline" checked' in shown
        assert "slot_pcp" not in shown
        assert "The reply slip as issued" in shown
        assert "What does the slip say?" in browser.post(address, **READ).text
        assert not recorded(post.cli.root, "member.declined")
        browser.post(address, **READ, answer="decline")
    (said,) = recorded(post.cli.root, "member.declined")
    assert said.data["member_id"] == post.member("1")
    assert not post.held()
