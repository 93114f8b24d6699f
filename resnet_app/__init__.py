"""ResNet Explorer's library: everything that works without a screen."""

__version__ = "1.0.0"
