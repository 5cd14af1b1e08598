"""Names of a package that are imported when they are first asked for."""

import importlib
import sys


def importer(package: str, members: dict[str, str]):
    """The ``__getattr__`` of a package (PEP 562): its modules, and a few names out of them.

    Parameters
    ----------
    package : str
    members : dict
        For a name the module that it is taken from. What is not here is taken for a module of the
        package.
    """

    def __getattr__(name):
        where = members.get(name, f"{package}.{name}")
        try:
            found = importlib.import_module(where)
        except ModuleNotFoundError as e:
            if e.name != where:
                raise  # what it needs is missing
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        if name in members:
            found = getattr(found, name)
        setattr(sys.modules[package], name, found)
        return found

    return __getattr__
