#!/usr/bin/env python3
"""Robust accuracy and seconds of AutoAttack's four attacks in l-infinity balls, in PyTorch: auto-PGD up the cross-entropy, targeted
auto-PGD (Croce and Hein 2020), targeted FAB (Croce and Hein 2020) and Square (Andriushchenko et al. 2020).

Written for speed: broken images leave at once, batches are full, all targets of a wave of images run together, and nothing is
computed twice. It reads a network as Bulwark writes it (safetensors: dense layers and convolutions with a ReLU between) and MNIST's
test images (IDX files).
"""
import argparse
import gzip
import json
import math
import pathlib
import re
import time

import numpy
import torch
from torch.nn import functional

from peer import blas


# ---- network and data ----------------------------------------------------------------------------------------------------

def read_network(path):
    content = pathlib.Path(path).read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + length])
    metadata = header.pop("__metadata__", {})

    def tensor(name):
        begin, end = header[name]["data_offsets"]
        kinds = {"F32": "<f4", "F16": "<f2"}
        if header[name]["dtype"] not in kinds:
            raise SystemExit(f"{name} is {header[name]['dtype']}, not F32 or F16")
        values = numpy.frombuffer(content[8 + length + begin:8 + length + end], dtype=kinds[header[name]["dtype"]])
        return torch.from_numpy(values.reshape(header[name]["shape"]).astype(numpy.float32))

    layers = []
    for i in sorted(int(re.match(r"layers\.(\d+)\.weight", name).group(1)) for name in header if name.endswith(".weight")):
        numbers = dict(part.split("=") for part in metadata.get(f"layers.{i}.convolution", "").split())
        options = {key: tuple(map(int, value.split(","))) for key, value in numbers.items()}
        layers.append((tensor(f"layers.{i}.weight"), tensor(f"layers.{i}.bias"), options))
    shape = [int(n) for n in metadata["input_shape"].split(",")] if "input_shape" in metadata else None

    def forward(x):
        x = x.reshape(len(x), *shape) if shape and len(shape) == 3 else x.flatten(1)
        for k, (weight, bias, options) in enumerate(layers):
            if weight.dim() == 4:
                x = functional.conv2d(x, weight, bias, stride=options["stride"], padding=options["padding"])
            else:
                x = functional.linear(x.flatten(1), weight, bias)
            x = functional.relu(x) if k + 1 < len(layers) else x
        return x

    return forward


def read_idx(folder, name, skipped):
    path = next(p for p in (pathlib.Path(folder) / name, pathlib.Path(folder) / (name + ".gz")) if p.exists())
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return torch.from_numpy(numpy.frombuffer(content[skipped:], dtype=numpy.uint8).copy())


# ---- losses and gradients ------------------------------------------------------------------------------------------------

def pick(logits, classes):
    return logits.gather(1, classes[:, None])[:, 0]


def cross_entropy(logits, labels, _):
    return functional.cross_entropy(logits, labels, reduction="none")


def targeted_dlr(logits, labels, targets):
    top = logits.topk(4, dim=1).values
    return (pick(logits, targets) - pick(logits, labels)) / (top[:, 0] - (top[:, 2] + top[:, 3]) / 2 + 1e-12)


def difference(logits, labels, targets):
    return pick(logits, targets) - pick(logits, labels)


def margin(logits, labels):
    others = logits.scatter(1, labels[:, None], -math.inf)
    return others.max(1).values - pick(logits, labels)


def evaluate(network, loss, x, labels, targets):
    """Losses, their gradients, and which rows are broken."""
    x = x.detach().requires_grad_(True)
    with torch.enable_grad():
        logits = network(x)
        losses = loss(logits, labels, targets)
        gradients, = torch.autograd.grad(losses.sum(), x)
    return losses.detach(), gradients, logits.detach().argmax(1) != labels


# ---- attacks: each returns which rows broke ------------------------------------------------------------------------------

class Rows:
    """Images under attack, a row each; rows of the same image leave together."""

    def __init__(self, x, labels, targets, images, epsilon):
        self.x, self.labels, self.targets, self.images, self.epsilon = x, labels, targets, images, epsilon
        self.lower, self.upper = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)

    def keep(self, rows):
        for name in ("x", "labels", "targets", "images", "lower", "upper"):
            setattr(self, name, getattr(self, name)[rows])


def apgd(network, loss, rows, broken, iterations=100):
    x = rows.lower + torch.rand_like(rows.x) * (rows.upper - rows.lower)
    losses, gradients, wrong = evaluate(network, loss, x, rows.labels, rows.targets)
    broken[rows.images[wrong]] = True
    state = {"x": x, "before": x, "best": x.clone(), "best_gradients": gradients.clone(), "gradients": gradients,
             "best_losses": losses.clone(), "last_losses": losses, "last_best": losses.clone(),
             "rises": torch.zeros(len(x)), "halved": torch.ones(len(x), dtype=torch.bool),
             "lengths": torch.full((len(x), 1), 2 * rows.epsilon)}
    interval, least, shorter = max(1, int(.22 * iterations)), max(1, int(.06 * iterations)), max(1, int(.03 * iterations))
    counted = 0
    for k in range(iterations):
        standing = ~broken[rows.images]
        if standing.sum() * 8 < len(standing) * 7:
            rows.keep(standing)
            state = {name: value[standing] for name, value in state.items()}
            if len(rows.x) == 0:
                return
        s = state
        ahead = torch.clamp(s["x"] + s["lengths"] * s["gradients"].sign(), rows.lower, rows.upper)
        share = .75 if k > 0 else 1.
        moved = torch.clamp(s["x"] + share * (ahead - s["x"]) + (1 - share) * (s["x"] - s["before"]), rows.lower, rows.upper)
        s["before"], s["x"] = s["x"], moved
        losses, s["gradients"], wrong = evaluate(network, loss, moved, rows.labels, rows.targets)
        broken[rows.images[wrong]] = True
        s["rises"] += losses > s["last_losses"]
        s["last_losses"] = losses
        better = losses > s["best_losses"]
        s["best_losses"] = torch.where(better, losses, s["best_losses"])
        s["best"][better], s["best_gradients"][better] = moved[better], s["gradients"][better]
        counted += 1
        if counted == interval:
            halve = (s["rises"] <= .75 * interval) | (~s["halved"] & (s["last_best"] >= s["best_losses"]))
            s["lengths"] = torch.where(halve[:, None], s["lengths"] / 2, s["lengths"])
            s["x"] = torch.where(halve[:, None], s["best"], s["x"])
            s["gradients"] = torch.where(halve[:, None], s["best_gradients"], s["gradients"])
            s["halved"], s["last_best"], s["rises"] = halve, s["best_losses"].clone(), torch.zeros(len(halve))
            counted, interval = 0, max(interval - shorter, least)


def onto_plane(points, normals, values):
    """The least l-infinity displacements inside [0, 1] to where values + normals . d = 0, or as far as they go."""
    way = -values.sign()[:, None] * normals.sign()
    room = torch.where(way > 0, 1 - points, points) * (normals != 0)
    sorted_room, order = room.sort(1)
    weights = normals.abs().gather(1, order)
    filled = (weights * sorted_room).cumsum(1)
    rest = weights.sum(1, keepdim=True) - weights.cumsum(1)
    gains = filled + sorted_room * rest
    first = (gains < values.abs()[:, None]).sum(1, keepdim=True)
    filled, rest = functional.pad(filled, (1, 0)), torch.cat((weights.sum(1, keepdim=True), rest), 1)
    level = ((values.abs()[:, None] - filled.gather(1, first)) / rest.gather(1, first).clamp(min=1e-30)).clamp(min=0)
    level = torch.where(first < points.shape[1], level, torch.full_like(level, 2.))
    return way * torch.minimum(level, room)


def fab(network, rows, broken, iterations=100):
    x = rows.x.clone()
    for _ in range(iterations):
        standing = ~broken[rows.images]
        if standing.sum() * 8 < len(standing) * 7:
            rows.keep(standing)
            x = x[standing]
            if len(x) == 0:
                return
        values, normals, _ = evaluate(network, difference, x, rows.labels, rows.targets)
        own = onto_plane(x, normals, values)
        centred = onto_plane(rows.x, normals, values + (normals * (rows.x - x)).sum(1))
        a1, a2 = (d.abs().max(1, keepdim=True).values.clamp(min=1e-8) for d in (own, centred))
        pull = torch.clamp(a1 / (a1 + a2), max=.1)
        x = ((x + 1.05 * own) * (1 - pull) + (rows.x + 1.05 * centred) * pull).clamp(0, 1)
        with torch.no_grad():
            wrong = network(x).argmax(1) != rows.labels
        away = (x - rows.x).abs().max(1).values
        broken[rows.images[wrong & (away <= rows.epsilon)]] = True
        x = torch.where(wrong[:, None], rows.x + .9 * (x - rows.x), x)


@torch.no_grad()
def square(network, rows, broken, image, queries=5000):
    channels, height, width = image
    stripes = torch.rand(len(rows.x), channels, 1, width).expand(-1, channels, height, width).reshape(len(rows.x), -1) < .5
    best = torch.where(stripes, rows.lower, rows.upper)
    margins = margin(network(best), rows.labels)
    for query in range(queries):
        broken[rows.images[margins >= 0]] = True
        standing = ~broken[rows.images]
        if standing.sum() * 8 < len(standing) * 7 or not standing.any():
            rows.keep(standing)
            best, margins = best[standing], margins[standing]
            if len(best) == 0:
                return
        share = .8 / 2 ** sum(query > n for n in (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000))
        side = min(max(round(math.sqrt(share * height * width)), 1), height, width)
        top = torch.randint(height - side + 1, (len(best), 1, 1))
        left = torch.randint(width - side + 1, (len(best), 1, 1))
        u, v = torch.arange(height)[None, :, None], torch.arange(width)[None, None, :]
        inside = ((u >= top) & (u < top + side) & (v >= left) & (v < left + side))[:, None].expand(-1, channels, -1, -1)
        high = (torch.rand(len(best), channels, 1, 1) < .5).expand(-1, -1, height, width)
        ends = torch.where(high.reshape(len(best), -1), rows.upper, rows.lower)
        x = torch.where(inside.reshape(len(best), -1), ends, best)
        found = margin(network(x), rows.labels)
        better = found > margins
        best = torch.where(better[:, None], x, best)
        margins = torch.where(better, found, margins)
    broken[rows.images[margins >= 0]] = True


# ---- all of them ---------------------------------------------------------------------------------------------------------

def waves(choice, x, labels, ranking, broken, targets):
    """Rows of standing images, batch by batch: with targets, all images with one, then with the next."""
    trials = [(t, n) for t in range(max(1, targets)) for n in torch.nonzero(~broken)[:, 0].tolist()]
    while trials:
        batch, trials = trials[:choice.batch], trials[choice.batch:]
        batch = [(t, n) for t, n in batch if not broken[n]]
        if batch:
            images = torch.tensor([n for _, n in batch])
            toward = ranking[images, torch.tensor([t for t, _ in batch])]
            yield Rows(x[images], labels[images], toward, images, choice.epsilon)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a .safetensors file")
    parser.add_argument("--data", required=True, help="folder of IDX files")
    parser.add_argument("--epsilon", type=float, required=True)
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", metavar="FILE", help="write the result here too")
    choice = parser.parse_args()
    torch.set_num_threads(choice.threads)
    torch.manual_seed(choice.seed)
    network = read_network(choice.model)
    pixels = read_idx(choice.data, "t10k-images-idx3-ubyte", 16).reshape(-1, 28 * 28)[:choice.limit]
    x, labels = pixels / 255, read_idx(choice.data, "t10k-labels-idx1-ubyte", 8)[:choice.limit].long()
    with torch.no_grad():
        logits = torch.cat([network(part) for part in x.split(choice.batch)])
    broken = logits.argmax(1) != labels
    ranking = logits.scatter(1, labels[:, None], -math.inf).argsort(1, descending=True)
    stages, began = {"clean": {"accuracy": 100 * (~broken).double().mean().item()}}, time.perf_counter()
    for name, targets, attack in (
            ("apgd-ce", 0, lambda rows: apgd(network, cross_entropy, rows, broken)),
            ("apgd-t", 9, lambda rows: apgd(network, targeted_dlr, rows, broken)),
            ("fab-t", 9, lambda rows: fab(network, rows, broken)),
            ("square", 0, lambda rows: square(network, rows, broken, (1, 28, 28)))):
        start = time.perf_counter()
        for rows in waves(choice, x, labels, ranking, broken, targets):
            attack(rows)
        stages[name] = {"accuracy": 100 * (~broken).double().mean().item(), "seconds": time.perf_counter() - start}
    result = {"images": len(x), "epsilon": choice.epsilon, "stages": stages, "seconds": time.perf_counter() - began,
              "robust_accuracy": 100 * (~broken).double().mean().item(),
              "standing": torch.nonzero(~broken)[:, 0].tolist(), "peer": "torch " + torch.__version__, "blas": blas(),
              "threads": choice.threads}
    shown = {key: value for key, value in result.items() if key != "standing"}
    print(json.dumps(shown, indent=2))
    if choice.json:
        pathlib.Path(choice.json).write_text(json.dumps(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
