"""ResNet Explorer's library: everything that works without a screen."""

__version__ = "0.1.0"
