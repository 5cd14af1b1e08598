"""`fgrad.scipy.cluster`: the nearest of some vectors."""

from fgrad.scipy.cluster import vq
