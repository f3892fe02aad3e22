"""How problems are shown to a person."""

from collections.abc import Sequence

import click

from edge.errors import Problem


def show_problems(problems: Sequence[Problem], warnings: Sequence[Problem]) -> None:
    """All of them on standard error: place, what is wrong, what to do."""
    for warning in warnings:
        _show(warning, click.style("warning: ", fg="yellow"))
    for problem in problems:
        _show(problem, click.style("error: ", fg="red"))


def count(number: int, thing: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _show(problem: Problem, kind: str) -> None:
    click.echo(f"{problem.place}: {kind}{problem.message}", err=True)
    click.echo(f"    {problem.remedy}", err=True)
