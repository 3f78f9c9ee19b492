"""Upper triangular weights: which features open an axis, and which only fill what is left."""

from __future__ import annotations

import numpy as np

from superposition.numerics.optimum.pose import canonical_pose

ANGLES = 2 * np.pi * np.arange(5) / 5
BIPYRAMID = np.block(
    [
        [np.array([np.cos(ANGLES), np.sin(ANGLES)]), np.zeros((2, 2))],
        [np.zeros((1, 5)), np.array([[1.0, -1.0]])],
    ]
)


def test_what_is_short_opens_no_axis_the_first_time_through() -> None:
    """A vertex out of its plane by noise leaves the third axis to the digon."""
    noisy = BIPYRAMID.copy()
    noisy[2, 2] = -0.01
    by_noise = canonical_pose(noisy[None])[0]
    assert by_noise[2, 5] < -0.99
    by_digon = canonical_pose(noisy[None], (0.1, 1e-12))[0]
    np.testing.assert_allclose(by_digon[2, 5:], [1, -1], atol=1e-3)
    np.testing.assert_allclose(by_digon.T @ by_digon, noisy.T @ noisy, atol=1e-12)


def test_what_is_short_opens_the_axes_that_are_left_the_longer_first() -> None:
    W = np.array([[[1.0, 0.0, 0.0], [0.0, 1e-4, 1e-2]]])
    np.testing.assert_allclose(canonical_pose(-W, (0.1, 1e-3, 1e-12)), W)
    shorter_first = canonical_pose(W * [[1], [-1]], (0.1, 1e-12))
    np.testing.assert_allclose(shorter_first, W)


def test_models_of_a_batch_open_their_axes_apart() -> None:
    batch = np.stack([np.eye(2, 3), np.array([[0.0, 0.0, 2.0], [3.0, 0.0, 0.0]]), np.zeros((2, 3))])
    posed = canonical_pose(batch)
    for one, alone in zip(posed, batch, strict=True):
        np.testing.assert_array_equal(one, canonical_pose(alone[None])[0])
