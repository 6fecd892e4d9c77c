"""What the peers share: the network with random weights, the command line, and timing in repeats."""
import argparse
import json
import os
import sys
import time

try:
    import torch
except ImportError:
    sys.exit("PyTorch is not installed: apt install python3-torch")

SIZES = (784, 1024, 512, 256, 10)
IMAGE = (3, 32, 32)
CLASSES = 10


def blas():
    """The library that multiplies fp32 matrices, from the files mapped into this process."""
    if torch.backends.mkl.is_available():
        return "mkl"
    with open("/proc/self/maps", encoding="utf-8") as maps:
        files = {os.path.realpath(line.split()[-1]) for line in maps if "blas" in line}
    for name in ("openblas", "blis", "atlas"):
        if any(name in file for file in files):
            return name
    return "reference" if files else "unknown"


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="PyTorch's threads")
    parser.add_argument("--seconds", type=float, default=3.0, help="shortest time of one repeat")
    parser.add_argument("--repeats", type=int, default=5, help="measured repeats, after one that isn't")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where PyTorch computes")
    parser.add_argument("--network", choices=("dense", "convolutional"), default="dense",
                        help="dense layers of 784 inputs, or a small convolutional network of images of 3 x 32 x 32")
    parser.add_argument("--any-blas", action="store_true", help="measure even with the slow reference BLAS")
    parser.add_argument("--json", metavar="FILE", help="write the result here too")
    return parser


def start(parser):
    """Parses the command line and makes threads and random numbers what it says.

    Debian's PyTorch multiplies with whatever libblas is there. The reference one, its default, does 4 GFLOP/s where
    OpenBLAS does over 100: comparing with that would say nothing about PyTorch.
    """
    options = parser.parse_args()
    if options.device == "cuda":
        if not torch.cuda.is_available():
            sys.exit("PyTorch finds no GPU here")
        torch.set_default_device("cuda")
    elif blas() == "reference" and not options.any_blas:
        sys.exit("PyTorch has only the slow reference BLAS here: apt install libopenblas0-openmp (or --any-blas)")
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    return options


def network(options):
    if options.network == "convolutional":
        return torch.nn.Sequential(
            torch.nn.Conv2d(IMAGE[0], 16, 4, stride=2, padding=1), torch.nn.ReLU(),
            torch.nn.Conv2d(16, 32, 4, stride=2, padding=1), torch.nn.ReLU(), torch.nn.Flatten(),
            torch.nn.Linear(32 * (IMAGE[1] // 4) * (IMAGE[2] // 4), 100), torch.nn.ReLU(),
            torch.nn.Linear(100, CLASSES))
    layers = []
    for inputs, outputs in zip(SIZES, SIZES[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def image(options):
    """The shape of what the network reads."""
    return IMAGE if options.network == "convolutional" else SIZES[:1]


def rate(options, step):
    """Units per second of step(), which returns the units it did: min, median and max over the repeats."""
    rates = []
    for _ in range(options.repeats + 1):
        units, began = 0, time.perf_counter()
        while True:
            units += step()
            if time.perf_counter() - began >= options.seconds:
                break
        if options.device == "cuda":
            torch.cuda.synchronize()  # calls return before the work is done, which is PyTorch's own way to be quick
        rates.append(units / (time.perf_counter() - began))
    rates = sorted(rates[1:])
    middle = len(rates) // 2
    median = rates[middle] if len(rates) % 2 else (rates[middle - 1] + rates[middle]) / 2
    return {"min": rates[0], "median": median, "max": rates[-1]}


def finish(options, figures):
    """Prints the figures with their circumstances, and writes them where asked."""
    result = dict(figures, peer="torch " + torch.__version__, blas=blas(), threads=options.threads,
                  device=torch.cuda.get_device_name() if options.device == "cuda" else "cpu", seconds=options.seconds,
                  repeats=options.repeats, network=options.network, sizes=list(image(options)))
    text = json.dumps(result, indent=2)
    print(text)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            out.write(text + "\n")
