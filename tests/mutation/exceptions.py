"""Mutants that change nothing a test could see, each with the reason."""

EXCEPTIONS = {
    "fgrad/compiler/deferral.py:Deferral.__init__ flip sign 998276": (
        "The search for the first reader starts earlier, where none can be."
    ),
    "fgrad/compiler/function.py:function_source drop guard 926ed0": (
        "A line without a source is looked up as None either way."
    ),
    "fgrad/compiler/lower.py:literal drop guard cb4e6e": (
        "Parentheses for the reader: no generated operator binds tighter than a sign."
    ),
    "fgrad/compiler/steps.py:Steps._source drop guard db3726": (
        "A loop without a line is taken apart before; the guard keeps the source valid."
    ),
    "fgrad/primitives/activations.py:relu6 change constant 17bfcb": (
        "The two last dtypes that NumPy resolves for a minimum are the same."
    ),
    "fgrad/primitives/reduce.py:_cumprod_jvp.combine swap neighbours f02f87": (
        "The combination is symmetric."
    ),
    "fgrad/primitives/define.py:Elementwise._abstract_eval drop guard dc6b00": (
        "Only scalars are weak, so a result of weak operands has no axes."
    ),
    "fgrad/transforms/face.py:_FAST drop pass 6f5f28": (
        "A shortcut less; the long way does the same."
    ),
    "fgrad/transforms/programs.py:memoized.remembered drop statement 176b02": (
        "A closed program holds no outer tracer, and what holds none is evaluated at once under "
        "every interpreter."
    ),
}
