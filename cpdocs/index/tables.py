"""The tables of the derived index: one row a plan version, a returned part, a notice, a letter piece, a person.

Days are Massachusetts dates and times UTC, both as ISO 8601 text; what isn't there is an empty text or 0, so that rows
can be compared as they are. Nothing here depends on today: ``due_on`` is kept, never "overdue".
"""

from __future__ import annotations

FORM = 26
"""Raised with every change of these tables or of what fills them; an index of another form is made anew."""

TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # name: (columns, those that are its key)
    "plans": (
        (
            *("document_id", "seq", "member_id", "program", "version", "practice_id", "pcp_npi", "payer", "state"),
            *("closed", "complete", "part2", "issued_at", "issued_on", "sent_at", "received_at", "receipt_at"),
            *("due_on", "reminder_3", "reminder_6", "running", "stopped_by", "stopped_on", "business_days"),
            *("member_evidence", "pcp_evidence", "refused_slot", "refused_on", "next_try", "returned_on"),
            *(
                "filed_at",
                "filed_seq",
                "target",
                "unfiled_seq",
                "unfiled_target",
                "uploaded_at",
                "filing_held",
                "review_on",
                "choices",
            ),
            *("consent_until", "consent_ended"),
            *("services", "affiliated", "asked", "assigned_on", "moved_from_npi", "moved_from_practice"),
            # Of other rows: linking.py
            *("coordinator", "live_until", "back", "pcp_changed", "practice_changed", "charting", "posting"),
            *("signer_changes_on", "signer_since"),
        ),
        ("document_id",),
    ),
    "kept_files": (("document_id", "sha256", "until", "stamped_at"), ("document_id", "sha256")),
    "returns": (
        (
            *("sha256", "part", "seq", "document_id", "practice_id", "received_at", "decided", "verdict", "lane"),
            *("waiting", "codes", "item", "resolved_at", "kind", "member_id", "program", "answer"),
            # Of other rows, where it waits: linking.py
            *("waits_as", "whose", "for_program", "coordinator", "at_practice", "called"),
        ),
        ("sha256", "part"),
    ),
    "notices": (
        (
            *("seq", "document_id", "practice_id", "kind", "stage", "file", "written_at", "return_sha256"),
            *("reference", "member_id", "waiting", "channel", "sent", "place"),
        ),
        ("seq", "document_id"),
    ),
    "deliveries": (
        (
            *("delivery_id", "seq", "document_id", "version", "target", "kind", "purpose", "practice_id", "state"),
            *("attempts", "outcome", "words", "since", "queued_at", "attempted_at", "answered_at", "delivered_at"),
            "notice",
        ),
        ("delivery_id",),
    ),
    "members": (
        (
            *("member_id", "program", "last_name", "first_name", "name", "coordinator", "practice_id", "pcp_npi"),
            *("cp_org", "payer", "status", "assigned_on", "contact_by", "end_on", "live_until", "ended_by", "met_on"),
            *("adult_on", "guardian_on", "guardian_same", "planned"),
        ),
        ("member_id", "program"),
    ),
    "discharges": (
        ("member_id", "program", "discharged_at", "visit_due", "visit_due_on", "waiting"),
        ("member_id", "program"),
    ),
    "medications": (
        ("document_id", "seq", "member_id", "program", "practice_id", "issued_at", "visit_due_on", "sent_at"),
        ("document_id",),
    ),
    "assignments": (
        # As its key has them; ``person`` is who it is but for the id.
        (
            *("member_id", "program", "cp_org", "assigned_on", "person"),
            "lettered",  # Of other rows: linking.py
        ),
        ("member_id", "program", "cp_org", "assigned_on"),
    ),
    "practices": (
        ("practice_id", "name", "phone", "fax", "key_contact", "key_contact_email", "return_channel"),
        ("practice_id",),
    ),
    "clinicians": (("npi", "practice_id", "name", "credential", "role", "active"), ("npi", "practice_id")),
    "attempts": (("seq", "member_id", "program", "at"), ("seq",)),
    "runs": (("run_id", "kind", "state", "on_day", "records_in", "pieces", "held", "mailed_on"), ("run_id",)),
    "pieces": (
        (
            *("run_id", "piece", "document_id", "kind", "member_id", "program", "cp_org", "assigned_on", "occasion"),
            *("language", "format", "pages", "sheets", "pulled"),
        ),
        ("run_id", "piece"),
    ),
}

_NUMBERS = frozenset(
    {
        *("seq", "version", "complete", "part2", "running", "business_days", "services", "affiliated", "part"),
        *(
            "overdue_asked",
            "consent_ended",
            "decided",
            "attempts",
            "notice",
            "filed_seq",
            "unfiled_seq",
            "waiting",
            "sent",
            "place",
            "answer_due",
            "active",
            "records_in",
            "pieces",
            "held",
            "piece",
            "pages",
            "sheets",
            "pulled",
            "lettered",
        ),
    }
)

# Those of what waits hold whatever its list shows, so that rows that are left out cost no look at the table.
_INDEXES = (
    "plans_by_issue ON plans (seq)",
    # The reports read a span of days from these alone.
    "plans_by_day_of_issue ON plans (issued_on, seq, practice_id, program, member_id, version, assigned_on, issued_at, "
    "sent_at, received_at, running, member_evidence, pcp_evidence, stopped_by, stopped_on, due_on, business_days, "
    "choices, closed, services, affiliated)",
    "returns_by_day ON returns (received_at, waiting, resolved_at, codes)",
    "plans_due ON plans (running, due_on, seq, issued_on, state)",
    "plans_to_sign ON plans (issued_at, document_id, live_until, closed, member_evidence, state, back, consent_ended, "
    "program, member_id, coordinator, practice_id) "
    "WHERE closed = '' AND member_evidence = '' "
    "AND state IN ('issued', 'partly_signed') AND back = 0 AND consent_ended = 0",
    "plans_to_approve ON plans (receipt_at, document_id, live_until, running, closed, back, sent_at, received_at, "
    "pcp_changed, practice_changed, due_on, program, member_id, coordinator, practice_id) "
    "WHERE running = 1 AND closed = '' AND back = 0 "
    "AND (sent_at <> '' OR received_at <> '') AND pcp_changed = 0 AND practice_changed = 0",
    "plans_to_send ON plans (issued_at, document_id, live_until) WHERE running = 1 AND closed = '' AND back = 0 "
    "AND sent_at = '' AND received_at = '' AND posting = '' AND pcp_changed = 0 AND practice_changed = 0",
    "plans_to_review ON plans (review_on, document_id, live_until, program, member_id, coordinator, practice_id) "
    "WHERE review_on <> ''",
    "plans_to_end ON plans (live_until, document_id) WHERE closed = '' AND complete = 0",
    "plans_to_confirm ON plans (filed_at, document_id, state, charting, program, member_id, coordinator, "
    "practice_id) "
    "WHERE state = 'filed' AND charting <> 'open'",
    "plans_to_queue ON plans (target, seq) WHERE target <> '' AND charting = '' AND closed <> 'withdrawn'",
    "plans_of_consents ON plans (consent_until, document_id) WHERE consent_until <> '' AND closed = ''",
    "plans_of_consents_that_run ON plans (consent_until) WHERE consent_until <> '' AND consent_ended = 0",
    "plans_of_new_signers ON plans (signer_since, document_id) WHERE signer_since <> ''",
    "plans_not_filed ON plans (stopped_on, document_id) WHERE filing_held <> '' AND closed = ''",
    "plans_by_state ON plans (state, seq)",
    "plans_by_practice ON plans (practice_id, running, due_on, seq)",
    "plans_by_member ON plans (member_id, program, version)",
    "plans_of_coordinator ON plans (coordinator, running, due_on, seq)",
    "plans_of_changed_pcps ON plans (seq) WHERE pcp_changed = 1 OR practice_changed = 1",
    "plans_to_try_again ON plans (next_try) WHERE next_try <> ''",
    "plans_with_comments ON plans (returned_on) WHERE state = 'returned_with_comments'",
    "files_that_end ON kept_files (until)",
    "files_unstamped ON kept_files (stamped_at)",
    "returns_waiting ON returns (item, received_at, seq, document_id) WHERE waiting = 1",
    "returns_to_look ON returns (waits_as, received_at, document_id, coordinator, at_practice, for_program, whose, "
    "called) WHERE waits_as <> ''",
    "returns_of_item ON returns (item, seq, part)",
    "returns_of_plan ON returns (document_id)",
    "returns_to_call ON returns (resolved_at, item) WHERE answer = 'call' AND resolved_at <> ''",
    "attempts_of_member ON attempts (member_id, at)",
    "notices_for_channels ON notices (seq) WHERE channel <> ''",
    "plans_unfiled ON plans (unfiled_target) WHERE unfiled_target <> ''",
    "plans_of_consents_that_ended ON plans (target) WHERE consent_ended = 1 AND target <> ''",
    "plans_withdrawn ON plans (target) WHERE closed = 'withdrawn' AND target <> ''",
    "deliveries_of_notice ON deliveries (notice) WHERE notice > 0",
    "notices_of_plan ON notices (document_id, stage)",
    "notices_of_practice ON notices (practice_id, seq)",
    "notices_to_send ON notices (written_at, seq) WHERE waiting = 1",
    "notices_by_reference ON notices (reference COLLATE NOCASE)",
    "notices_unsent ON notices (seq, channel, reference, sent, place) WHERE sent = 0 AND place = 0",
    "notices_unsent_of_practice ON notices (practice_id, seq, channel, reference, sent, place) "
    "WHERE sent = 0 AND place = 0",
    "deliveries_of_plan ON deliveries (document_id, purpose)",
    "deliveries_waiting ON deliveries (state, since, document_id)",
    "deliveries_in_order ON deliveries (seq)",
    "deliveries_to_target ON deliveries (target, state, since)",
    "discharges_waiting ON discharges (discharged_at, member_id) WHERE waiting = 1",
    "medications_to_send ON medications (issued_at, document_id) WHERE sent_at = ''",
    "medications_of_member ON medications (member_id, program, seq)",
    "members_by_name ON members (last_name COLLATE NOCASE, first_name COLLATE NOCASE)",
    "members_by_coordinator ON members (coordinator)",
    "members_without_plan ON members (assigned_on) WHERE planned = 0 AND live_until <> ''",
    "pieces_by_document ON pieces (document_id)",
    "pieces_of_assignment ON pieces (member_id, program, assigned_on, cp_org, kind, occasion, pulled, run_id)",
    "assignments_unlettered ON assignments (person) WHERE lettered = 0",
    "assignments_of_person ON assignments (person)",
)


def statements() -> list[str]:
    """What makes the tables of an empty index."""
    made = ["CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID"]
    for table, (columns, key) in TABLES.items():
        kinds = (f"{name} {'INTEGER' if name in _NUMBERS else 'TEXT'} NOT NULL" for name in columns)
        made.append(f"CREATE TABLE {table} ({', '.join(kinds)}, PRIMARY KEY ({', '.join(key)})) STRICT, WITHOUT ROWID")
    return [*made, *(f"CREATE INDEX {text}" for text in _INDEXES)]


def insertion(table: str) -> str:
    """The statement that puts a row into ``table``, in place of one with the same key."""
    columns, _ = TABLES[table]
    marks = ", ".join("?" * len(columns))
    return f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 our own names
