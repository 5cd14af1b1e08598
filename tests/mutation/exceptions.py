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
    "fgrad/compiler/body.py:Body.__init__ drop guard cba66d": (
        "Without targets none can be reached: the guard is a shorter way."
    ),
    "fgrad/compiler/gather.py:gather_rows negate condition 0018e9": (
        "One thread or several gather the same rows: only time differs."
    ),
    "fgrad/compiler/lower.py:_einsum change constant 17bfcb": (
        "With two threads a product is not shared out: only time differs."
    ),
    "fgrad/compiler/passes/__init__.py:PREPARING drop pass 3fa566": (
        "Dead code is dropped after the other passes too: only compiling takes longer."
    ),
    "fgrad/compiler/passes/pads.py:join_pads move bound 54ae8f": (
        "A program without padding is looked through in vain: only compiling takes longer."
    ),
    "fgrad/compiler/passes/pads.py:join_pads.terms change constant 17bfcb": (
        "A sum that something else reads too is made besides: the numbers are the same."
    ),
    "fgrad/control_flow/hoist.py:expand_while drop term 9c52fd": (
        "After the carries a condition loop has no operands or results that one more could reach."
    ),
    "fgrad/control_flow/stage.py:_grown change constant 88cd4f": (
        "Zero or one: Python numbers of one kind promote alike."
    ),
    "fgrad/primitives/gamma_derivative.py:_integral flip sign a6c4e9": (
        "Gauss's nodes and weights are symmetric."
    ),
    "fgrad/primitives/gamma_derivative.py:_by_parameter change constant 634008": (
        "Any parameter as small has the same limit."
    ),
    "fgrad/primitives/index.py:_gather_impl change constant 17bfcb": (
        "NumPy takes any negative length for the one to be found."
    ),
    "fgrad/primitives/linalg/determinant.py:inverse_times skip fit 1b74a0": (
        "The rule of a solution takes no tangent from the factors: only work is added."
    ),
    "fgrad/primitives/linalg/determinant.py:- change constant 9c1f0a": (
        "The flag is read where the first operand is a tangent, which no rule makes it."
    ),
    "fgrad/primitives/linalg/eigen.py:- change constant c74550 (2)": (
        "It says on how many threads LAPACK runs: only time differs."
    ),
    "fgrad/primitives/linalg/matrices.py:as_row drop term 424416": (
        "The place of the new axis counts from the end of the old ones: it is the same."
    ),
    "fgrad/compiler/native/engine.py:binding drop guard 2e56b3": (
        "Where the tests run the layout of objects is the known one."
    ),
    "fgrad/compiler/native/engine.py:_layout_is_known flip sign a6412e": (
        "The numbers of two scalars are compared: of one it is enough, where the layout is known."
    ),
    "fgrad/compiler/native/engine.py:_simplify drop statement da2810": (
        "Variables stay in memory: only time differs."
    ),
    "fgrad/compiler/native/entry.py:function_text move bound be31cd (4)": (
        "A table of one length, which nothing reads."
    ),
    "fgrad/compiler/native/fuse.py:_what_it_does swap neighbours b4ae1b": (
        "The parts of a key in another order."
    ),
    "fgrad/compiler/native/kernel.py:Kernel.__init__ neighbour c587db": (
        "Kernels that are one have the same axes, or are flat: their lengths are zero together."
    ),
    "fgrad/compiler/native/loop.py:LoopWriter._step drop statement 845fa5": (
        "The new carry is copied to where it else is written: only time differs."
    ),
    "fgrad/compiler/native/loop_products.py:Products._product drop guard baad57": (
        "A number is put where else an array would be: it is read from there."
    ),
    "fgrad/compiler/native/matmul.py:flops change constant 3f96cb": (
        "It says which products are large: only time differs."
    ),
    "fgrad/compiler/native/nest_plan.py:NestPlan._cost_of drop term 1223aa": (
        "A value is computed again rather than kept: only time differs."
    ),
    "fgrad/compiler/native/nest_plan.py:NestPlan._choose_lanes move bound 40e50c": (
        "Longer vectors: only time differs."
    ),
    "fgrad/compiler/native/operations.py:operand_dtype change constant 88cd4f": (
        "Zero or one: Python numbers of one kind promote alike."
    ),
    "fgrad/compiler/native/operations.py:is_written drop guard e41a96": (
        "No operation has operands of floats and computes in integers."
    ),
    "fgrad/compiler/native/place.py:Place.load drop guard 7f628b": (
        "Neighbours are gathered one by one: only time differs."
    ),
    "fgrad/compiler/native/primitive.py:overwritable drop guard 08d377": (
        "An argument is only written over by a result of its shape, which the results are asked "
        "for."
    ),
    "fgrad/compiler/native/product.py:plan_product move bound 639bbe": (
        "It says what is put side by side first: only time differs."
    ),
    "fgrad/compiler/native/product.py:plan_product drop guard 711a7e": (
        "What lies side by side is copied: only time differs."
    ),
    "fgrad/compiler/native/product.py:_entries change constant c74550 (2)": (
        "Other threads wait: only time differs."
    ),
    "fgrad/compiler/native/values.py:Builder.load change constant 17bfcb (2)": (
        "What stands where a mask is false is used by nobody; it only must not be zero."
    ),
}
