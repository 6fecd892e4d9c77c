#!/usr/bin/env python3
"""Training samples and certified images per second of interval bound propagation (Gowal et al. 2019).

A step is a clean pass, a pass of centre and radius with the last layer elided, a loss, its gradient and Adam.
Two losses: kappa * clean + (1 - kappa) * worst case, and the worst case alone (no clean pass).
"""
from peer import CLASSES, arguments, finish, image, network, rate, start
import torch
from torch.nn.functional import conv2d, cross_entropy, linear


def box(x, epsilon):
    """Centre and radius of the box around x, clipped to [0, 1]."""
    lower, upper = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
    return (lower + upper) / 2, (upper - lower) / 2


def through_hidden_layers(model, centre, radius):
    for layer in model[:-1]:
        if isinstance(layer, torch.nn.Linear):
            centre, radius = layer(centre), linear(radius, layer.weight.abs())
        elif isinstance(layer, torch.nn.Conv2d):
            centre, radius = layer(centre), conv2d(radius, layer.weight.abs(), None, layer.stride, layer.padding)
        elif isinstance(layer, torch.nn.Flatten):
            centre, radius = layer(centre), layer(radius)
        else:
            lower, upper = (centre - radius).relu(), (centre + radius).relu()
            centre, radius = (lower + upper) / 2, (upper - lower) / 2
    return centre, radius


def worst_logits(model, x, labels, epsilon):
    """Upper bounds of logit[c] - logit[label], the last layer merged with the difference; 0 at the label."""
    centre, radius = through_hidden_layers(model, *box(x, epsilon))
    last = model[-1]
    weight = last.weight.unsqueeze(0) - last.weight[labels].unsqueeze(1)   # [N,C,I]
    bias = last.bias.unsqueeze(0) - last.bias[labels].unsqueeze(1)         # [N,C]
    upper = torch.bmm(weight, centre.unsqueeze(2)) + torch.bmm(weight.abs(), radius.unsqueeze(2))
    return upper.squeeze(2) + bias


def training_step(model, optimiser, x, labels, epsilon, kappa, precision):
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        loss = (1 - kappa) * cross_entropy(worst_logits(model, x, labels, epsilon).float(), labels)
        if kappa > 0:
            loss = loss + kappa * cross_entropy(model(x).float(), labels)
    loss.backward()
    optimiser.step()
    return len(x)


def certify(model, x, labels, epsilon):
    with torch.no_grad():
        (worst_logits(model, x, labels, epsilon) <= 0).all(1).sum().item()
    return len(x)


def main():
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32",
                        help="of training's products: bf16 is PyTorch's autocast")
    parser.add_argument("--epsilon", type=float, default=0.1)
    options = start(parser)
    model = network(options)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-4)
    x, labels = torch.rand(options.batch, *image(options)), torch.randint(CLASSES, (options.batch,))

    images = rate(options, lambda: certify(model, x, labels, options.epsilon))
    mixed = rate(options, lambda: training_step(model, optimiser, x, labels, options.epsilon, 0.5, options.precision))
    worst = rate(options, lambda: training_step(model, optimiser, x, labels, options.epsilon, 0.0, options.precision))
    finish(options, {"ibp_training_samples_per_second": mixed, "ibp_worst_case_training_samples_per_second": worst,
                     "ibp_images_per_second": images, "batch": options.batch, "precision": options.precision})


if __name__ == "__main__":
    main()
