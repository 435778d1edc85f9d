"""`python cli.py …` is `qc …`, for a checkout that is not installed."""

from qc.commands import main

if __name__ == "__main__":
    main()
