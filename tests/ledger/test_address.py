"""The database's address: no password in it, and no connection to another machine that anybody may read."""

from __future__ import annotations

import pytest

from cpdocs.errors import WorkspaceFault
from cpdocs.ledger.address import checked_address


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://clerk:hunter2@db.example.org/cpdocs",
        "postgresql://clerk:@db.example.org/cpdocs",
        "postgresql:///cpdocs?password=hunter2",
        "postgresql:///cpdocs?sslpassword=hunter2&host=/run/postgresql",
    ],
)
def test_a_password_is_refused_with_a_word_and_not_repeated(url):
    with pytest.raises(WorkspaceFault, match="holds a password") as caught:
        checked_address(url)
    assert "hunter2" not in f"{caught.value.message}{caught.value.todo}"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://db/cpdocs",
        "db.example.org/cpdocs",
        "postgresql:///x#y",
        "postgresql:///x?options=-cfsync=off",
        "postgresql:///x?options=",
        "postgresql:///x?sslmode",
        "postgresql://[::1/x",
    ],
)
def test_what_is_no_address_of_ours_is_refused(url):
    with pytest.raises(WorkspaceFault, match="can't be used"):
        checked_address(url)


def test_what_is_set_and_cant_be_is_named():
    with pytest.raises(WorkspaceFault, match="it sets 'application_name'"):
        checked_address("postgresql:///x?application_name=a&zone=b")
    with pytest.raises(WorkspaceFault, match=f"it sets '{'z' * 30}'"):
        checked_address(f"postgresql:///x?{'z' * 31}=1")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example.org/cpdocs",
        "postgresql:///?service=cpdocs",
        "postgresql:///cpdocs?host=/run/postgresql",
    ],
)
def test_whoever_answers_must_prove_it_where_nothing_else_is_said(url):
    assert checked_address(url).endswith("sslmode=verify-full")


@pytest.mark.parametrize("host", ["db.example.org", "127.0.0.1,db.example.org", "10.0.0.7", "[2001:db8::1]:5432"])
@pytest.mark.parametrize("mode", ["disable", "prefer", "require"])
def test_an_unproven_connection_to_another_machine_is_refused(host, mode):
    with pytest.raises(WorkspaceFault, match="another machine"):
        checked_address(f"postgresql://{host}/cpdocs?sslmode={mode}")
    with pytest.raises(WorkspaceFault, match="another machine"):
        checked_address(f"postgresql:///?service=cpdocs&sslmode={mode}")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:5433", "[::1]:5432", "clerk@localhost", "%2Frun%2Fpostgresql", ""]
)
def test_on_this_machine_it_may_be_left_out(host):
    url = f"postgresql://{host}/cpdocs?sslmode=disable"
    assert checked_address(url) == url
