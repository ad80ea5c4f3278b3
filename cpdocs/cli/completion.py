"""``cpdocs completion``: the script with which a shell completes commands and options."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script with which a shell completes cpdocs' commands and options. It never looks into a workspace.

    \b
    cpdocs completion bash > ~/.local/share/bash-completion/completions/cpdocs
    cpdocs completion zsh > ~/.zfunc/_cpdocs
    cpdocs completion fish > ~/.config/fish/completions/cpdocs.fish
    """
    from click.shell_completion import get_completion_class

    from cpdocs.cli.root import cpdocs

    kind = get_completion_class(shell)
    assert kind is not None  # click knows the three of SHELLS
    click.echo(kind(cpdocs, {}, "cpdocs", "_CPDOCS_COMPLETE").source())
