"""What the processor of this machine computes, and in which number format it is fastest."""

import platform
from pathlib import Path

import torch

_CPUINFO = Path("/proc/cpuinfo")


def default_device() -> str:
    """Return the device that PyTorch uses on this machine: "cuda", "mps" or "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def computes_in_bf16(device: str) -> bool:
    """Return whether a device has instructions for bf16; emulated bf16 is many times slower than fp32."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # Apple's GPUs gain nothing from it
    if device != "cpu":
        return False
    return any((torch.cpu._is_avx512_bf16_supported(), torch.cpu._is_amx_tile_supported()))


def faster_in_bf16(device: str) -> bool:
    """Return whether networks are faster in bf16 than in fp32 on a device."""
    return computes_in_bf16(device) and (
        device != "cpu" or bf16_pays(_maker(), bool(torch.cpu._is_amx_tile_supported()))
    )


def bf16_pays(maker: str, amx: bool) -> bool:
    """Return whether a processor with instructions for bf16 is faster in it than in fp32.

    Intel's AVX-512 BF16 makes as many products in a cycle as its fp32, and the conversions come on top: there bf16
    pays with AMX only, which older processors lack and many virtual machines hide.

    Args:
        maker: text of the system that names the maker, for example "GenuineIntel".
        amx: whether the processor has AMX.
    """
    return amx or "GenuineIntel" not in maker


def computes_in_int8() -> bool:
    """Return whether the processor multiplies 8-bit integers by AVX-512 VNNI; without, int8 can be slower than fp32."""
    return bool(torch.cpu._is_vnni_supported())


def _maker() -> str:
    # On Linux Python does not know it
    return _CPUINFO.read_text() if _CPUINFO.is_file() else platform.processor()
