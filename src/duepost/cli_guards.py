"""What can an operator do to keep sends from leaving, and to see what does?"""

from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from duepost.cli_context import DONE_WITH_PROBLEMS, NOT_FOUND, By, Reason, ledger, person, settings
from duepost.ledger.circuits import open_circuits
from duepost.ledger.doubt import count_doubtful
from duepost.ledger.fence import Fence, adopt, neutralize_fence, read_fence
from duepost.ledger.notes import note
from duepost.ledger.overdue import hold_all
from duepost.ledger.pauses import Scope, add_pause, end_pause, known, pauses
from duepost.ledger.pulse import SILENCE, Pulse, ages
from duepost.terminal import err, out

What = Annotated[Scope, typer.Argument(help="all, account, channel, provider or run.")]
Name = Annotated[str, typer.Argument(help="Its name; none for all.")]


def add_guard_commands(app: typer.Typer) -> None:
    """Register them."""
    app.command("pause")(pause)
    app.command("resume")(resume)
    app.command("health")(health)
    app.command("neutralize")(neutralize)
    app.command("adopt")(adopt_)


def pause(scope: What, reason: Reason, name: Name = "", by: By = None) -> None:
    """Let nothing of this leave until `duepost resume`; what a provider has in hand is finished.

    Example: duepost pause provider smtp --reason "moving to the new mail server"
    """
    name = _as_the_ledger_writes_it(scope, name)
    _named(scope, name)
    with ledger() as connection:
        if not known(connection, scope, name):
            err.print(f"there is no {_words(scope, name)}", markup=False, highlight=False)
            raise typer.Exit(NOT_FOUND)
        fresh = add_pause(connection, scope, name, reason=reason, actor=person(by))
        connection.commit()
    out.print(f"{_words(scope, name)} {'is paused' if fresh else 'was paused already'}", markup=False, highlight=False)


def resume(scope: What, reason: Reason, name: Name = "", by: By = None) -> None:
    """End a pause; what is due leaves within a minute.

    Example: duepost resume provider smtp --reason "the new password is in"
    """
    name = _as_the_ledger_writes_it(scope, name)
    _named(scope, name)
    with ledger() as connection:
        ended = end_pause(connection, scope, name, reason=reason, actor=person(by))
        connection.commit()
    if not ended:
        err.print(f"{_words(scope, name)} is not paused", markup=False, highlight=False)
        raise typer.Exit(NOT_FOUND)
    out.print(f"{_words(scope, name)} goes on", markup=False, highlight=False)


def health() -> None:
    """Tell whether anybody releases, and what holds sends back. Exit code 1 when nothing was released for 90 s.

    Example: duepost health
    """
    with ledger() as connection:
        fence, found = read_fence(connection), ages(connection)
        stopped, broken = pauses(connection), open_circuits(connection)
        unknown = count_doubtful(connection)
    table = Table("what", "how it is")
    table.add_row(
        "environment", "no seal: run `duepost migrate`" if fence is None else _seal_of(fence, settings().environment)
    )
    for pulse, word in ((Pulse.TICK, "last tick of beat"), (Pulse.RELEASE, "last release")):
        table.add_row(word, _ago(found.get(pulse)))
    for one in stopped:
        words = f"by {one.actor} since {one.since.isoformat(' ', 'seconds')}: {one.reason}"
        table.add_row(f"paused: {_words(one.scope, one.name)}", words)
    for circuit in broken.values():
        table.add_row(f"provider {circuit.provider}", f"does not answer ({circuit.reason}), {circuit.failures} times")
    table.add_row("of unknown outcome", f"{unknown:,}")
    out.print(table)
    released = found.get(Pulse.RELEASE)
    if released is None or released > SILENCE:
        err.print("nothing is released: are beat, scheduler and broker running?")
        raise typer.Exit(DONE_WITH_PROBLEMS)


def neutralize(
    reason: Reason,
    copy_of: Annotated[str | None, typer.Option(help="Its environment, of a copy of the whole cluster.")] = None,
    by: By = None,
) -> None:
    """Make a restored copy of a ledger harmless: nothing in it waits any more, and no provider is ever called for it.

    DUEPOST_ENVIRONMENT names the copy's own environment.

    Example: duepost neutralize --reason "copy for the test system"
    """
    environment, actor, held = settings().environment, person(by), 0
    with ledger() as connection:
        neutralize_fence(connection, environment, copy_of=copy_of)
        unknown = 0
        while counts := hold_all(connection, actor):
            held += counts.get("FENCED", 0)
            unknown += counts.get("OUTCOME_UNKNOWN", 0)
        note(connection, "neutralize", environment, reason=reason, actor=actor)
        connection.commit()
    line = f"harmless: environment {environment}, {held:,} held as 110 FENCED, {unknown:,} of unknown outcome"
    out.print(line, markup=False, highlight=False)


def adopt_(reason: Reason, by: By = None) -> None:
    """Go on with a ledger that was moved to another database, when the old one is gone for good.

    Example: duepost adopt --reason "PostgreSQL 18 upgrade"
    """
    environment = settings().environment
    with ledger() as connection:
        adopt(connection, environment)
        note(connection, "adopt", environment, reason=reason, actor=person(by))
        connection.commit()
    out.print(f"the ledger here is now the one of environment {environment}", markup=False, highlight=False)


def _named(scope: Scope, name: str) -> None:
    if (scope is Scope.ALL) != (name == ""):
        hint = "everything has no name: leave it out" if scope is Scope.ALL else f"write {scope.value} NAME"
        raise typer.BadParameter(hint, param_hint="NAME")


def _as_the_ledger_writes_it(scope: Scope, name: str) -> str:
    """Settings write a provider account in capitals, the ledger and everything else in small letters."""
    return name.lower() if scope in {Scope.PROVIDER, Scope.CHANNEL} else name


def _words(scope: Scope, name: str) -> str:
    return "everything" if scope is Scope.ALL else f"{scope.value} {name}"


def _seal_of(fence: Fence, here: str) -> str:
    words = [fence.environment]
    words += [] if fence.environment == here else [f"and DUEPOST_ENVIRONMENT is {here}: nothing would be sent"]
    words += ["neutralized: no provider is called"] if fence.neutralized else []
    words += [] if fence.ours else ["sealed in another database: `duepost neutralize` or `duepost adopt`"]
    return "; ".join(words)


def _ago(age: timedelta | None) -> str:
    return "never" if age is None else f"{age.total_seconds():.0f} s ago"
