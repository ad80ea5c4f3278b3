"""A sound plan file's text, and the same with something done to it."""

from __future__ import annotations

SOUND = """\
schema: cpdocs.plan/1
plan:
  program: LTSS
  version: 2
  reason: change
  assessment_date: '2026-10-20'
  plan_date: 2026-10-28
  effective_from: 10/28/2026
  next_review: '2027-10-27'
member_id: 900000000001
pcp_npi: '1234567893'
practice_id: S01
coordinator:
  name: Hedgerow Specimen
  organization: Sample CP
  phone: (617) 555-0100
monitor: {name: Hedgerow Specimen}
part2: {applies: no, consent: null}
about_me:
  strengths: [Keeps in touch, "Says: yes"]
  culture: ~
  what_matters: |
    Being asked.
    Always.
goals:
- goal: "I want to stay home"
  steps:
  - step: Call the office
    who: Member
    by: '2026-11-20'
services:
- name: Personal care attendant
  quantity:
    amount: 14.5
    unit: hours
    authorized_by: MassHealth LTSS TPA
transitions:
- kind: Discharge
  facility: Mockup General
  discharged: 2026-10-12T15:30:00-04:00
"""


def changed(old: str, new: str) -> bytes:
    """The sound text with ``old``, which must be in it, turned into ``new``."""
    assert old in SOUND
    return SOUND.replace(old, new).encode()
