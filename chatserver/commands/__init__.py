"""What each command of ``chatserver.cli`` does. A command takes the settings and its arguments and returns a status."""
