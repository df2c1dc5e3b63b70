"""A community chat server: people become friends first, business follows."""

__version__ = "0.1.0"
