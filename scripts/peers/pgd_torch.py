#!/usr/bin/env python3
"""Image-steps per second of projected gradient descent in the l-infinity ball (Madry et al. 2018)."""
from peer import CLASSES, arguments, finish, image, network, rate, start
import torch
from torch.nn.functional import cross_entropy


def attack(model, x, labels, epsilon, step_size, steps):
    lower, upper = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
    adversarial = torch.min(torch.max(x + (2 * torch.rand_like(x) - 1) * epsilon, lower), upper)
    for _ in range(steps):
        adversarial.requires_grad_(True)
        gradient, = torch.autograd.grad(cross_entropy(model(adversarial), labels, reduction="sum"), adversarial)
        with torch.no_grad():
            moved = adversarial + step_size * gradient.sign()
            adversarial = torch.min(torch.max(moved, lower), upper)
    return adversarial


def main():
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--epsilon", type=float, default=0.1)
    options = start(parser)
    model = network(options).requires_grad_(False)
    x, labels = torch.rand(options.batch, *image(options)), torch.randint(CLASSES, (options.batch,))

    def step():
        attack(model, x, labels, options.epsilon, options.epsilon / 10, options.steps)
        return options.batch * options.steps

    finish(options, {"pgd_image_steps_per_second": rate(options, step), "batch": options.batch,
                     "steps": options.steps})


if __name__ == "__main__":
    main()
