"""The optimizers, one family a file: what scales updates, and the chains that users call."""
