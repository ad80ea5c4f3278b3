"""``cpdocs config``: what the settings mean, and whether they can be used."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.context import chosen_workspace
from cpdocs.cli.output import AS_JSON, print_json
from cpdocs.core.plurals import counted

if TYPE_CHECKING:
    from cpdocs.settings_explain import Setting

MOST_BYTES = 1024**2
"""Far more than any settings file has."""


@click.group()
def config() -> None:
    """The settings file: whether it can be used, and what each key means.

    \b
    cpdocs config check
    cpdocs config explain intake.settle_seconds
    """


@config.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@AS_JSON
def check(file: Path | None, as_json: bool) -> None:
    """Whether the settings can be used: the workspace's cpdocs.toml, or FILE before it takes its place.

    \b
    cpdocs config check
    cpdocs config check new-settings.toml

    Every fault is told at once, with its line (exit status 4). Nothing is connected to; `cpdocs doctor` tries what the
    settings name.
    """
    from cpdocs import settings
    from cpdocs.settings_explain import every_setting

    chosen, text = _text(file)
    settings.load(text, str(chosen))
    set_here = [each for each in every_setting(_raw(text)) if each.here]
    if as_json:
        print_json(
            {"ok": True, "file": str(chosen), "set": {place: value for each in set_here for place, value in each.here}}
        )
    else:
        click.echo(f"{chosen} is in order: {counted(len(set_here), 'key')} set, all others are the default.")


@config.command()
@click.argument("setting", metavar="KEY", required=False)
@AS_JSON
def explain(setting: str | None, as_json: bool) -> None:
    """What a setting means, what it takes, its default, and what it is here. Without KEY: every key in one line.

    \b
    cpdocs config explain intake.settle_seconds
    cpdocs config explain filing.target
    cpdocs config explain
    """
    from cpdocs.errors import WorkspaceFault
    from cpdocs.settings_explain import every_setting, explained

    try:
        raw = _raw(_text(None)[1])
    except (WorkspaceFault, ValueError):
        raw = {}  # outside a workspace, or in one whose settings can't be read, meanings can be told all the same
    found = explained(setting, raw) if setting else every_setting(raw)
    if as_json:
        print_json([asdict(each) | {"here": dict(each.here)} for each in found])
    elif setting:
        about = dict.fromkeys(each.about for each in found if each.about)
        click.echo("\n\n".join([*about, *map(_paragraph, found)]))
    else:
        for each in found:
            kind = f"  ({each.kind})" if each.kind else ""
            click.echo(f"{each.key}{kind}  {_value(each)}")


def _value(setting: Setting) -> str:
    """What holds here, in one word."""
    if setting.here:
        return setting.here[0][1]
    return "has to be set" if setting.default is None else setting.default or "left out"


def _paragraph(setting: Setting) -> str:
    lines = [setting.key + (f"  (kind = {setting.kind!r})" if setting.kind else "")]
    if setting.meaning:
        end = "" if setting.meaning[-1] in ".?" else "."
        lines.append(f"  {setting.meaning[0].upper()}{setting.meaning[1:]}{end}")
    lines.append(f"  Takes {setting.takes}.")
    lines.append("  It has to be set." if setting.default is None else f"  Default: {setting.default or 'left out'}")
    lines += [f"  Here: {place} = {value}" for place, value in setting.here]
    return "\n".join(lines)


def _text(file: Path | None) -> tuple[Path, str]:
    """The settings file to look at, and its text. Raises WorkspaceFault where it can't be read."""
    from cpdocs.errors import InputFault, WorkspaceFault
    from cpdocs.system.input_files import read_input
    from cpdocs.wiring import find_own

    chosen = file or find_own(chosen_workspace())[0] / "cpdocs.toml"
    try:
        return chosen, read_input(chosen, MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise WorkspaceFault(f"{chosen} is not UTF-8 text.", todo="Save it as UTF-8.") from None
    except InputFault as fault:
        raise WorkspaceFault(fault.message, todo=fault.todo) from None


def _raw(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)
