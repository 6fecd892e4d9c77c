#!/usr/bin/env python3
"""Noisy forward passes per second of randomized smoothing's sampling loop (Cohen et al. 2019, SAMPLEUNDERNOISE).

Batches of 1,000 noisy copies of one image, class counts kept on the host in a loop, as the published code does.
"""
import numpy
from peer import CLASSES, arguments, finish, image, network, rate, start
import torch

def count_votes(predictions):
    counts = numpy.zeros(CLASSES, dtype=int)
    for label in predictions:
        counts[label] += 1
    return counts


def sample_under_noise(model, x, samples, batch, sigma, dtype):
    counts = numpy.zeros(CLASSES, dtype=int)
    with torch.no_grad():
        for first in range(0, samples, batch):
            copies = x.repeat(min(batch, samples - first), *(1 for _ in x.shape[1:]))
            noise = torch.randn_like(copies) * sigma
            predictions = model((copies + noise).to(dtype)).argmax(1)
            counts += count_votes(predictions.cpu().numpy())
    return counts


def main():
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32",
                        help="of the network; the noise is always drawn and added in fp32")
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--sigma", type=float, default=0.5)
    options = start(parser)
    dtype = torch.float32 if options.precision == "fp32" else torch.bfloat16
    model = network(options).eval().to(dtype)
    x = torch.rand(1, *image(options))
    samples = 10 * options.batch

    def step():
        return int(sample_under_noise(model, x, samples, options.batch, options.sigma, dtype).sum())

    forwards = rate(options, step)
    normals = rate(options, lambda: torch.randn(options.batch, *image(options)).numel())
    finish(options, {"noisy_forwards_per_second": forwards, "normals_per_second": normals,
                     "precision": options.precision, "batch": options.batch})


if __name__ == "__main__":
    main()
