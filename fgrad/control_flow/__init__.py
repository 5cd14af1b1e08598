"""Control flow: primitives whose rules call transformations, and the functions that stage them."""
