"""What waits for whom: one list, and nothing unseen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk
from tests.flows.test_held import faxed

LATER = "2026-11-20T15:00:00Z"
NEXT_YEAR = "2027-10-01T15:00:00Z"


def waits(cli: CommandLine, *more: str, now: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli("todo", "--json", *more, now=now).json
    return found


def kinds_of(cli: CommandLine, document_id: str, now: str | None = None) -> set[str]:
    return {item["kind"] for item in waits(cli, now=now) if item["document_id"] == document_id}


def send(office: Office, document_id: str) -> None:
    office.cli("plan", "sent", document_id, "--to", "K", "--channel", "fax", "--at", "2026-11-02T12:00")


def test_a_plan_waits_to_be_sent_then_for_both_who_sign(issued: Office) -> None:
    bh = issued.documents["bh"]
    assert kinds_of(issued.cli, bh) == {"unsent", "member_signature"}
    send(issued, bh)
    assert kinds_of(issued.cli, bh) == {"pcp_signature", "member_signature"}
    issued.cli("plan", "approve", bh, "--slot", "member", "--how", "phone", "--on", "2026-11-02", "--by", "D. Sample")
    assert kinds_of(issued.cli, bh) == {"pcp_signature"}


def test_each_item_says_who_since_when_and_what_to_type_next(issued: Office) -> None:
    bh = issued.documents["bh"]
    send(issued, bh)
    (item,) = [each for each in waits(issued.cli, "--kind", "pcp_signature") if each["document_id"] == bh]
    assert item["member"]
    assert item["coordinator"]
    assert item["due_on"]
    assert item["since"]
    assert f"cpdocs call {bh} --to " in item["what_to_do"]


def test_names_are_left_out_where_the_output_is_no_terminal(issued: Office) -> None:
    names = {item["member"] for item in waits(issued.cli) if item["member"]}
    shown = issued.cli("todo")
    assert names
    assert not any(name in shown.out + shown.err for name in names)


def test_the_oldest_comes_first_and_pages_make_the_whole(issued: Office) -> None:
    whole = waits(issued.cli)
    assert [item["since"] for item in whole] == sorted(item["since"] for item in whole)
    assert [waits(issued.cli, "--limit", "1", "--page", str(place + 1))[0] for place in range(len(whole))] == whole


def test_it_can_be_narrowed(issued: Office) -> None:
    whole = waits(issued.cli)
    for option, key in (("--coordinator", "coordinator"), ("--practice", "practice_id"), ("--program", "program")):
        value = next(item[key] for item in whole if item[key])
        assert waits(issued.cli, option, value) == [item for item in whole if item[key] == value]
    assert waits(issued.cli, "--coordinator", "Nobody Known") == []
    for command in (("todo",), ("status",), ("due",), ("plan", "list")):
        told = issued.cli(*command, "--coordinator", "Nobody Known", "--practice", "S99").err
        assert "no coordinator of that name" in told, "that nothing is shown is no all-clear"
        assert "No practice of that id" in told


def test_what_came_back_waits_for_a_reviewer_and_nobody_is_asked_for_it(issued: Office) -> None:
    desk = Desk(issued)
    bh = issued.documents["bh"]
    send(issued, bh)
    row = desk.take(faxed(desk.issued_file(), standard=True), name="fax.tif")
    assert row["verdict"] == "held"
    assert kinds_of(issued.cli, bh, now=RETURN) == {"returned"}
    assert issued.status(bh)["waiting_for_review"][0]["sha256"] == row["sha256"]
    assert "returned, waiting for review" in issued.cli("status").out
    assert "returned, waiting for review" in issued.cli("due").out
    assert "returned, waiting for review" in issued.cli("plan", "show", bh).out
    assert "returned, waiting for review" in issued.cli("note", bh).out


def test_a_refusal_is_tried_again_on_its_day(issued: Office) -> None:
    bh = issued.documents["bh"]
    issued.cli(
        *("plan", "refuse", bh, "--slot", "member", "--on", "2026-11-02", "--offered", "all", "--language", "en"),
        *("--by", "D. Sample", "--reason", "wants time", "--next-try", "2026-11-16"),
    )
    assert "refusal_retry" not in kinds_of(issued.cli, bh)
    assert "refusal_retry" in kinds_of(issued.cli, bh, now=LATER)


def test_comments_wait_for_the_coordinator(issued: Office) -> None:
    bh = issued.documents["bh"]
    send(issued, bh)
    issued.cli("plan", "return", bh, "--reason", "dose", "--at", "2026-11-02T14:00")
    assert "comments" in kinds_of(issued.cli, bh)


def test_who_has_no_plan_is_on_the_list_when_it_is_time(office: Office) -> None:
    assert {item["kind"] for item in waits(office.cli, now=NEXT_YEAR)} >= {"plan_missing", "first_visit_due"}


def test_an_unknown_kind_is_a_fault_of_usage(cli: CommandLine) -> None:
    assert cli("todo", "--kind", "nothing", status=2)


@pytest.mark.parametrize("kind", ["home_visit_due", "medications_unsent", "delivery_unsure", "notice_to_send"])
def test_a_kind_that_nothing_tells_of_is_empty(kind: str, cli: CommandLine) -> None:
    assert waits(cli, "--kind", kind) == []
