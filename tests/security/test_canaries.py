"""Canaries are planted in everything that a person or a practice hands in; every command is run, well and badly;
nothing of them may be found where other people look: messages, logs, tracebacks, temporary files, arguments of
processes, names of files, and what is answered to practices.
"""

from __future__ import annotations

import pikepdf
import pypdfium2
import pytest

from tests.conftest import CommandLine
from tests.security import walk as stations
from tests.security.canaries import Evidence, told, write_canary_sample
from tests.security.walk import COMMANDS, Walk
from tests.security.watching import watching

ELSEWHERE = {"demo", "watch", "file build", "deliver send", "desk"}
"""``demo`` runs these commands on data of its own; ``watch`` does what ``intake`` does (its lines:
tests/flows/test_watch.py); ``file build`` and ``deliver send`` are what `cpdocs file` and `cpdocs deliver` are
without a word after them; ``desk`` serves pages until it is stopped (tests/desk)."""


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Every command once at least, good and failing, in a sandbox and in a workspace that is none."""
    folder = tmp_path_factory.mktemp("canaries")
    evidence = Evidence()
    sample = write_canary_sample(folder / "sample", stations.AS_OF)
    with watching(evidence, folder) as watch:
        going = Walk(folder, evidence, watch, CommandLine(folder / "ws"), sample)
        stations.begin(going)
        stations.bad_imports(going)
        stations.letters(going)
        stations.plans(going)
        issued = stations.road(going)
        stations.returns(going, issued)
        stations.questions(going, issued)
        stations.secrets(going)
    for area in ("outbox", "state"):
        for path in (folder / "ws" / area).rglob("*"):
            evidence.add("name", area, str(path.relative_to(folder / "ws")))
    return going


def assert_clean(leaks: list[str]) -> None:
    assert not leaks, "\n".join(leaks)


def test_the_canaries_are_there_to_be_found(walk: Walk) -> None:
    """Else everything below would be true of an empty workspace."""
    found = set(told("\n".join(text for _, text in walk.evidence.texts["answer"])))
    assert found >= {"last name", "first name", "member id"}
    shown = "".join(
        page.get_textpage().get_text_range()
        for path in (walk.folder / "ws" / "outbox" / "plans").rglob("*.pdf")
        for page in pypdfium2.PdfDocument(path.read_bytes())
    )
    assert set(told(shown)) >= {"last name", "first name", "date of birth", "goal"}
    letters = b"".join(path.read_bytes() for path in (walk.folder / "ws" / "outbox" / "letters").rglob("manifest.csv"))
    assert "member id" in told(letters)


def test_every_step_ends_as_it_should(walk: Walk) -> None:
    assert_clean(walk.unexpected)


def test_no_message_says_it(walk: Walk) -> None:
    assert_clean(walk.evidence.leaks("stderr"))


def test_no_answer_says_it_but_those_that_are_asked_for_it(walk: Walk) -> None:
    assert_clean(walk.evidence.leaks("stdout"))


def test_no_library_prints_logs_or_warns_it(walk: Walk) -> None:
    assert_clean(walk.evidence.leaks("log", "warning", "descriptors"))


def test_no_process_gets_it_as_an_argument_or_in_its_environment(walk: Walk) -> None:
    assert walk.evidence.texts["child"]
    assert_clean(walk.evidence.leaks("child"))


def test_no_temporary_file_holds_it_and_none_is_left(walk: Walk) -> None:
    assert_clean(walk.evidence.leaks("temporary"))
    assert list((walk.folder / "tmp").rglob("*")) == []


def test_no_name_of_a_file_says_it(walk: Walk) -> None:
    assert len(walk.evidence.texts["name"]) > 50
    assert_clean(walk.evidence.leaks("name"))


def test_no_notice_to_a_practice_says_it(walk: Walk) -> None:
    practices = {path.name for path in (walk.folder / "ws" / "outbox" / "plans").iterdir()} | {
        "S01",
        "S02",
        "S03",
        "S04",
    }
    notices = [
        path for path in (walk.folder / "ws" / "outbox" / "notices").rglob("*.pdf") if path.parent.name in practices
    ]
    assert len(notices) >= 3
    for path in notices:
        with pikepdf.open(path) as document:
            said = [str(document.docinfo), str(document.open_metadata())]
        said += [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path.read_bytes())]
        assert told("\n".join(said)) == [], path.name


def test_the_practice_in_whose_folder_a_strangers_plan_was_dropped_hears_nothing(walk: Walk) -> None:
    home = next((walk.folder / "ws" / "outbox" / "plans").rglob("*.pdf")).parent.name
    notices = walk.folder / "ws" / "outbox" / "notices"
    for practice in {"S02", "S03"} - {home}:
        assert not list((notices / practice).glob("*.pdf")), practice


def test_every_command_was_run(walk: Walk) -> None:
    groups = {name for name in COMMANDS if any(other.startswith(f"{name} ") for other in COMMANDS)} - {"cpdocs file"}
    missed = {name.removeprefix("cpdocs ") for name in COMMANDS - groups} - walk.used - ELSEWHERE
    assert sorted(missed) == []
