"""Runs `python -m devtools.console`."""

from devtools.console.serve import main

main()
