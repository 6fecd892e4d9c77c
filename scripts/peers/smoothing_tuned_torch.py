#!/usr/bin/env python3
"""Noisy forward passes per second of PyTorch at its best: half precision, large batches, votes counted on the device.

What someone who knows PyTorch would make of the published loop. The network is compiled where this PyTorch can compile
it, and a batch is replayed as one CUDA graph where that works; the result says which of the two did.
"""
from peer import CLASSES, arguments, finish, image, network, rate, start
import torch

def compiled(model, example):
    """The compiled model and True, or the model itself where it doesn't compile."""
    if not hasattr(torch, "compile"):
        return model, False
    try:
        fast = torch.compile(model)
        with torch.no_grad():
            fast(example)
        return fast, True
    except Exception:  # pylint: disable=broad-except  # whatever a missing compiler raises
        return model, False


class Votes:
    """Adds the votes of one batch of noisy copies to counts that stay on the device."""

    def __init__(self, model, x, batch, sigma, dtype):
        self.model, self.x, self.batch, self.sigma, self.dtype = model, x, batch, sigma, dtype
        self.counts = torch.zeros(CLASSES, dtype=torch.int64, device=x.device)

    def add(self):
        copies = torch.randn(self.batch, *self.x.shape[1:], device=self.x.device).mul_(self.sigma).add_(self.x)
        labels = self.model(copies.to(self.dtype)).argmax(1)
        self.counts += torch.nn.functional.one_hot(labels, CLASSES).sum(0)


def captured(votes):
    """A replay of votes.add as one CUDA graph and True, or votes.add itself where it can't be captured."""
    try:
        stream = torch.cuda.Stream()
        with torch.no_grad(), torch.cuda.stream(stream):
            for _ in range(3):
                votes.add()
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.no_grad(), torch.cuda.graph(graph):
            votes.add()
        return graph.replay, True
    except Exception:  # pylint: disable=broad-except  # the kinds differ from version to version
        return votes.add, False


def main():
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, help="copies at once (default: 65536 on a GPU, 4096 on a CPU)")
    parser.add_argument("--sigma", type=float, default=0.5)
    options = start(parser)
    gpu = options.device == "cuda"
    dtype = torch.float16 if gpu else torch.bfloat16
    batch = options.batch or (65536 if gpu else 4096)
    device = torch.device(options.device)
    model, is_compiled = compiled(network(options).eval().to(device, dtype), torch.rand(batch, *image(options), device=device).to(dtype))
    votes = Votes(model, torch.rand(1, *image(options), device=device), batch, options.sigma, dtype)
    add, is_graph = captured(votes) if gpu else (votes.add, False)

    def step():
        with torch.no_grad():
            add()
        return batch

    forwards = rate(options, step)
    if int(votes.counts.sum()) % batch != 0:
        raise SystemExit("votes went missing")
    finish(options, {"noisy_forwards_per_second": forwards, "precision": str(dtype).removeprefix("torch."),
                     "batch": batch, "compiled": is_compiled, "cuda_graph": is_graph})


if __name__ == "__main__":
    main()
