"""`python -m study`, and the command `study` where it is installed."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):  # before anything that others cannot even read
    version = sys.version.split()[0]
    sys.exit(f"error: expected Python 3.11, 3.12 or 3.13, got {version}: run it with one of these")

from typing import NoReturn

from study.machine import ending, stopping


def _exit_code() -> int:
    from study.libraries import variables

    variables.decide()  # before any package reads them
    variables.ignore_warning_options()

    from study.cli.main import main  # its packages read them

    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def main() -> NoReturn:
    """Run the command line and end the process."""
    try:
        stopping.heed(overdue=ending.give_up)
        code = _exit_code()
        stopping.heed_no_more()
    except BaseException:  # before `main` could see to it; a package may have made it another error
        if not stopping.asked():
            raise
        ending.say(ending.INTERRUPTED)
        code = 130
    ending.leave(code)


if __name__ == "__main__":
    main()
