"""The commands: ``hands3c NAME`` runs the module ``NAME`` of this package.

A module has ``Options`` (a dataclass whose fields are the options, their docstrings the help) and
``run(options) -> int | None`` (the exit code, 0 if None); the first line of its own docstring says
what it does in ``hands3c --help``. It may have

* ``STOPPED``: what is said when Ctrl+C ends it, for example how to go on;
* ``parse(arguments, program) -> Options``: where reading the command line takes more than
  ``command.parse_arguments``.

Errors, Ctrl+C and closed pipes are the business of ``cli.main``: a command raises ``UserError``.
What is slow to import (torch above all) is imported in ``run``, so that ``--help`` is quick.
"""
