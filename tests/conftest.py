"""What every flow test needs: the real command line, run in a temporary workspace with a fixed clock."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from cpdocs.cli import run
from cpdocs.people import pins
from cpdocs.signing import keyfiles
from tests import hsm, scratch, tsa
from tests.postgres import Server, Unavailable, running

NOW = "2026-11-02T15:00:00Z"
settings.register_profile("any machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
"""No example fails for being slow on a busy machine, and a run doesn't depend on chance: the long fuzzing has its own
target."""

SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "synthea-ma"


@dataclass(frozen=True)
class Outcome:
    """How one command ended: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


class CommandLine:
    """Runs ``cpdocs`` as a user would, in this process, in one workspace, at a fixed time."""

    moved_to: Callable[[], str] | None = None
    """Gives the address of a new database for the ledger of each workspace that a test uses (``--ledger
    postgresql``)."""

    def __init__(self, root: Path, now: str = NOW) -> None:
        self.root = root
        self.now = now

    def init_administered(self, pin: Path) -> None:
        """Makes a workspace that is no sandbox; the account that runs the tests is its first administrator, by the
        secret in ``pin`` (739 114 where there is no such file yet)."""
        if not pin.exists():
            pin.write_text("739 114\n", "utf-8")
            pin.chmod(0o600)
        self("init", self.root, "--pin-file", pin, workspace=False)
        settings = self.root / "cpdocs.toml"
        text = settings.read_text("utf-8").replace("Example Community Partners", "Sample Community Partners", 1)
        settings.write_text(text, "utf-8")

    def __call__(
        self, *args: str | Path, stdin: str = "", now: str | None = None, status: int | None = 0, workspace: bool = True
    ) -> Outcome:
        """Runs one command. ``status`` is the exit status it must have; None takes any."""
        if (
            self.moved_to
            and workspace
            and (self.root / "state" / "ledger.db").exists()
            and args[:2] != ("audit", "move")
        ):
            self("audit", "move", "--to", self.moved_to())
        argv = [*(["--workspace", str(self.root)] if workspace else []), *map(str, args)]
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        previous = os.environ.get("CPDOCS_NOW")
        os.environ["CPDOCS_NOW"] = now or self.now
        stdin_before = sys.stdin
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
        umask = os.umask(0o077)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(argv)
        finally:
            os.umask(umask)
            sys.stdin = stdin_before
            if previous is None:
                del os.environ["CPDOCS_NOW"]
            else:
                os.environ["CPDOCS_NOW"] = previous
        result = Outcome(code, _text(out), _text(err))
        if status is not None:
            assert result.status == status, (
                f"cpdocs {' '.join(map(str, args))} ended with {code}, not {status}:\n{result.out}\n{result.err}"
            )
        return result


def brought_along(result: Any, made_in: Path, root: Path) -> Any:
    """What a command in the workspace ``made_in`` answered, as if it had run in ``root``, its copy."""
    return json.loads(json.dumps(result).replace(json.dumps(str(made_in))[1:-1], json.dumps(str(root))[1:-1]))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--ledger",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what keeps the ledgers of the tests' workspaces",
    )


LONGEST_FIRST = ("crash", "security", "desk", "flows", "documents", "scans", "ledger", "signing")
"""Folders of tests by how long one file of theirs may take: what is long and begun last, one worker does alone while
the others have nothing left."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Brings the folders whose files take longest to the front (``--no-loadscope-reorder`` leaves them there)."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0]
        return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Looks for rubbish seldom, and never among the tests themselves: that took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


def pytest_configure() -> None:
    """Puts the tests' folders into memory, unless whoever runs them says where (``PYTEST_DEBUG_TEMPROOT``, or pytest's
    ``--basetemp``)."""
    gc.disable()  # nothing that collecting tests makes is rubbish; on again in pytest_collection_finish
    memory = scratch.in_memory()
    if memory is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.fixture(scope="session", autouse=True)
def _cheap_secrets() -> Iterator[None]:
    """Stretches the tests' passphrases and PINs little: each costs a tenth of a second otherwise. That those of people
    are stretched is for tests/signing/test_keyfiles.py and tests/people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyfiles, "STRONG_ROUNDS", keyfiles.RANDOM_ROUNDS)
        patch.setattr(pins, "COST", 2**4)
        yield


@pytest.fixture(autouse=True)
def _ledger_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moves each workspace that a test uses into a database of its own, where the whole suite is asked to run on
    PostgreSQL."""
    if request.config.getoption("--ledger") == "sqlite":
        yield
        return
    if request.node.get_closest_marker("ledger_file"):
        pytest.skip("is about a ledger in a file")
    server: Server = request.getfixturevalue("postgres")
    until_its_end: contextlib.ExitStack = request.getfixturevalue("_module")
    monkeypatch.setattr(CommandLine, "moved_to", staticmethod(lambda: until_its_end.enter_context(server.database())))
    yield


@pytest.fixture(scope="module")
def _module() -> Iterator[contextlib.ExitStack]:
    """What lasts for a module's tests, as some of their workspaces do."""
    with contextlib.ExitStack() as until_its_end:
        yield until_its_end


@pytest.fixture(scope="session")
def _new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new sandbox workspace, to be copied."""
    root = tmp_path_factory.mktemp("new") / "ws"
    CommandLine(root)("init", root, "--sandbox", workspace=False)
    return root


@pytest.fixture
def cli(tmp_path: Path, _new: Path) -> CommandLine:
    """The command line in a new sandbox workspace (``cli.root``)."""
    return CommandLine(Path(shutil.copytree(_new, tmp_path / "ws")))


def shorten_notice(root: Path) -> None:
    """Makes the language notice of a workspace's letters short: most of a letter's time goes into the full one."""
    path = root / "templates" / "letters" / "common" / "notice.toml"
    path.parent.mkdir(parents=True)
    text = "Call {phone} (TTY {tty})."
    path.write_text(
        f'title = "Free help"\n[[language]]\ntag = "es"\nname = "Español"\nstatus = "draft"\ntext = "{text}"\n', "utf-8"
    )


@pytest.fixture(scope="session")
def _short_notice(tmp_path_factory: pytest.TempPathFactory, _new: Path) -> Path:
    """A new sandbox workspace whose language notice is short, to be copied."""
    root = Path(shutil.copytree(_new, tmp_path_factory.mktemp("short") / "ws"))
    shorten_notice(root)
    return root


@pytest.fixture
def short_notice(tmp_path: Path, _short_notice: Path) -> CommandLine:
    """The command line in a workspace whose language notice is short."""
    return CommandLine(Path(shutil.copytree(_short_notice, tmp_path / "ws")))


@pytest.fixture
def bare_cli(tmp_path: Path) -> CommandLine:
    """The command line where no workspace has been made yet."""
    return CommandLine(tmp_path / "ws")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The larger synthetic data set that lies beside the repository in development; skips where it doesn't."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data isn't beside this repository")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server that this session started; skips where there can be none."""
    with contextlib.ExitStack() as until_the_end:
        try:
            server = until_the_end.enter_context(running())
        except Unavailable as why_not:
            pytest.skip(str(why_not))
        yield server


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hsm.Token]:
    """A PKCS#11 token that this session made; skips where there can be none."""
    with contextlib.ExitStack() as until_the_end:
        try:
            made = until_the_end.enter_context(hsm.inserted(tmp_path_factory.mktemp("hsm")))
        except hsm.Unavailable as why_not:
            pytest.skip(str(why_not))
        yield made


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The figures of the crash tests: how many points each tried, and how many faults it found."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    lines = [value for report in reports for name, value in report.user_properties if name == "figures"]
    if lines:
        terminalreporter.section("points tried")
        for line in sorted(set(lines)):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def time_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tsa.Authority]:
    """A time-stamping authority in a process of its own."""
    with tsa.running(tmp_path_factory.mktemp("tsa")) as made:
        yield made
