"""The machine: accelerators and their arithmetic, threads, shared memory."""

import os
import shutil
from collections.abc import Iterator
from multiprocessing import shared_memory
from pathlib import Path
from typing import TYPE_CHECKING

from avkd_cli.steps.doctor.finding import BAD, GOOD, ODD, Finding, judged, size, worded

if TYPE_CHECKING:
    import torch

SHM = Path("/dev/shm")
LEAST_SHM = 64 << 20  # what docker gives unless it is told otherwise
CLOSE, NEAR = 2e-2, 1e-3  # of a product in bfloat16 or fp16, and in float32 (TF32 is 5e-4)


def gpus() -> Iterator[Finding]:
    """Yield each GPU, and whether it computes what a CPU computes, in each precision."""
    import torch

    if not torch.cuda.is_available():
        built = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
        told = f"torch {torch.__version__} is built {built}"
        yield Finding(
            "cuda",
            ODD,
            f"no GPU that torch can use; {told}; training uses the CPU",
            "with a GPU: nvidia-smi says whether the driver is there and which "
            "CUDA it knows; then make setup TORCH=… for one that fits",
        )
        yield _cpu_precision()
        return
    for number in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(number)
        free, total = torch.cuda.mem_get_info(number)
        yield judged(
            f"cuda:{number}",
            free > total / 10,
            f"{about.name}, {size(total)}, {size(free)} free, capability "
            f"{about.major}.{about.minor}, CUDA {torch.version.cuda}",
            "others are using it: see nvidia-smi",
        )
        yield from precisions(f"cuda:{number}")


def precisions(device: str) -> Iterator[Finding]:
    """Yield how near a product on a device is to the exact one, in each precision."""
    import torch

    kinds = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    if device.startswith("cuda") and not torch.cuda.is_bf16_supported():
        del kinds["bf16"]
        told, remedy = "not supported in hardware", "use --mixed-precision fp16 or no"
        yield Finding(f"{device} bf16", ODD, told, remedy)
    for name, dtype in kinds.items():
        try:
            off = off_by(torch.device(device), dtype)
        except RuntimeError as error:
            remedy = "install a torch for this GPU: make setup TORCH=…"
            yield Finding(f"{device} {name}", BAD, worded(error), remedy)
            continue
        yield judged(
            f"{device} {name}",
            off < (NEAR if name == "float32" else CLOSE),
            f"a product is {off:.1e} from the exact one",
            "do not train on it: its memory or driver is faulty",
            otherwise=BAD,
        )


def off_by(device: "torch.device", dtype: "torch.dtype") -> float:
    """Return how far a product of two matrices is from the one in float64, as a share of it."""
    import torch

    draw = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 256, 256, dtype=torch.float64, generator=draw)
    exact = a @ b
    found = (a.to(device, dtype) @ b.to(device, dtype)).double().cpu()
    return float((found - exact).norm() / exact.norm())


def _cpu_precision() -> Finding:
    """Return whether the CPU multiplies in bfloat16 by hardware."""
    flags = " ".join(_lines(Path("/proc/cpuinfo")))
    fast = "avx512_bf16" in flags or "amx_bf16" in flags
    found = "bf16 in hardware" if fast else "bf16 in software alone, slower than float32"
    return Finding("cpu precision", GOOD, found, "" if fast else "--mixed-precision no")


def threads() -> Iterator[Finding]:
    """Yield how many cores there are, how many may be used, and how many libraries would take."""
    import torch

    there, allowed = os.cpu_count() or 1, len(os.sched_getaffinity(0))
    quota = cpu_quota()
    usable = allowed if quota is None else min(allowed, max(1, round(quota)))
    limit = "" if quota is None else f", the container's quota is {quota:g}"
    yield Finding("cores", GOOD, f"{there} cores, {allowed} for this process{limit}")
    taken, load = torch.get_num_threads(), os.getloadavg()[0]
    yield judged(
        "torch",
        taken <= usable,
        f"torch takes {taken} threads of {usable}",
        f"export OMP_NUM_THREADS={usable}: more threads than cores wait for each other",
    )
    yield judged(
        "load",
        load <= 1.5 * usable,
        f"{load:.1f} processes want to run",
        "others use this machine: measure no times now",
    )


def cpu_quota() -> float | None:
    """Return how many cores a cgroup lets its processes use, None where there is no limit."""
    try:
        most, period = Path("/sys/fs/cgroup/cpu.max").read_text("utf-8").split()
        return None if most == "max" else int(most) / int(period)
    except (OSError, ValueError):
        return None


def memory() -> Iterator[Finding]:
    """Yield free memory, and whether processes can share some."""
    there = {line.split(":")[0]: line.split()[1] for line in _lines(Path("/proc/meminfo"))}
    free = int(there.get("MemAvailable", 0)) * 1024
    workers = "take fewer --workers: each holds 0.3 GB and more"
    yield judged("free", free > 2 << 30, f"{size(free)} free", workers)
    remedy = "docker run --shm-size=2g, or mount a tmpfs on /dev/shm"
    try:
        shared = shared_memory.SharedMemory(create=True, size=1 << 20)
        shared.buf[-1] = 1
        shared.close()
        shared.unlink()
        room = shutil.disk_usage(SHM).free
    except OSError as error:
        told = f"processes cannot share memory: {error.strerror}"
        yield Finding("shared", BAD, told, remedy)
        return
    told = f"{size(room)} of shared memory free"
    yield judged("shared", room >= LEAST_SHM, told, remedy)


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line for line in lines if ":" in line]
