"""What the peers of this folder share: options, frameworks with a clear word when one is missing, timing, one line of JSON."""
import argparse
import importlib
import json
import os
import platform
import statistics
import sys
import time


def parser(description, seconds=5.0, **sizes):
    """Options that every peer has, and an integer for each of <sizes>."""
    p = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in dict(threads=1, rounds=5, **sizes).items():
        p.add_argument(f"--{name.replace('_', '-')}", type=positive, default=value)
    p.add_argument("--seconds", type=float, default=seconds, help="of timing, over all rounds")
    p.add_argument("--json", action="store_true", help="the default, and the only form")
    p.add_argument("--check", action="store_true", help="check the result and stop: no timing")
    return p


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is below 1")
    return value


def limit_threads(threads):
    """For numpy's libraries and XLA; before they are loaded."""
    for library in ("OPENBLAS", "OMP", "MKL", "BLIS"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)
    if "numpy" in sys.modules:
        sys.exit("numpy is loaded already, so its number of threads cannot be set; run this file alone")


def load(module, remedy):
    try:
        return importlib.import_module(module)
    except ImportError as e:
        sys.exit(f"{module} is missing ({e}); {remedy}")


def load_torch(a):
    """PyTorch on a.threads threads, float32 products in float32 unless a.tf32."""
    torch = load("torch", "install PyTorch (Debian: python3-torch, or pip install torch)")
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    a.device = getattr(a, "device", "cpu")
    if a.device.split(":")[0] not in ("cpu", "cuda"):
        sys.exit(f"device {a.device} is unknown; use cpu, cuda or cuda:N")
    if a.device != "cpu" and not torch.cuda.is_available():
        sys.exit(f"PyTorch {torch.__version__} sees no CUDA device; use --device cpu, or a build of PyTorch for CUDA on a machine with an NVIDIA GPU")
    if a.device == "cpu" and getattr(a, "graph", False):
        sys.exit("--graph captures a CUDA graph; add --device cuda")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = bool(getattr(a, "tf32", False))
    return torch


def load_jax(a):
    """JAX on a.device, float32 products in float32 unless a.tf32."""
    if a.device == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"
    # the GPU's memory is shared with whoever runs beside this
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    jax = load("jax", "install JAX (pip install jax, or 'jax[cuda12]' for an NVIDIA GPU)")
    try:
        kind = jax.devices("gpu" if a.device != "cpu" else "cpu")[0].device_kind
        a.hardware = kind if a.device != "cpu" else hardware(a)
    except RuntimeError as e:
        sys.exit(f"JAX {jax.__version__} sees no {a.device} device ({str(e).splitlines()[0]}); use --device cpu, or install 'jax[cuda12]'")
    if not a.tf32:
        jax.config.update("jax_default_matmul_precision", "highest")
    return jax


def one_thread_of(a):
    """Ties the process to a.threads cores: XLA takes a thread for every core that it may run on."""
    if a.device == "cpu" and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:a.threads])


def hardware(a, torch=None):
    if torch is not None and a.device != "cpu":
        return torch.cuda.get_device_name(a.device)
    try:
        with open("/proc/cpuinfo") as f:
            names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
        return names[0] if names else platform.processor()
    except OSError:
        return platform.processor() or platform.machine()


def waiter(a, torch):
    """Waits until the device has done what was asked of it."""
    return (lambda: None) if a.device == "cpu" else torch.cuda.synchronize


def capture(torch, run):
    """A CUDA graph of <run>, after a few ordinary runs on a stream of their own; returns what replays it."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def measure(a, once, wait, units, warm=0.5):
    """Rates of a.rounds rounds, in units a second, where once() does <units>."""
    start = time.perf_counter()
    while True:
        once()
        wait()
        if time.perf_counter() - start >= min(warm, a.seconds):
            break
    rates = []
    for _ in range(a.rounds):
        count, pieces, start = 0, 1, time.perf_counter()
        while True:
            # waits seldom, as naf bench does, so that a GPU always has the next piece
            for _ in range(pieces):
                once()
            wait()
            count += pieces * units
            pieces = min(2 * pieces, 64)
            elapsed = time.perf_counter() - start
            if elapsed >= a.seconds / a.rounds:
                break
        rates.append(count / elapsed)
    return rates


def report(a, **fields):
    """One object on one line; a wrong or infinite number is never printed as a result."""
    print(json.dumps(dict(fields, hardware=getattr(a, "hardware", None) or hardware(a), python=platform.python_version(), threads=a.threads),
                     allow_nan=False))


def median(rates):
    return statistics.median(rates)


def worst(errors):
    """The largest error; not a number where one of them is none: max() would pass over it."""
    errors = [float(e) for e in errors]
    return max(errors) if all(e == e for e in errors) else float("nan")


def require(error, limit, what):
    """Stops with a sentence where <error> is above <limit> or no number; returns it otherwise."""
    if not error <= limit:
        sys.exit(f"{what} by {error:.3g}, more than {limit:g}; nothing was timed")
    return float(error)
