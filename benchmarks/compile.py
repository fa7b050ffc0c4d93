"""Start-up and speed of torch.compile and AOTInductor beside plain PyTorch: `python -m benchmarks.compile`.

Prints a table for docs/python.md. It needs a C++ compiler. Times of CPU include those of the compiler.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

# One process compiles, so that its time of CPU is counted.
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"

import torch
from torch import Tensor

from rs_srgan import load_model

SIZE = (1, 4, 256, 256)
CALLS = 5

Compute = Callable[[Tensor], Tensor]


def compiled(model: torch.nn.Module, lr: Tensor, folder: Path) -> Compute:
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder)
    made: Compute = torch.compile(model)
    return made


def packaged(model: torch.nn.Module, lr: Tensor, folder: Path) -> Compute:
    from torch._inductor import aoti_compile_and_package, aoti_load_package

    package = aoti_compile_and_package(torch.export.export(model, (lr,)), package_path=str(folder / "model.pt2"))
    loaded: Compute = aoti_load_package(package)
    return loaded


def cpu_seconds() -> float:
    """Return the time of CPU of this process and its finished children."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def main() -> None:
    model, lr = load_model("sisr-x4-rgbn"), torch.rand(SIZE) * 0.4
    plain = model(lr)
    print(f"{SIZE[2]} x {SIZE[3]} pixels, torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print("| | ready after, s | of CPU, s | each call, s | largest difference |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, make in (("PyTorch", lambda *_: model), ("torch.compile", compiled), ("AOTInductor", packaged)):
        with TemporaryDirectory() as folder, torch.inference_mode(name == "PyTorch"), torch.no_grad():
            began, used = time.perf_counter(), cpu_seconds()
            compute = make(model, lr, Path(folder))
            sr = compute(lr)
            ready, used = time.perf_counter() - began, cpu_seconds() - used
            times = []
            for _ in range(CALLS):
                began = time.perf_counter()
                compute(lr)
                times.append(time.perf_counter() - began)
            error = float((sr - plain).abs().max())
        print(f"| {name} | {ready:.1f} | {used:.1f} | {min(times):.2f} | {error:.1e} |", flush=True)


if __name__ == "__main__":
    main()
