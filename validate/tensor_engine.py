r"""Training on torch tensors, on a GPU or without numba: all models take a step together.

Words, features, loss and update are elementwise or batched products with an instance axis; the
number of the step is itself a tensor, so that a GPU records one step and replays it (a CUDA
graph): what limits it then is memory, not the launching of kernels. The words are those of
``random_words``, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray

from superposition.validate.feature_samples import FeatureSampler
from superposition.validate.fused_batches import FusedBatches, device_of, put
from superposition.validate.fused_engine import FusedEngine
from superposition.validate.fused_sizes import fits
from superposition.validate.instances import Instances
from superposition.validate.optimiser import SGD
from superposition.validate.parameters import Parameters
from superposition.validate.random_words import DATA, MULTIPLIERS, ROUNDS, WEYL
from superposition.validate.schedule import Schedule
from superposition.validate.watch import SUMS

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
LOW = 0xFFFFFFFF
WARM_STEPS = 3  # before a graph is recorded, as torch asks for


def begin_on(
    device: str, instances: Instances, schedule: Schedule, initial: Parameters
) -> TensorEngine | FusedEngine:
    """The faster engine for these models on a device of torch's: fused steps for small ones on a
    GPU, else all models a step at a time.
    """
    kind = FusedEngine if device != "cpu" and fits(instances) else TensorEngine
    return kind.begin(instances, schedule, initial, device)


@dataclass(eq=False)
class TensorEngine:
    """The state of S models: θ and the optimiser's two means, (S, R, n), on a device."""

    instances: Instances
    schedule: Schedule
    theta: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor
    samples: TensorSamples | FusedBatches
    importance: torch.Tensor
    step: torch.Tensor = field(init=False)
    rate: torch.Tensor = field(init=False)
    sums: torch.Tensor = field(init=False)
    sound: torch.Tensor = field(init=False)
    _graph: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        device, count = self.theta.device, len(self.theta)
        self.step = torch.zeros((), dtype=torch.int64, device=device)
        self.rate = torch.zeros(count, 1, 1, dtype=torch.float64, device=device)
        self.sums = torch.zeros(count, SUMS, dtype=torch.float64, device=device)
        self.sound = torch.zeros(count, dtype=torch.int64, device=device)

    @classmethod
    def begin(
        cls, instances: Instances, schedule: Schedule, initial: Parameters, device: str
    ) -> TensorEngine:
        """Before the first step."""
        theta = put(initial.rows(), device)
        importance = put(instances.importance.astype(np.float32), device)
        kind = FusedBatches if theta.is_cuda and find_spec("triton") else TensorSamples
        samples = kind.of(FeatureSampler.of(instances), schedule.batch, device)
        means = torch.zeros_like(theta), torch.zeros_like(theta)
        return cls(instances, schedule, theta, *means, samples, importance[:, None])

    def advance(
        self, first: int, rates: Array, pace: Array, models: NDArray[np.intp], sums: Array
    ) -> tuple[Array, Counts]:
        """As ``Engine`` has it.

        The others are taken along, at rate zero, and put back where they were: products of fewer
        models are rounded otherwise, so what one gives would depend on when others are finished.
        """
        with device_of(self.theta):
            return self._advance(first, rates, pace, models, sums)

    def _advance(
        self, first: int, rates: Array, pace: Array, models: NDArray[np.intp], sums: Array
    ) -> tuple[Array, Counts]:
        device = self.theta.device
        at, whole = put(models, device), np.zeros((len(self.theta), 1, 1))
        whole[models, 0, 0] = pace
        own = put(whole, device)
        kept = self.theta.clone(), self.first.clone(), self.second.clone()
        self.sums[at] = put(sums, device)
        self.sound.fill_(first)
        for number, rate in enumerate(rates.tolist()):
            self.step.fill_(first + number)
            torch.mul(own, rate, out=self.rate)
            self._take()
        still = np.setdiff1d(np.arange(len(self.theta)), models)
        if len(still):
            others = put(still, device)
            for now, before in zip((self.theta, self.first, self.second), kept, strict=True):
                now[others] = before[others]
        return self.sums[at].cpu().numpy(), self.sound[at].cpu().numpy()

    def parameters(self) -> Parameters:
        """A copy of what the models are now."""
        return Parameters.of_rows(self.theta.cpu().numpy(), self.instances.hidden)

    def _take(self) -> None:
        """One step; on a GPU the recorded one."""
        if self.theta.device.type != "cuda":
            self._step()
            return
        if self._graph is None:
            self._graph = self._recorded()
        self._graph()

    def _recorded(self) -> Callable[[], None]:
        """A CUDA graph of one step; recording and warming up leave the state as it was."""
        state = (self.theta, self.first, self.second, self.sums, self.sound)
        before = [tensor.clone() for tensor in state]
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_STEPS):
                self._step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step()
        for tensor, old in zip(state, before, strict=True):
            tensor.copy_(old)
        return graph.replay

    def _step(self) -> None:
        x = self.samples.batch(self.step)
        loss, gradient = loss_and_gradient(self.theta, x, self.importance, self.instances)
        self.sums += loss.double()[:, None]
        self.sound += (self.sound == self.step) & loss.isfinite()
        self._update(gradient)

    def _update(self, gradient: torch.Tensor) -> None:
        chosen, theta = self.schedule.optimiser, self.theta
        rate = self.rate
        if isinstance(chosen, SGD):
            self.first.mul_(chosen.momentum).add_(gradient + chosen.weight_decay * theta)
            theta.sub_(rate.float() * self.first)
            return
        if not chosen.decoupled:
            gradient = gradient + chosen.weight_decay * theta
        t = (self.step + 1).double()
        self.first.lerp_(gradient, 1 - chosen.beta1)
        self.second.lerp_(gradient * gradient, 1 - chosen.beta2)
        gain = (rate / (1 - chosen.beta1**t)).float()
        root = (1 / torch.sqrt(1 - chosen.beta2**t)).float()
        moved = gain * self.first / (self.second.sqrt() * root + chosen.eps)
        if chosen.decoupled:
            theta.mul_((1 - rate * chosen.weight_decay).float())
        theta.sub_(moved)


@dataclass(frozen=True, eq=False)
class TensorSamples:
    """``feature_samples`` on a device: (S, B, n) of any step; words are 32 bits in int64."""

    seed: torch.Tensor
    switch: torch.Tensor
    low: torch.Tensor
    last: torch.Tensor
    scale: torch.Tensor
    support: tuple[float, float]
    counters: tuple[torch.Tensor, torch.Tensor]

    @classmethod
    def of(cls, sampler: FeatureSampler, size: int, device: str) -> TensorSamples:
        """The same sampler with tensors, for batches of ``size``."""
        seed, switch, low, last = (
            put(each.astype(np.int64), device)
            for each in (sampler.seed, sampler.switch, sampler.low, sampler.last)
        )
        sample = torch.arange(size, device=device)[:, None]
        four = torch.arange(sampler.words // 4, device=device)
        return cls(
            seed[:, None, None],
            switch,
            low[:, None],
            last[:, None],
            put(sampler.scale, device)[:, None],
            sampler.support,
            (sample, four),
        )

    def batch(self, step: torch.Tensor) -> torch.Tensor:
        """The batch of one step, (S, B, n)."""
        words = self._words(step)
        n = len(self.switch)
        own = words[..., :n]
        past = (words.index_select(2, self.switch) - self.low) & LOW
        apart = self.switch != torch.arange(n, device=self.switch.device)
        rest = torch.where(apart, own, past)
        least, span = self.support
        values = least + span * (rest.float() * self.scale)
        return values.masked_fill(past > self.last, 0.0)

    def _words(self, step: torch.Tensor) -> torch.Tensor:
        """Philox in int64: products wrap, their bits are right. (S, B, R)."""
        k0, k1 = self.seed & LOW, self.seed >> 32 & LOW
        sample, four = self.counters
        shape = (len(self.seed), len(sample), len(four))
        a, b = sample.expand(shape), step.expand(shape)
        c, d = four.expand(shape), torch.full((), DATA, device=step.device).expand(shape)
        for _ in range(ROUNDS):
            first, second = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
            a, b, c, d = (
                (second >> 32 & LOW) ^ b ^ k0,
                second & LOW,
                (first >> 32 & LOW) ^ d ^ k1,
                first & LOW,
            )
            k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
        return torch.stack((a, b, c, d), dim=-1).flatten(2)


def loss_and_gradient(
    theta: torch.Tensor, x: torch.Tensor, importance: torch.Tensor, instances: Instances
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean batch loss of every model, (S,), and its gradient by hand, (S, R, n)."""
    m, architecture = instances.hidden, instances.architecture
    W, b = theta[:, :m], theta[:, -1:]
    readout = W if architecture.tied else theta[:, m : 2 * m]
    h = torch.bmm(x, W.mT)
    if architecture.hidden == "relu":
        h = h.relu()
    z = torch.baddbmm(b, h, readout)
    made, slope = _activated(z, architecture.output)
    error = made - (x.abs() if architecture.target == "absolute" else x)
    weighted = error * importance
    loss = (weighted * error).sum((1, 2)) / x.shape[1]
    dz = weighted * slope * (2 / x.shape[1])
    dh = torch.bmm(dz, readout.mT)
    if architecture.hidden == "relu":
        dh = dh * (h > 0)
    d_W, d_readout = torch.bmm(dh.mT, x), torch.bmm(h.mT, dz)
    db = dz.sum(1, keepdim=True) if architecture.biased else torch.zeros_like(b)
    parts = [d_W + d_readout, db] if architecture.tied else [d_W, d_readout, db]
    return loss, torch.cat(parts, dim=1)


def _activated(z: torch.Tensor, output: str) -> tuple[torch.Tensor, torch.Tensor]:
    """φ(z) and φ'(z)."""
    if output == "identity":
        return z, torch.ones_like(z)
    if output == "relu":
        return z.relu(), (z > 0).to(z.dtype)
    if output == "gelu":
        share = 0.5 * (1 + torch.erf(z / math.sqrt(2)))
        return z * share, share + z * torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    if output == "softplus":
        return torch.nn.functional.softplus(z), torch.sigmoid(z)
    made = torch.tanh(z)
    return made, 1 - made * made
