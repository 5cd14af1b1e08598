"""Names of a package that are imported when they are first asked for."""

import importlib
import sys


def importer(package: str, members: dict[str, str], rest: str | None = None):
    """The ``__getattr__`` and ``__dir__`` of a package (PEP 562): its modules, and names in them.

    Parameters
    ----------
    package : str
    members : dict
        For a name the module that it is taken from. What is not here is taken for a module of the
        package.
    rest : str, optional
        A module all of whose public names are the package's too.
    """

    def take_rest():
        names = {k: v for k, v in vars(importlib.import_module(rest)).items() if k[0] != "_"}
        vars(sys.modules[package]).update(names)
        return names

    def __getattr__(name):
        where = members.get(name, f"{package}.{name}")
        try:
            found = importlib.import_module(where)
        except ModuleNotFoundError as e:
            if e.name != where:
                raise  # what it needs is missing
            names = take_rest() if rest else {}
            if name in names:
                return names[name]
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        if name in members:
            found = getattr(found, name)
        setattr(sys.modules[package], name, found)
        return found

    def __dir__():
        if rest:
            take_rest()
        return sorted({*vars(sys.modules[package]), *members})

    return __getattr__, __dir__
