"""Machine code for what NumPy would do operation by operation: nests of loops, by LLVM."""
