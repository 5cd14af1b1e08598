"""Checkpoints of a training run, in files: also `fgrad.checkpoint.save`, `.load` and `.latest`.

A file is in the safetensors format (https://github.com/huggingface/safetensors): a header of names,
shapes and dtypes, and numbers; reading it runs no code from it. It is written under another name
and moved into place, so whenever a process is killed there is the old file or the new one, whole.
"""

import json
import math
import os
import re
from pathlib import Path

import numpy as np

from fgrad.core.array import as_user
from fgrad.core.errors import CheckpointError
from fgrad.core.extras import required
from fgrad.core.source import located
from fgrad.core.trace import Tracer
from fgrad.core.tree import keystr, tree_flatten_with_path, tree_unflatten
from fgrad.transforms.checkpoint import checkpoint

_NATIVE = frozenset("?bBhHiIlLqQefdF")  # what the format has a name for
_PYTHON = {bool: "bool", int: "int", float: "float", complex: "complex"}
_NUMBERED = re.compile(r"(\d+)\.safetensors")


def save(path, tree, *, step: int | None = None, keep: int | None = None) -> Path:
    """Write a pytree of arrays to a file.

    Parameters
    ----------
    path : str or Path
        The file; with `step`, a folder of files.
    tree : pytree
        Arrays, NumPy scalars, Python numbers, random keys; None is no leaf.
    step : int, optional
        The number of the checkpoint, which names its file.
    keep : int, optional
        How many of the newest checkpoints of the folder stay; by default all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    TypeError
        If a leaf is none of these.
    ImportError
        If safetensors is not installed: ``pip install fgrad[checkpoint]``.

    Examples
    --------
    >>> import tempfile
    >>> import fgrad
    >>> import fgrad.numpy as fnp
    >>> state = {"epoch": 3, "w": fnp.ones(2)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for step in range(5):
    ...         _ = fgrad.checkpoint.save(folder, state, step=step, keep=2)
    ...     fgrad.checkpoint.latest(folder), fgrad.checkpoint.load(folder, state)
    (4, {'epoch': 3, 'w': Array([1., 1.])})
    """
    safetensors = required("safetensors.numpy", "saving a checkpoint", "checkpoint")
    path = Path(path)
    if keep is not None and (step is None or keep < 1):
        raise ValueError(located(f"save: keep must be at least 1, with step; got {keep}"))
    file = path if step is None else path / f"{_checked_step(step):012d}.safetensors"
    tensors, records = {}, []
    for i, (keys, leaf) in enumerate(tree_flatten_with_path(tree)[0]):
        tensors[str(i)], record = _packed(leaf, keystr(keys))
        records.append(record)
    metadata = {"fgrad": "1", "leaves": json.dumps(records), "sha256": _digest(tensors)}
    _replace(file, safetensors.save(tensors, metadata))
    if keep is not None:
        for old in sorted(_numbered(path))[:-keep]:
            _numbered(path)[old].unlink(missing_ok=True)
    return file


def load(path, like=None, *, step: int | None = None):
    """Read a pytree from a file that `save` wrote.

    Parameters
    ----------
    path : str or Path
        The file; or the folder, of which the newest checkpoint is read.
    like : pytree, optional
        What was saved, or a pytree of the same structure, shapes and dtypes (`ShapeDtypeStruct`
        will do). By default the result is a dict of the leaves by their key paths.
    step : int, optional
        Which checkpoint of the folder.

    Returns
    -------
    pytree
        Arrays are `fgrad.Array`; NumPy scalars and Python numbers come back as what they were.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If the file is damaged or not of this kind, or holds something else than `like`: it is a
        ValueError.
    """
    file = _find(Path(path), step)
    arrays, records = _read(file)
    if like is None:
        return {r["path"]: _unpacked(a, r) for a, r in zip(arrays, records, strict=True)}
    pairs, treedef = tree_flatten_with_path(like)
    _check_like(file, [(keystr(k), v) for k, v in pairs], records)
    return tree_unflatten(treedef, list(map(_unpacked, arrays, records)))


def latest(path) -> int | None:
    """The number of the newest checkpoint of a folder; None if there is none.

    Parameters
    ----------
    path : str or Path
    """
    return max(_numbered(Path(path)), default=None)


# -- leaves ----------------------------------------------------------------------------------------


def _packed(leaf, path):
    """A leaf as an array that the format knows, and what it takes to make it again."""
    if isinstance(leaf, Tracer):
        raise TypeError(located(f"save: the leaf at {path or 'the root'} is a tracer: {leaf}"))
    kind = _PYTHON.get(type(leaf)) or ("array" if isinstance(leaf, np.ndarray) else "scalar")
    array = np.asarray(leaf)
    if array.dtype.hasobject or array.dtype.kind in "USmM":
        raise TypeError(
            located(f"save: the leaf at {path or 'the root'} is {leaf!r}; wanted numbers")
        )
    record = {
        "path": path,
        "kind": kind,
        "shape": list(array.shape),
        "dtype": np.lib.format.dtype_to_descr(array.dtype),
    }
    if array.dtype.char not in _NATIVE or not array.dtype.isnative:
        return np.frombuffer(array.tobytes(), np.uint8), record
    return np.ascontiguousarray(array).reshape(array.shape), record


def _unpacked(array, record):
    dtype = np.lib.format.descr_to_dtype(record["dtype"])
    if array.dtype != dtype:
        array = np.frombuffer(array.tobytes(), dtype)
    array = array.reshape(record["shape"])
    if record["kind"] in _PYTHON.values():
        return array.item()
    return as_user(np.array(array)) if record["kind"] == "array" else array[()]


def _digest(tensors):
    """Of the numbers: the format has no checksum."""
    import hashlib  # not everyone needs its import

    total = hashlib.sha256()
    for name in sorted(tensors, key=int):
        total.update(np.ascontiguousarray(tensors[name]).data)
    return total.hexdigest()


# -- files -----------------------------------------------------------------------------------------


def _replace(file, data):
    """Write a file that is there whole or not at all."""
    import tempfile  # not everyone needs its import

    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        os.replace(name, file)
    except BaseException:
        os.unlink(name)
        raise
    _sync_folder(file.parent)
    for stray in file.parent.glob(f".{file.name}.*"):  # of a process that was killed
        stray.unlink(missing_ok=True)


def _sync_folder(folder):
    """The move itself shall outlast a power cut, where folders can be synchronized."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _checked_step(step):
    if not isinstance(step, int | np.integer) or step < 0:
        raise ValueError(located(f"save: step must be a non-negative int, got {step!r}"))
    return int(step)


def _numbered(folder):
    found = {}
    if folder.is_dir():
        for file in folder.iterdir():
            match = _NUMBERED.fullmatch(file.name)
            if match:
                found[int(match[1])] = file
    return found


def _find(path, step):
    if not path.is_dir():
        return path
    files = _numbered(path)
    step = max(files, default=None) if step is None else step
    if step not in files:
        raise FileNotFoundError(located(f"load: no checkpoint {step or ''} in {path}"))
    return files[step]


def _read(file):
    """The arrays and records of a file, after every check."""
    safetensors = required("safetensors", "loading a checkpoint", "checkpoint")
    if not file.exists():
        raise FileNotFoundError(located(f"load: there is no file {file}"))
    try:
        with safetensors.safe_open(file, framework="numpy") as f:
            metadata = f.metadata() or {}
            tensors = {name: f.get_tensor(name) for name in f.keys()}  # noqa: SIM118
    except Exception as e:  # whatever the parser finds, it is no checkpoint
        raise CheckpointError(f"load: {file} is damaged, or no checkpoint: {e}") from None
    try:
        records = json.loads(metadata["leaves"])
        arrays = [tensors.pop(str(i)) for i in range(len(records))]
        whole = not tensors and all(map(_is_sound, arrays, records))
    except (KeyError, TypeError, ValueError, RecursionError):
        whole = False
    if not whole:
        raise CheckpointError(f"load: {file} was not written by fgrad.checkpoint.save")
    if _digest({str(i): a for i, a in enumerate(arrays)}) != metadata.get("sha256"):
        raise CheckpointError(f"load: the numbers in {file} are damaged: their checksum differs")
    return arrays, records


def _is_sound(array, record):
    dtype = np.lib.format.descr_to_dtype(record["dtype"])
    size = math.prod(map(int, record["shape"])) * dtype.itemsize
    known = record["kind"] in ("array", "scalar", *_PYTHON.values())
    return (
        known and isinstance(record["path"], str) and not dtype.hasobject and (size == array.nbytes)
    )


def _check_like(file, pairs, records):
    have, want = [r["path"] for r in records], [path for path, _ in pairs]
    if have != want:
        missing = [p for p in want if p not in have]
        extra = [p for p in have if p not in want]
        raise CheckpointError(
            f"load: {file} has another structure: lacks {missing[:3]}, has {extra[:3]} besides"
            if missing or extra
            else f"load: {file} has its leaves in another order: {have[:3]}, wanted {want[:3]}"
        )
    for (path, leaf), record in zip(pairs, records, strict=True):
        dtype = np.lib.format.descr_to_dtype(record["dtype"])
        wanted = leaf if hasattr(leaf, "dtype") else np.asarray(leaf)
        if tuple(record["shape"]) != tuple(wanted.shape) or dtype != wanted.dtype:
            raise CheckpointError(
                f"load: the leaf at {path or 'the root'} of {file} is {dtype}{record['shape']}; "
                f"wanted {wanted.dtype}{list(wanted.shape)}"
            )


# `fgrad.checkpoint` is JAX's name for computing again; what is saved goes by the same word
checkpoint.save, checkpoint.load, checkpoint.latest = save, load, latest
