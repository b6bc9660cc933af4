"""`python -m study`."""

from study.cli.main import main

if __name__ == "__main__":
    main()
