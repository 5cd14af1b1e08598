"""The compiler's face: a closed jaxpr in, a callable out."""

from fgrad.compiler.backend import current
from fgrad.compiler.emit import Program
from fgrad.compiler.passes import optimize
from fgrad.compiler.steps import Steps


class Executable:
    """A compiled program.

    Attributes
    ----------
    jaxpr : ClosedJaxpr
        The program after the passes.
    source : str
        What runs.
    """

    __slots__ = ("_program", "jaxpr")

    def __init__(self, closed, donated=()):
        self.jaxpr = optimize(closed)
        self._program = Program(self.jaxpr, donated)

    @property
    def source(self):
        """What runs."""
        return self._program.source

    @property
    def llvm(self):
        """What machine code it calls, in LLVM's language."""
        return self._program.llvm

    def __call__(self, *args):
        """Run on base arrays and scalars; a list of fresh results."""
        return self._program.run(*args)

    def user_call(self, out_tree):
        """A callable on leaves as users hold them, which gives the results as users see them."""
        return self._program.user_call(out_tree)


def compile_jaxpr(closed, donated=()) -> Executable:
    """Compile a program by the backend that is asked for.

    Parameters
    ----------
    closed : ClosedJaxpr
        Without tracers among its constants.
    donated : tuple of int
        Inputs whose memory results may take.

    Returns
    -------
    Executable
    """
    return Executable(closed, donated)


def compiled(closed) -> Executable:
    """The compiled form of a program, made once for each backend and remembered on it."""
    key = "compiled", current()
    found = closed.memo.get(key)
    if found is None:
        found = closed.memo[key] = compile_jaxpr(closed)
    return found


def compile_steps(*params):
    """Compile a loop with a carry by the backend that is asked for; see `steps.Steps`."""
    if current() == "llvm":
        from fgrad.compiler.native.steps import compile_steps

        return compile_steps(*params)
    return Steps(*params)
