r"""The fused training steps (Triton): a program takes one small model through many of them.

.. math:: ∂L/∂z = 2 I (x' - t)\, φ'(z) / B, \quad ∂L/∂W_{out}^T = h\, (∂z)^T, \quad
          ∂L/∂W = (σ'(h) ∘ W_{out}^T ∂z)\, x^T

The twin of ``compiled_step``. Parameters, means and gradient live in registers, θ is read and
written once a launch, a sample never: what limits it is arithmetic. A lane adds up its own samples,
lanes are summed once a step. Products and sums are contracted only where ``tl.fma`` says so.
θ: (S, R, n), the m rows of W, those of W_outᵀ if untied, b. Needs Triton, so only what runs on a
GPU imports this.
"""

from __future__ import annotations

import triton.language as tl

from superposition.validate.fused_samples import draw_features, draw_words, kernel


@kernel
def load_numbers(start: tl.tensor, COUNT: tl.constexpr) -> tl.tuple:
    """``COUNT`` neighbouring numbers: a tuple."""
    numbers: tl.tuple = ()
    for i in tl.static_range(COUNT):
        numbers = numbers + (tl.load(start + i),)
    return numbers


@kernel
def store_numbers(start: tl.tensor, numbers: tl.tuple) -> None:
    """Put a tuple back."""
    for i in tl.static_range(len(numbers)):
        tl.store(start + i, numbers[i])


@kernel
def _hidden(
    theta: tl.tuple, x: tl.tuple, HIDDEN: tl.constexpr, RECTIFIED: tl.constexpr
) -> tl.tuple:
    """h = σ(W x)."""
    n: tl.constexpr = len(x)
    h: tl.tuple = ()
    for k in tl.static_range(HIDDEN):
        total = theta[k * n] * x[0]
        for i in tl.static_range(1, n):
            total = tl.fma(x[i], theta[k * n + i], total)
        if RECTIFIED:
            total = tl.maximum(total, 0.0, propagate_nan=tl.PropagateNan.ALL)
        h = h + (total,)
    return h


@kernel
def _outputs(
    theta: tl.tuple, x: tl.tuple, h: tl.tuple, importance: tl.tuple, inside: tl.tensor,
    loss: tl.tensor,
    READOUT: tl.constexpr, RELU: tl.constexpr, ABSOLUTE: tl.constexpr, EVEN: tl.constexpr,
) -> tl.tuple:  # fmt: skip
    """∂L/∂z · B/2, a tuple of n, and the loss of every sample of the block added to ``loss``."""
    n: tl.constexpr = len(x)
    dz: tl.tuple = ()
    for i in tl.static_range(n):
        z = tl.fma(h[0], theta[READOUT * n + i], theta[len(theta) - n + i])
        for k in tl.static_range(1, len(h)):
            z = tl.fma(h[k], theta[(READOUT + k) * n + i], z)
        made = tl.maximum(z, 0.0, propagate_nan=tl.PropagateNan.ALL) if RELU else z
        error = made - (tl.abs(x[i]) if ABSOLUTE else x[i])
        if not EVEN:
            error = tl.where(inside, error, 0.0)
        back = importance[i] * error
        loss = tl.fma(back, error, loss)
        dz = dz + (tl.where(z > 0, back, 0.0) if RELU else back,)
    return dz, loss


@kernel
def _gradient(
    theta: tl.tuple, G: tl.tuple, x: tl.tuple, h: tl.tuple, dz: tl.tuple,
    READOUT: tl.constexpr, RECTIFIED: tl.constexpr, BIASED: tl.constexpr,
) -> tl.tuple:  # fmt: skip
    """A block's gradient · B/2 added to G, a tuple as θ, each a block of partial sums."""
    n: tl.constexpr = len(x)
    d_W: tl.tuple = ()
    d_readout: tl.tuple = ()
    for k in tl.static_range(len(h)):
        back = theta[(READOUT + k) * n] * dz[0]
        for i in tl.static_range(1, n):
            back = tl.fma(dz[i], theta[(READOUT + k) * n + i], back)
        if RECTIFIED:
            back = tl.where(h[k] > 0, back, 0.0)
        for i in tl.static_range(n):
            total = tl.fma(back, x[i], G[k * n + i])
            if READOUT == 0:
                total = tl.fma(h[k], dz[i], total)
            else:
                d_readout = d_readout + (tl.fma(h[k], dz[i], G[(READOUT + k) * n + i]),)
            d_W = d_W + (total,)
    if BIASED:
        for i in tl.static_range(n):
            d_readout = d_readout + (G[len(G) - n + i] + dz[i],)
    return d_W + d_readout


@kernel
def _noted(sums: tl.tuple, loss: tl.tensor) -> tl.tuple:
    """The loss of a batch added to every sum."""
    more: tl.tuple = ()
    for i in tl.static_range(len(sums)):
        more = more + (sums[i] + loss,)
    return more


@kernel
def _update(
    theta: tl.tuple, first: tl.tuple, second: tl.tuple, G: tl.tuple, twice: tl.tensor,
    rate: tl.tuple, constants: tl.tuple,
    METHOD: tl.constexpr,
) -> tl.tuple:  # fmt: skip
    """One step of the optimiser for the first numbers of θ, those that G has sums of.

    rate: (gain, root, kept); constants: (β1, 1 - β1, 1 - β2, ε, λ), METHOD: 0 SGD, 1 Adam, 2 AdamW.
    """
    gain, root, kept = rate
    momentum, share1, share2, eps, decay = constants
    new: tl.tuple = ()
    new_first: tl.tuple = ()
    new_second: tl.tuple = ()
    for r in tl.static_range(len(G)):
        g = tl.sum(G[r]) * twice
        if METHOD != 2:
            g = tl.fma(decay, theta[r], g)
        if METHOD == 0:
            mean = tl.fma(momentum, first[r], g)
            move = mean
            new_second = new_second + (second[r],)
        else:
            mean = tl.fma(share1, g - first[r], first[r])
            square = tl.fma(share2, g * g - second[r], second[r])
            move = mean / tl.fma(tl.sqrt(square), root, eps)
            new_second = new_second + (square,)
        new_first = new_first + (mean,)
        new = new + (tl.fma(-gain, move, kept * theta[r]),)
    return new + theta[len(G) :], new_first + first[len(G) :], new_second + second[len(G) :]


@kernel
def advance(
    state: tl.tuple, models: tl.tensor, seeds: tl.tensor, law: tl.tuple, importance: tl.tensor,
    pace: tl.tensor, table: tl.tensor, sums: tl.tensor, sound: tl.tensor, first_step: tl.tensor,
    steps: tl.tensor, batch: tl.tensor, twice: tl.tensor, support: tl.tuple, constants: tl.tuple,
    SWITCH: tl.constexpr, UNIT: tl.constexpr, WORDS: tl.constexpr, HIDDEN: tl.constexpr,
    UNTIED: tl.constexpr, RECTIFIED: tl.constexpr, RELU: tl.constexpr, ABSOLUTE: tl.constexpr,
    BIASED: tl.constexpr, METHOD: tl.constexpr, EVEN: tl.constexpr, BLOCK: tl.constexpr,
    SUMS: tl.constexpr,
) -> None:  # fmt: skip
    """Take the steps ``first_step`` … of ``models`` (indices), in place, one model a program.

    state: θ, M, V (S, R, n); table: (steps, 3), of double precision, what the model's pace is to
    be multiplied with; sums: (models, SUMS), each of batch losses; sound: (models,), steps taken
    while they were finite.
    """
    number = tl.program_id(0)
    model = tl.load(models + number)
    n: tl.constexpr = len(SWITCH)
    READOUT: tl.constexpr = HIDDEN if UNTIED else 0
    SIZE: tl.constexpr = (HIDDEN + READOUT + 1) * n
    TRAINED: tl.constexpr = SIZE if BIASED else SIZE - n
    theta = load_numbers(state[0] + model * SIZE, SIZE)
    first = load_numbers(state[1] + model * SIZE, SIZE)
    second = load_numbers(state[2] + model * SIZE, SIZE)
    low = load_numbers(law[0] + model * n, n)
    last = load_numbers(law[1] + model * n, n)
    scale = load_numbers(law[2] + model * n, n)
    weight = load_numbers(importance + model * n, n)

    seed, own = tl.load(seeds + model), tl.load(pace + number)

    noted = load_numbers(sums + number * SUMS, SUMS)
    finite = tl.full((), 0, tl.int64)
    count = batch.to(tl.uint32)
    for t in range(steps):
        gain, root, decay = load_numbers(table + 3 * t, 3)
        G: tl.tuple = ()
        for _ in tl.static_range(TRAINED):
            G = G + (tl.zeros((BLOCK,), tl.float32),)
        losses = tl.zeros((BLOCK,), tl.float32)
        for start in range(0, batch, BLOCK):
            sample = (start + tl.arange(0, BLOCK)).to(tl.uint32)
            words = draw_words(seed, sample, (first_step + t).to(tl.uint32), WORDS)
            x = draw_features(words, (low, last, scale), support, SWITCH, UNIT)
            h = _hidden(theta, x, HIDDEN, RECTIFIED)
            dz, losses = _outputs(
                theta, x, h, weight, sample < count, losses, READOUT, RELU, ABSOLUTE, EVEN
            )
            G = _gradient(theta, G, x, h, dz, READOUT, RECTIFIED, BIASED)
        loss = tl.sum(losses).to(tl.float64) / batch.to(tl.float64)
        noted = _noted(noted, loss)
        finite += ((finite == t) & (tl.abs(loss) < float("inf"))).to(tl.int64)
        rate = (
            (own * gain).to(tl.float32), root.to(tl.float32), (1.0 - own * decay).to(tl.float32)
        )  # fmt: skip
        theta, first, second = _update(theta, first, second, G, twice, rate, constants, METHOD)
    store_numbers(state[0] + model * SIZE, theta)
    store_numbers(state[1] + model * SIZE, first)
    store_numbers(state[2] + model * SIZE, second)
    store_numbers(sums + number * SUMS, noted)
    tl.store(sound + number, tl.load(sound + number) + finite)
