"""`python -m planroom` is the program `planroom`."""

from planroom.cli import main

main()
