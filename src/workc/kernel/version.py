"""The version of this package; bundles name it as the engine's."""

__version__ = "0.1.0"
