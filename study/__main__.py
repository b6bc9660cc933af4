"""`python -m study`."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):  # before anything that others cannot even read
    version = sys.version.split()[0]
    sys.exit(f"error: expected Python 3.11, 3.12 or 3.13, got {version}: run it with one of these")

from study import variables

variables.decide()  # before any package reads them
variables.ignore_warning_options()

from study.cli.main import main  # noqa: E402  # its packages read them

if __name__ == "__main__":
    main()
