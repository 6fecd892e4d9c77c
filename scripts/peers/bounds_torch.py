#!/usr/bin/env python3
"""Seconds an image and mean margins of CROWN and alpha-CROWN by auto_LiRPA, on a dense network in a safetensors file."""
import argparse
import gzip
import json
import pathlib
import struct
import sys
import time

import peer
import torch

try:
    from auto_LiRPA import BoundedModule, BoundedTensor, PerturbationLpNorm
except ImportError as missing:
    sys.exit(f"auto_LiRPA can't be loaded ({missing}): put a checkout and what it imports on PYTHONPATH")

TYPES = {"F16": torch.float16, "F32": torch.float32, "BF16": torch.bfloat16}


def load_network(path):
    raw = pathlib.Path(path).read_bytes()
    begin = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:begin])

    def tensor(name):
        entry = header[name]
        first, last = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(raw[begin + first:begin + last]), dtype=TYPES[entry["dtype"]])
        return flat.float().reshape(entry["shape"])

    layers = []
    while f"layers.{len(layers) // 2}.weight" in header:
        name = f"layers.{len(layers) // 2}"
        weight = tensor(name + ".weight")
        layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
        layer.weight.data, layer.bias.data = weight, tensor(name + ".bias")
        layers += [layer, torch.nn.ReLU()]
    if not layers:
        sys.exit(f"{path}: no tensor layers.0.weight: this peer knows dense networks alone")
    return torch.nn.Sequential(*layers[:-1]).eval()


def load_idx(folder, name, header):
    for path in (folder / name, folder / (name + ".gz")):
        if path.exists():
            with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
                return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)
    return sys.exit(f"{folder}: there is no {name}")


def margins(model, image, label, epsilon, method):
    """Lower bounds of the label's logit minus each other one, over the ball clipped to [0, 1]."""
    ball = PerturbationLpNorm(norm=float("inf"), eps=epsilon, x_L=(image - epsilon).clamp(min=0),
                              x_U=(image + epsilon).clamp(max=1))
    others = torch.arange(peer.CLASSES) != label
    rows = (torch.eye(peer.CLASSES)[label] - torch.eye(peer.CLASSES))[others].unsqueeze(0)
    lower, _ = model.compute_bounds(x=(BoundedTensor(image, ball),), C=rows, method=method, bound_upper=False)
    return lower.detach()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="a folder with MNIST's IDX files")
    parser.add_argument("--epsilon", type=float, required=True)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--steps", type=int, default=20, help="of alpha-CROWN")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    if peer.blas() == "reference":
        sys.exit("PyTorch has only the slow reference BLAS here: apt install libopenblas0-openmp")
    torch.set_num_threads(options.threads)
    network = load_network(options.model)
    images = load_idx(options.data, "t10k-images-idx3-ubyte", 16).reshape(-1, 784)[:options.images].float() / 255
    labels = load_idx(options.data, "t10k-labels-idx1-ubyte", 8)[:options.images].long()
    result = {"peer": "auto_LiRPA", "torch": torch.__version__, "blas": peer.blas(), "threads": options.threads}
    for name, method in (("crown", "CROWN"), ("alpha-crown", "CROWN-Optimized")):
        model = BoundedModule(network, images[:1], verbose=0,
                              bound_opts={"optimize_bound_args": {"iteration": options.steps}})
        margins(model, images[:1], labels[0], options.epsilon, method)  # not measured: it warms up
        began = time.perf_counter()
        found = [margins(model, images[k:k + 1], labels[k], options.epsilon, method) for k in range(options.images)]
        result[name] = {"seconds": (time.perf_counter() - began) / options.images,
                        "mean_margin": float(torch.stack(found).mean())}
    text = json.dumps(result, indent=2)
    print(text)
    if options.json:
        pathlib.Path(options.json).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
