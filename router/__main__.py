"""`python -m router`: the same command line as `task-router`.

In: the process's arguments. Out: an exit status. Never: anything of its own.
"""

from router.cli import main

if __name__ == "__main__":
    main()
