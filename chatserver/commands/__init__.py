"""The commands of ``chatserver.cli``. Each takes the settings and its arguments and returns an exit status."""
