"""The letters of the alphabet: Python's own module of them takes a millisecond to import."""

LOWERCASE = "abcdefghijklmnopqrstuvwxyz"
UPPERCASE = LOWERCASE.upper()
