"""`fgrad.experimental`: what JAX keeps under this name."""

from fgrad.transforms.callback import io_callback

__all__ = ["io_callback"]
