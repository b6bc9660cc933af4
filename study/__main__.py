"""`python -m study`, and the command `study` where it is installed."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):  # before syntax that others cannot parse
    version = sys.version.split()[0]
    sys.exit(f"error: expected Python 3.11, 3.12 or 3.13, got {version}: use one of these")

from typing import NoReturn

from study.machine import ending, stopping


def _exit_code() -> int:
    from study.libraries import variables

    variables.decide()  # before any package reads them
    variables.ignore_warning_options()

    from study.cli.main import main  # imports packages that read them

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
    except BaseException:  # Ctrl-C outside of `main`, or turned into another error by a package
        if not stopping.asked():
            raise
        ending.say(ending.INTERRUPTED)
        code = 130
    ending.leave(code)


if __name__ == "__main__":
    main()
