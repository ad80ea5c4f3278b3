"""``cpdocs audit cosign|witness-key``: what a second organization runs. Neither needs a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.core.plurals import counted

_FILE = click.Path(path_type=Path)


@click.command("witness-key")
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--name", required=True, metavar="NAME", help="The witness's name, such as witness.example.org.")
@AS_JSON
def witness_key(file: Path, name: str, as_json: bool) -> None:
    """Make a witness's key, and print its public part.

    \b
    cpdocs audit witness-key witness.key --name witness.example.org

    Keep FILE where the ledger's organization can't reach it: that is what a witness is for.
    """
    from cpdocs.trail.witness import make_key

    public = make_key(file, name).text()
    if as_json:
        print_json({"file": str(file.absolute()), "public": public})
        return
    click.echo(public)
    say(
        click.get_current_context(),
        f"The private key is {file}. The line above goes to whoever checks cosigned checkpoints.",
    )


@click.command()
@click.argument("checkpoint", metavar="CHECKPOINT", type=click.File(encoding="utf-8"))
@click.option("--key", required=True, type=_FILE, metavar="FILE", help="The witness's private key.")
@click.option(
    "--log-key", required=True, metavar="KEY", help="The ledger's public key: one line, as its owner published it."
)
@click.option(
    "--memory",
    type=_FILE,
    metavar="FILE",
    help="What was signed last; beside the key, with the ending .last, unless set.",
)
@AS_JSON
def cosign(checkpoint: TextIO, key: Path, log_key: str, memory: Path | None, as_json: bool) -> None:
    """Sign another organization's checkpoint as its witness, where it continues the one signed last.

    \b
    cpdocs audit cosign request.txt --key witness.key --log-key "$(cat ledger.pub)" > cosigned.txt
    cpdocs audit cosign - --key witness.key --log-key "$(cat ledger.pub)" < checkpoint.txt

    CHECKPOINT is what `cpdocs audit checkpoint --since SIZE` printed there, SIZE being what was signed last; the first
    time a plain checkpoint. Exit status 1 where events that were signed over have been rewritten or cut off.
    """
    from cpdocs.trail.witness import sign_as_witness
    from cpdocs.wiring import SystemClock

    done = sign_as_witness(
        checkpoint.read(), key, memory or key.with_suffix(".last"), log_key, SystemClock().true_now()
    )
    if as_json:
        print_json({"size": done.head.size, "root": done.head.root.hex(), "before": done.before, "note": done.note})
        return
    click.echo(done.note, nl=False)
    first = "the first that this witness signs" if not done.before else f"it continues the {done.before} signed last"
    say(click.get_current_context(), f"Signed over {counted(done.head.size, 'event')}: {first}.")
