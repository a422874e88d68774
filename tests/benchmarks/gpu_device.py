"""The card: its name, its peak by the maker's figures, its memory in use, and taking memory away.

Everything goes by the driver's own libraries, which are there wherever the driver is: NVML
("NVML API Reference Guide") and the CUDA driver's interface ("CUDA Driver API"), both NVIDIA's.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

_SAMPLE_S = 0.05

# TFLOP/s of dense F16 or BF16 matrix products with F32 sums, by NVIDIA's data sheets (where they
# give the rate with sparsity, half of it) and, for GeForce cards, by the appendices of its
# architecture whitepapers: Turing TU102 (2018), Ampere GA102 (2021), Ada (2022), RTX Blackwell
# (2025). The first pattern that matches the card's name counts.
PEAK_TFLOPS: tuple[tuple[str, float], ...] = (
    (r"B200", 2250),  # HGX B200 data sheet: 36 PFLOP/s with sparsity for eight
    (r"H200 NVL", 836),  # H200 data sheet: 1,671 with sparsity
    (r"H200|GH200", 989),  # H200 data sheet: 1,979 with sparsity
    (r"H100 NVL", 836),  # H100 data sheet: 1,671 with sparsity
    (r"H100 PCIe", 756),  # H100 data sheet: 1,513 with sparsity
    (r"H100", 989),  # H100 SXM: 1,979 with sparsity
    (r"A100", 312),  # A100 data sheet
    (r"A30\b", 165),  # A30 data sheet
    (r"A10\b", 125),  # A10 data sheet
    (r"A40\b", 150),  # A40 data sheet
    (r"L40S", 362),  # L40S data sheet
    (r"L40\b", 181),  # L40 data sheet
    (r"L4\b", 121),  # L4 data sheet: 242 with sparsity
    (r"V100", 125),  # V100 data sheet (SXM2)
    (r"T4\b", 65),  # T4 data sheet
    (r"RTX 5090$", 209.5),  # RTX Blackwell whitepaper
    (r"RTX 4090$", 165.2),  # Ada whitepaper
    (r"RTX 3090$", 71),  # GA102 whitepaper
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A GPU. ``index`` is nvidia-smi's; ``peak_tflops`` is None for a card not in the table."""

    index: int
    name: str
    memory_mib: int
    driver: str
    peak_tflops: float | None


def peak_of(name: str) -> float | None:
    """Return the peak of a card by nvidia-smi's name for it, None if it is not in the table."""
    return next((peak for pattern, peak in PEAK_TFLOPS if re.search(pattern, name)), None)


def find_card(index: int) -> Card | None:
    """Return the card of that index (nvidia-smi's), None without a driver or such a card."""
    try:
        nvml, handle = _nvml(index)
        name, driver = (ctypes.create_string_buffer(96) for _ in range(2))
        _call(nvml.nvmlDeviceGetName, handle, name, 96)
        _call(nvml.nvmlSystemGetDriverVersion, driver, 96)
        total = _memory(nvml, handle).total
    except OSError:
        return None
    return Card(
        index=index,
        name=name.value.decode(),
        memory_mib=total >> 20,
        driver=driver.value.decode(),
        peak_tflops=peak_of(name.value.decode()),
    )


class MemoryMeter:
    """Watches how much memory of the card is in use, twenty times a second.

    ``peak_mib`` is the most above what was in use at the start: context, weights, cache and
    working memory of the process that runs meanwhile. None without a card.
    """

    def __init__(self, card: Card | None) -> None:
        self._source = _nvml(card.index) if card else None
        self._samples: list[int] = []
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._take()
        self._sampler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._sampler.join()

    @property
    def peak_mib(self) -> int | None:
        """The most so far, in MiB."""
        return (max(self._samples) - self._samples[0]) >> 20 if self._samples else None

    def _sample(self) -> None:
        while not self._ended.wait(_SAMPLE_S):
            self._take()

    def _take(self) -> None:
        if self._source is not None:
            self._samples.append(_memory(*self._source).used)


@contextmanager
def all_memory_but(card: Card, free_mib: int) -> Iterator[int]:
    """Take memory of the card until only that much is free; gives how much was free in MiB.

    Raises:
        OSError: a call failed.
    """
    cuda = ctypes.CDLL("libcuda.so.1")
    device, context = ctypes.c_int(), ctypes.c_void_p()
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    taken = ctypes.c_uint64()
    _call(cuda.cuInit, 0)
    _call(cuda.cuDeviceGet, ctypes.byref(device), 0)  # the visible one: gpu.py hides the others
    _call(cuda.cuDevicePrimaryCtxRetain, ctypes.byref(context), device)
    try:
        _call(cuda.cuCtxSetCurrent, context)
        _call(cuda.cuMemGetInfo_v2, ctypes.byref(free), ctypes.byref(total))
        size = free.value - (free_mib << 20)
        if size <= 0:
            msg = f"{card.name} has only {free.value >> 20} MiB free, less than {free_mib}"
            raise OSError(msg)
        _call(cuda.cuMemAlloc_v2, ctypes.byref(taken), ctypes.c_size_t(size))
        try:
            yield free.value >> 20
        finally:
            _call(cuda.cuCtxSetCurrent, context)
            _call(cuda.cuMemFree_v2, taken)
    finally:
        _call(cuda.cuDevicePrimaryCtxRelease_v2, device)


class _Memory(ctypes.Structure):
    """``nvmlMemory_t``, in bytes."""

    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


def _nvml(index: int) -> tuple[ctypes.CDLL, ctypes.c_void_p]:
    nvml, handle = ctypes.CDLL("libnvidia-ml.so.1"), ctypes.c_void_p()
    _call(nvml.nvmlInit_v2)
    _call(nvml.nvmlDeviceGetHandleByIndex_v2, index, ctypes.byref(handle))
    return nvml, handle


def _memory(nvml: ctypes.CDLL, handle: ctypes.c_void_p) -> _Memory:
    found = _Memory()
    _call(nvml.nvmlDeviceGetMemoryInfo, handle, ctypes.byref(found))
    return found


def _call(function: ctypes._NamedFuncPointer, *arguments: object) -> None:
    status = function(*arguments)
    if status != 0:
        msg = f"{function.__name__} of the GPU's driver failed with status {status}"
        raise OSError(msg)
