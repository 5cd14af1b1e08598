"""`fgrad.extend`: for those who look into programs or transform them."""

from fgrad.extend import core
