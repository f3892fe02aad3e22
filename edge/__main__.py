"""`python -m edge` is `stalwart-edge`."""

from edge.cli.main import main

main()
