"""The three lines of the front page, with an installed library: on simulated records, in seconds.

python -P tools/example.py
"""

import torch
from torch import nn
from torch.utils.data import TensorDataset

from ganunlearn import unlearn

CLASSES, COLUMNS = 4, 20


def draw(number, centres):
    "Records around the centre of their class, and their labels."
    labels = torch.arange(number) % CLASSES
    return TensorDataset(centres[labels] + 2 * torch.randn(number, COLUMNS), labels)


def train(model, records, epochs=60):
    "A model that has nearly memorised these records."
    inputs, labels = records.tensors
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(epochs):
        loss = nn.functional.cross_entropy(model(inputs), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.eval()


def main():
    "Train, forget, report."
    torch.manual_seed(100)
    centres = torch.randn(CLASSES, COLUMNS)
    forget, nonmember, retain = (draw(number, centres) for number in (100, 100, 400))
    known = TensorDataset(*(torch.cat(pair) for pair in zip(forget.tensors, retain.tensors)))
    network = nn.Sequential(nn.Linear(COLUMNS, 64), nn.Tanh(), nn.Linear(64, CLASSES))
    model = train(network, known)

    result = unlearn(model, forget, nonmember, retain)
    print(result.report())

    before, after = model(forget.tensors[0]), result.model(forget.tensors[0])
    assert not torch.equal(before, after), "the model that forgot answers otherwise than before"


if __name__ == "__main__":
    main()
