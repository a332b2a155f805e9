"""Run the command line as `python -m districttype`."""

from districttype.cli import main

main()
