"""Linear algebra: factorizations of matrices and systems of equations, over stacks of matrices."""
