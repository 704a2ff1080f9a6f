"""`python -m duepost`: the same as the program `duepost`."""

from duepost.cli import main

main()
