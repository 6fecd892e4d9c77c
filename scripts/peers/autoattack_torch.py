#!/usr/bin/env python3
"""Robust accuracy and seconds of AutoAttack's four attacks in l-infinity balls, in PyTorch: auto-PGD up the cross-entropy, targeted
auto-PGD (Croce and Hein 2020), targeted FAB (Croce and Hein 2020) and Square (Andriushchenko et al. 2020). In l2 and l1 balls (--norm)
without Square; in l1 auto-PGD takes the sparse steps of Croce and Hein (2021).

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

    def __init__(self, x, labels, targets, images, epsilon, norm):
        self.x, self.labels, self.targets, self.images, self.epsilon, self.norm = x, labels, targets, images, epsilon, norm
        reach = epsilon if norm == "inf" else 1.
        self.lower, self.upper = (x - reach).clamp(min=0), (x + reach).clamp(max=1)

    def keep(self, rows):
        for name in ("x", "labels", "targets", "images", "lower", "upper"):
            setattr(self, name, getattr(self, name)[rows])


def length(d, norm):
    return d.abs().amax(1, keepdim=True) if norm == "inf" else d.norm(p=int(norm), dim=1, keepdim=True)


def within(rows, x):
    """Which points lie in their balls, as far as doubles tell."""
    return length(x.double() - rows.x.double(), rows.norm)[:, 0] <= rows.epsilon


def project(rows, x, epsilon):
    """The nearest point of ball and [0, 1]: by bisection, where the ball is no box, on what is taken from every distance (l1) or on
    what divides it (l2). Of a bisection the side inside is taken."""
    if rows.norm == "inf":
        return torch.clamp(x, rows.lower, rows.upper)
    d, room = x - rows.x, torch.where(x > rows.x, rows.upper - rows.x, rows.x - rows.lower)

    def at(level):
        size = d.abs() - level if rows.norm == "1" else d.abs() / (1 + level)
        return torch.minimum(size.clamp(min=0), room)

    low = torch.zeros(len(x), 1)
    high = length(d, rows.norm) / (1 if rows.norm == "1" else epsilon)
    for _ in range(30):
        middle = (low + high) / 2
        inside = length(at(middle), rows.norm) <= epsilon * (1 - 1e-6)
        low, high = torch.where(inside, low, middle), torch.where(inside, middle, high)
    size = torch.where(length(at(torch.zeros_like(low)), rows.norm) <= epsilon * (1 - 1e-6), at(torch.zeros_like(low)), at(high))
    return (rows.x + d.sign() * size).clamp(0, 1)


def start(rows):
    if rows.norm == "inf":
        return rows.lower + torch.rand_like(rows.x) * (rows.upper - rows.lower)
    d = torch.randn_like(rows.x)
    return project(rows, rows.x + rows.epsilon * d / length(d, rows.norm), rows.epsilon)


def mark(rows, x, wrong, broken):
    broken[rows.images[wrong & within(rows, x)] if rows.norm != "inf" else rows.images[wrong]] = True


def sparse_apgd(network, loss, rows, broken, iterations=100):
    """In l1 balls three times, twice and once as wide, one after the other, as long as the first takes three tenths and the second too.
    How many elements a step moves follows from how far the best point has moved (Croce and Hein 2021)."""
    x = None
    wide = math.ceil(.3 * iterations)
    for factor, times in ((3, wide), (2, wide), (1, iterations - 2 * wide)):
        radius = factor * rows.epsilon
        x = start(rows) if x is None else project(rows, x, radius)
        losses, gradients, wrong = evaluate(network, loss, x, rows.labels, rows.targets)
        mark(rows, x, wrong, broken)
        best, best_losses, best_gradients = x.clone(), losses.clone(), gradients.clone()
        count = x.shape[1]
        fraction = torch.full((len(x), 1), .2) if factor == 3 else ((x - rows.x).abs() > 0).sum(1, keepdim=True) / count
        fraction = fraction.clamp(min=.05 / 10)
        steps, before = torch.full((len(x), 1), radius), (fraction * count).clone()
        interval = max(1, int(.04 * times))
        for k in range(times):
            standing = ~broken[rows.images]
            if factor == 1 and standing.sum() * 8 < len(standing) * 7:
                rows.keep(standing)
                x, gradients, best, best_losses, best_gradients, fraction, steps, before = (
                    v[standing] for v in (x, gradients, best, best_losses, best_gradients, fraction, steps, before))
                if len(x) == 0:
                    return
            kept = ((1 - fraction) * count).long().clamp(0, count - 1)
            threshold = gradients.abs().sort(1).values.gather(1, kept)
            way = gradients.sign() * (gradients.abs() >= threshold)
            x = project(rows, x + steps * way / way.abs().sum(1, keepdim=True).clamp(min=1), radius)
            losses, gradients, wrong = evaluate(network, loss, x, rows.labels, rows.targets)
            mark(rows, x, wrong, broken)
            better = losses > best_losses
            best_losses = torch.where(better, losses, best_losses)
            best[better], best_gradients[better] = x[better], gradients[better]
            if (k + 1) % interval == 0:
                moved = ((best - rows.x).abs() > 0).sum(1, keepdim=True).float()
                fraction = (moved / count / 1.5).clamp(min=1 / count)
                slow = moved / before.clamp(min=1) < .95
                steps = torch.where(slow, torch.full_like(steps, radius), (steps / 1.5).clamp(radius / 10, radius))
                back = (steps == radius)[:, 0]
                x[back], gradients[back] = best[back], best_gradients[back]
                before = moved
        x = best


def apgd(network, loss, rows, broken, iterations=100):
    if rows.norm == "1":
        sparse_apgd(network, loss, rows, broken, iterations)
        return
    x = start(rows)
    losses, gradients, wrong = evaluate(network, loss, x, rows.labels, rows.targets)
    mark(rows, x, wrong, broken)
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
        way = s["gradients"].sign() if rows.norm == "inf" else s["gradients"] / length(s["gradients"], "2").clamp(min=1e-30)
        ahead = project(rows, s["x"] + s["lengths"] * way, rows.epsilon)
        share = .75 if k > 0 else 1.
        moved = project(rows, s["x"] + share * (ahead - s["x"]) + (1 - share) * (s["x"] - s["before"]), rows.epsilon)
        s["before"], s["x"] = s["x"], moved
        losses, s["gradients"], wrong = evaluate(network, loss, moved, rows.labels, rows.targets)
        mark(rows, moved, wrong, broken)
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


def onto_plane(points, normals, values, norm):
    """The least displacements inside [0, 1] to where values + normals . d = 0, or as far as they go."""
    if norm != "inf":
        return (least_euclidean if norm == "2" else least_sparse)(points, normals, values)
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


def least_euclidean(points, normals, values):
    """As onto_plane, in l2: every element moves by level * |normal|, as far as its room allows."""
    way = -values.sign()[:, None] * normals.sign()
    room = torch.where(way > 0, 1 - points, points) * (normals != 0)
    wanted, weights = values.abs()[:, None], normals.abs()
    low = torch.zeros_like(wanted)
    high = (room / weights.clamp(min=1e-12)).amax(1, keepdim=True)
    for _ in range(40):
        middle = (low + high) / 2
        short = (weights * torch.minimum(middle * weights, room)).sum(1, keepdim=True) < wanted
        low, high = torch.where(short, middle, low), torch.where(short, high, middle)
    return way * torch.minimum(high * weights, room)


def least_sparse(points, normals, values):
    """As onto_plane, in l1: elements of the largest normals move first, each as far as its room allows."""
    way = -values.sign()[:, None] * normals.sign()
    room = torch.where(way > 0, 1 - points, points) * (normals != 0)
    weights, order = normals.abs().sort(1, descending=True)
    gains = weights * room.gather(1, order)
    left = (values.abs()[:, None] - (gains.cumsum(1) - gains)).clamp(min=0)
    moved = torch.minimum(left / weights.clamp(min=1e-30), room.gather(1, order))
    return way * torch.zeros_like(room).scatter(1, order, moved)


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
        own = onto_plane(x, normals, values, rows.norm)
        centred = onto_plane(rows.x, normals, values + (normals * (rows.x - x)).sum(1), rows.norm)
        a1, a2 = (length(d, rows.norm).clamp(min=1e-8) for d in (own, centred))
        pull = torch.clamp(a1 / (a1 + a2), max=.1)
        x = ((x + 1.05 * own) * (1 - pull) + (rows.x + 1.05 * centred) * pull).clamp(0, 1)
        with torch.no_grad():
            wrong = network(x).argmax(1) != rows.labels
        broken[rows.images[wrong & within(rows, x)]] = True
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
            yield Rows(x[images], labels[images], toward, images, choice.epsilon, choice.norm)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a .safetensors file")
    parser.add_argument("--data", required=True, help="folder of IDX files")
    parser.add_argument("--epsilon", type=float, required=True)
    parser.add_argument("--norm", choices=("inf", "2", "1"), default="inf")
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
    sparse = choice.norm == "1"
    attacks = [("apgd-ce", 0, lambda rows: apgd(network, cross_entropy, rows, broken))] * (5 if sparse else 1) + [
        ("apgd-t", 5 if sparse else 9, lambda rows: apgd(network, targeted_dlr, rows, broken)),
        ("fab-t", 9, lambda rows: fab(network, rows, broken))]
    if choice.norm == "inf":
        attacks.append(("square", 0, lambda rows: square(network, rows, broken, (1, 28, 28))))
    for name, targets, attack in attacks:
        begun = time.perf_counter()
        for rows in waves(choice, x, labels, ranking, broken, targets):
            attack(rows)
        stages[name] = {"accuracy": 100 * (~broken).double().mean().item(), "seconds": time.perf_counter() - begun + stages.get(name, {}).get("seconds", 0)}
    result = {"images": len(x), "epsilon": choice.epsilon, "norm": choice.norm, "stages": stages, "seconds": time.perf_counter() - began,
              "robust_accuracy": 100 * (~broken).double().mean().item(),
              "standing": torch.nonzero(~broken)[:, 0].tolist(), "peer": "torch " + torch.__version__, "blas": blas(),
              "threads": choice.threads}
    shown = {key: value for key, value in result.items() if key != "standing"}
    print(json.dumps(shown, indent=2))
    if choice.json:
        pathlib.Path(choice.json).write_text(json.dumps(result) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
