"""Counts of what a GPU would do, taken from fake tensors: launches, bytes, memory, copies from the host."""

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

GPU = "cuda"
OVERWRITES = ("copy_", "fill_", "zero_")  # write what they do not read
DTYPES = {Tensor.float: torch.float32, Tensor.half: torch.float16, Tensor.bfloat16: torch.bfloat16}
TWO_LAUNCHES = ("constant_pad_nd",)  # a fill, then a copy


def bytes_of(tensors: Iterable[Any]) -> int:
    """Bytes that lie in memory under tensors; what is expanded lies there once."""
    total = 0
    for tensor in tensors:
        if isinstance(tensor, Tensor):
            sizes = [size for size, step in zip(tensor.shape, tensor.stride(), strict=True) if step]
            total += torch.Size(sizes).numel() * tensor.element_size()
    return total


class LaunchCounter(TorchDispatchMode):
    """Counts, within a FakeTensorMode and without gradients, what operations on GPU tensors cost.

    Every operation reads its inputs and writes its outputs once: caches that keep an output for the next
    launch are left out, and so are keys that a tile of queries reads again.

    Parameters
    ----------
    kernels : mapping of operation to callable, optional
        What stands for operations of our own: it gets this counter and their arguments, and returns their
        result.

    Attributes
    ----------
    launches : Counter of str
        By operation.
    read, written : int
        Bytes.
    traffic : Counter of str
        Bytes read and written, by operation.
    peak : int
        Bytes of the tensors that were made and not yet dropped, at most.
    host_copies : int
        Copies from the host to the GPU, for each of which a run waits.
    """

    def __init__(self, kernels: Mapping[Any, Callable[..., Tensor]] | None = None) -> None:
        super().__init__()
        self.kernels = kernels or {}
        self.launches: Counter[str] = Counter()
        self.traffic: Counter[str] = Counter()
        self.read = self.written = self.peak = self.host_copies = 0
        self._lying = 0
        self._users: Counter[int] = Counter()
        self._calls = _Calls(self)

    @property
    def bytes(self) -> int:
        """Bytes read and written."""
        return self.read + self.written

    def __enter__(self) -> "LaunchCounter":
        self._calls.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._calls.__exit__(*error)

    def __torch_dispatch__(  # noqa: PLR0917
        self, func: Any, types: Any, args: tuple = (), kwargs: Any = None
    ) -> Any:
        if func in self.kernels:
            with self:
                return self.kernels[func](self, *args, **(kwargs or {}))
        result = func(*args, **(kwargs or {}))
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        made = [tensor for tensor in made if tensor.device.type == GPU]
        name = func.overloadpacket.__name__
        in_place = func._schema.is_mutable
        old = {_storage(tensor) for tensor in given}
        new = [tensor for tensor in made if in_place or _storage(tensor) not in old]
        self.keep(made, old)
        if new and "empty" not in name:
            outputs = () if not in_place else (made[0],)
            skipped = outputs if name in OVERWRITES or "out" in (kwargs or {}) else ()
            inputs = [tensor for tensor in given if not any(tensor is each for each in skipped)]
            self.launch(name, inputs, new, times=2 if name in TWO_LAUNCHES else 1)
        return result

    def launch(self, name: str, inputs: Iterable[Any], outputs: Iterable[Any], *, times: int = 1) -> None:
        """Count a launch by hand."""
        read, written = bytes_of(inputs), bytes_of(outputs)
        self.launches[name] += times
        self.traffic[name] += read + written
        self.read += read
        self.written += written

    def keep(self, made: list[Tensor], old: set[int]) -> None:
        """Note the memory of new tensors for as long as they, or views of them, are there."""
        for tensor in made:
            storage = _storage(tensor)
            if storage in old and storage not in self._users:
                continue  # of somebody else
            size = tensor.untyped_storage().nbytes()
            if not self._users[storage]:
                self._lying += size
                self.peak = max(self.peak, self._lying)
            self._users[storage] += 1
            weakref.finalize(tensor, self._drop, storage, size)

    def _drop(self, storage: int, size: int) -> None:
        self._users[storage] -= 1
        if not self._users[storage]:
            del self._users[storage]
            self._lying -= size


class _Calls(TorchFunctionMode):
    """What fake tensors refuse without a GPU: copies from the host, indices; and attention as one launch."""

    def __init__(self, counter: LaunchCounter) -> None:
        super().__init__()
        self.counter = counter

    def __torch_function__(  # noqa: PLR0917
        self, func: Any, types: Any, args: tuple = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:
            return self._attention(*args, **kwargs)
        if func is Tensor.__invert__:
            return torch.bitwise_not(args[0])
        if func is Tensor.contiguous and args[0].is_contiguous():
            return args[0]
        if func is Tensor.to and args[0].device.type == "cpu" and _names_gpu(args[1:], kwargs):
            return self._copied(args[0], kwargs)
        if func in (torch.tensor, torch.as_tensor) and _names_gpu((), kwargs):
            return self._copied(torch.tensor(args[0]), kwargs)
        if func is Tensor.new_tensor and args[0].device.type == GPU:
            return self._copied(torch.tensor(args[1]), kwargs)
        if func in DTYPES and args[0].device.type == GPU:
            return _cast(args[0], DTYPES[func])
        if func is Tensor.to and isinstance(args[1], torch.dtype):
            return _cast(args[0], args[1])
        if (func is Tensor.to and isinstance(args[1], Tensor)) or func is Tensor.type_as:
            return _cast(args[0], args[1].dtype)
        if func is Tensor.contiguous and args[0].device.type == GPU:
            return torch.ops.aten.clone(args[0], memory_format=torch.contiguous_format)
        if func is Tensor.__getitem__ and args[0].device.type == GPU:
            return _view(*args)
        if func is Tensor.__setitem__ and args[0].device.type == GPU:
            self.counter.launch("set items", args[2:], (_view(*args[:2]),))
            return None
        return func(*args, **kwargs)

    def _copied(self, tensor: Tensor, kwargs: dict[str, Any]) -> Tensor:
        self.counter.host_copies += 1
        return torch.empty(tensor.shape, dtype=kwargs.get("dtype") or tensor.dtype, device=GPU)

    def _attention(self, *tensors: Tensor, attn_mask: Tensor | None = None) -> Tensor:
        query, _, value = tensors
        rows, heads, tokens, _ = query.shape
        attended = query.new_empty(rows, tokens, heads, value.shape[-1]).transpose(1, 2)  # as CUDA's lie
        self.counter.launch("attention", (*tensors, attn_mask), (attended,))
        return attended


def _cast(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor if tensor.dtype == dtype else torch.ops.aten._to_copy(tensor, dtype=dtype)


def _view(tensor: Tensor, index: Any) -> Tensor:
    """Plain indexing: numbers, slices, None and ...; for each axis a view."""
    indices = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in indices:
        place = indices.index(Ellipsis)
        axes = tensor.ndim - sum(each is not None for each in indices) + 1
        indices[place : place + 1] = [slice(None)] * axes
    axis = 0
    for each in indices:
        if each is None:
            tensor = tensor.unsqueeze(axis)
        elif isinstance(each, int):
            tensor = tensor.select(axis, each)
            continue
        elif each != slice(None):
            tensor = torch.ops.aten.slice(tensor, axis, each.start, each.stop, each.step or 1)
        axis += 1
    return tensor


def _names_gpu(args: tuple, kwargs: dict[str, Any]) -> bool:
    """Whether arguments of `to` name the GPU, or a tensor that lies there."""
    for given in (*args, *kwargs.values()):
        device = given.device if isinstance(given, Tensor) else given
        if isinstance(device, str | torch.device) and torch.device(device).type == GPU:
            return True
    return False


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata
