"""Machine code from LLVM's language, and Python functions made of it.

The functions take NumPy's arrays as they are, without a wrapper: what CPython and NumPy promise of
the layout of their objects is looked up here, once, and checked.
"""

import ctypes
import functools
import itertools
import platform
import sys
import sysconfig
import weakref

import numpy as np

from fgrad.core.extras import installed

# Where an array object keeps the address of its data, and its flags: NumPy's `PyArrayObject`.
HEADER = object.__basicsize__
DATA, FLAGS = HEADER, HEADER + 48
# C_CONTIGUOUS, ALIGNED: what the code relies on. (Other byte orders are no dtype of a program.)
PLAIN = 0x0001 | 0x0100
X86 = platform.machine() in ("x86_64", "AMD64")

_FASTCALL = 0x0080


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


@functools.cache
def binding():
    """llvmlite, ready to make code for this machine; None if that cannot be."""
    usual = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
    llvm = installed("llvmlite.binding") if usual and ctypes.sizeof(ctypes.c_void_p) == 8 else None
    if llvm is None or llvm.llvm_version_info[0] < 20 or not _layout_is_known():
        return None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def _layout_is_known():
    """Whether arrays and scalars look as this module believes."""
    x = np.arange(6.0).reshape(2, 3)
    scalar = np.float64(1.25)
    return (
        ctypes.c_void_p.from_address(id(x) + DATA).value == x.ctypes.data
        and ctypes.c_int.from_address(id(x) + FLAGS).value == x.flags.num
        and ctypes.c_int.from_address(id(x.T) + FLAGS).value == x.T.flags.num
        and ctypes.c_double.from_address(id(scalar) + HEADER).value == 1.25
        and ctypes.c_double.from_address(id(1.25) + HEADER).value == 1.25
    )


@functools.cache
def _compiler(effort):
    """The machine that code is for, and what runs passes for it: slow to make, so made once."""
    llvm = binding()
    features = llvm.get_host_cpu_features().flatten()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=effort, jit=True
    )
    return machine, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())


_PROCESS = "process"
_numbers = itertools.count()  # the name of a library can be used once


@functools.lru_cache(maxsize=1)
def _linker(generation):
    """What puts libraries of machine code into memory, and one of the functions of this process.

    It remembers libraries that are gone, so another one takes its place now and then; it lives as
    long as one of its libraries does.
    """
    llvm = binding()
    linker = llvm.create_lljit_compiler(use_jit_link=True)
    return linker, llvm.JITLibraryBuilder().add_current_process().link(linker, _PROCESS)


@functools.cache
def vector_bytes() -> int:
    """How wide a vector register is."""
    features = binding().get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx") else 16


# Machine code by its text: programs are often compiled again with other constants or shapes that
# come to the same.
_modules = weakref.WeakValueDictionary()


class Module:
    """Machine code.

    Parameters
    ----------
    text : str
        A module in LLVM's language.
    effort : {0, 1, 2, 3}
        How long the compiler may think: at 0 it takes half the time of 2.
    """

    def __init__(self, text: str, effort=2):
        llvm = binding()
        machine, builder = _compiler(effort)
        parsed = llvm.parse_assembly(text)
        _simplify(llvm, builder, parsed)
        number = next(_numbers)
        linker, _ = _linker(number // 256)
        library = llvm.JITLibraryBuilder().add_jit_library(_PROCESS)
        library.add_object_img(machine.emit_object(parsed))
        for function in parsed.functions:
            if not function.is_declaration and function.linkage is llvm.Linkage.external:
                library.export_symbol(function.name)
        self._library = library.link(linker, f"module{number}")

    @classmethod
    def of(cls, text: str, effort=2) -> "Module":
        """The machine code of a text, made once."""
        found = _modules.get((text, effort))
        if found is None:
            found = _modules[text, effort] = cls(text, effort)
        return found

    def function(self, name: str):
        """A Python function whose code is ``name(self, arguments, their number)``."""
        return _builtin(self.address(name), name, self)

    def address(self, name: str) -> int:
        """Where a function's code is."""
        return self._library[name]


def _simplify(llvm, builder, module):
    """Put variables into registers, and what loops repeat before them."""
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)


class _Owner:
    """Keeps what a builtin function is made of."""

    __slots__ = ("definition", "module")

    def __init__(self, definition, module):
        self.definition = definition
        self.module = module


def _builtin(address, name, module):
    definition = _MethodDef(name.encode(), address, _FASTCALL, None)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    # the function refers to its owner until it is gone itself
    return new(ctypes.addressof(definition), _Owner(definition, module), None)


def address_of(function) -> int:
    """The address of a function of a C library."""
    return ctypes.cast(function, ctypes.c_void_p).value


@functools.cache
def python_api(name: str) -> int:
    """The address of a function of Python."""
    return address_of(getattr(ctypes.pythonapi, name))
