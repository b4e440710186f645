"""Which libraries are there, and do they load: each in a process that may die of it."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from avkd_cli.steps.doctor.finding import BAD, GOOD, ODD, Finding, judged

SECONDS = 120  # that one import may take: a cold disk reads gigabytes for torch
# Distribution → what is imported of it. A later one is loaded beside the earlier ones: compiled
# libraries must go together, not each on its own.
NEEDED = {
    "numpy": "numpy",
    "scipy": "scipy.fft",
    "torch": "torch",
    "accelerate": "accelerate",
    "safetensors": "safetensors.torch",
    "zarr": "zarr",
    "tensorstore": "tensorstore",
    "zstandard": "zstandard",
    "google-crc32c": "google_crc32c",
    "av": "av",
    "soundfile": "soundfile",
    "soxr": "soxr",
    "opencv-python": "cv2",
    "onnxruntime": "onnxruntime",
    "insightface": "insightface",
    "pillow": "PIL.Image",
    "msgspec": "msgspec",
    "pyarrow": "pyarrow",
    "rich": "rich",
    "matplotlib": "matplotlib",
    "jinja2": "jinja2",
    "click": "click",
}
DONE_WITHOUT = {
    "torchaudio": ("torchaudio.functional", "changes of speed are computed by avkd's own formula"),
}
EXTRAS = {
    "dask": ("dask.distributed", "dask", "preparation on a cluster"),
    "pillow-heif": ("pillow_heif", "heic", "photos of iPhones"),
    "scikit-learn": ("sklearn.manifold", "tsne", "analyze tsne"),
    "faiss-cpu": ("faiss", "cluster", "corpus cluster beyond 20,000 utterances"),
    "onnxscript": ("onnxscript", "export", "export"),
    "tensorboard": ("tensorboard", "tensorboard", "--tracker tensorboard"),
}
_PROBE = """
import importlib, json, sys
for name in sys.argv[1:]:
    print(json.dumps({"begins": name}), flush=True)
    try:
        importlib.import_module(name)
        print(json.dumps({"loads": name}), flush=True)
    except BaseException as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        print(json.dumps({"fails": name, "why": text}), flush=True)
"""


def look() -> Iterator[Finding]:
    """Yield Python and every library that avkd uses."""
    named = {"executable": sys.executable, "host": platform.node()}
    told = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Finding("python", GOOD, told, named=named)
    yield Finding("avkd", *_version("avkd"))
    installed = [one for one in EXTRAS if _version(one)[0] == GOOD]
    modules = [
        *NEEDED.values(),
        *(one for one, _ in DONE_WITHOUT.values()),
        *(EXTRAS[one][0] for one in installed),
    ]
    why = faults(modules)
    ranges = _ranges()
    for name, module in NEEDED.items():
        yield of_needed(name, why.get(module, ""), ranges.get(name, name))
    for name, (module, instead) in DONE_WITHOUT.items():
        yield of_spare(name, why.get(module, ""), instead)
    for name, (module, extra, what) in EXTRAS.items():
        yield of_extra(name, why.get(module, ""), extra, what)


def of_needed(name: str, why: str, asked: str) -> Finding:
    """Return how a library is that avkd does not work without."""
    state, found = _version(name)
    told = f"{found}: does not load: {why}" if why else found
    fine = state == GOOD and not why
    return judged(name, fine, told, f"pip install '{asked}', or make setup", otherwise=BAD)


def of_spare(name: str, why: str, instead: str) -> Finding:
    """Return how a library is that avkd can do without."""
    state, found = _version(name)
    if state == GOOD and not why:
        return Finding(name, GOOD, f"{found}, loads beside torch {_version('torch')[1]}")
    told = f"{found}: does not load: {why}; {instead}" if why else f"{found}; {instead}"
    return Finding(name, ODD, told, f"nothing, or one that fits torch {_version('torch')[1]}")


def of_extra(name: str, why: str, extra: str, what: str) -> Finding:
    """Return how a library is that one command alone asks for."""
    state, found = _version(name)
    if state != GOOD:
        return Finding(name, GOOD, found, f"for {what}: pip install 'avkd[{extra}]'")
    told = f"{found}: does not load: {why}" if why else found
    again = f"for {what}: pip install --force-reinstall {name}"
    return judged(name, not why, told, again, otherwise=BAD)


def _version(name: str) -> tuple[str, str]:
    """Return how it is, and the version of a distribution."""
    try:
        return GOOD, version(name)
    except PackageNotFoundError:
        return BAD, "not installed"


def _ranges() -> dict[str, str]:
    """Return which version of each library avkd asks for, as pip takes it."""
    try:
        asked = requires("avkd") or []
    except PackageNotFoundError:
        return {}
    plain = [one.partition(";")[0].strip() for one in asked if "extra ==" not in one]
    return {one.split("<")[0].split(">")[0].split("=")[0].split("[")[0]: one for one in plain}


def faults(modules: list[str]) -> dict[str, str]:
    """Return why modules do not load, all in one process; after one that kills it, in another."""
    found: dict[str, str] = {}
    while modules:
        lines, died = _probed(modules)
        found |= {one["fails"]: one["why"] for one in lines if "fails" in one}
        begun = [one["begins"] for one in lines if "begins" in one]
        ended = {one.get("loads", one.get("fails")) for one in lines}
        last = begun[-1] if begun else modules[0]
        if last not in ended:
            found[last] = died
        elif len(begun) == len(modules):
            break
        modules = modules[modules.index(last) + 1 :]
    return found


def _probed(modules: list[str]) -> tuple[list[dict[str, str]], str]:
    """Return what a process says that loads modules in turn, and how it ended."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, *modules],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS * 4,
            check=False,
        )
        out, died = done.stdout, f"the process that loads it ends with {done.returncode}"
    except subprocess.TimeoutExpired as late:
        out, died = late.stdout or b"", f"takes longer than {4 * SECONDS} s"
    return [json.loads(one) for one in out.decode().splitlines() if one.startswith("{")], died
