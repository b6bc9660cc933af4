"""Commands that people copy: quoted, so that a shell reads what was meant."""

import shlex


def command(*arguments: str) -> str:
    """`python -m study ARGUMENTS`, as it is typed."""
    return shlex.join(["python", "-m", "study", *arguments])
