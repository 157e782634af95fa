"""Many amounts at once, each a mixture of Student's t: of its logarithm, of itself, or gamma-shaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

PLAIN, LOGARITHM, GAMMA = 0, 1, 2
# Halvings of an interval that already holds the quantile: 2**-16 of it is below what anybody reads.
HALVINGS = 16


def normal_cdf(z: Numbers) -> Numbers:
    """The standard normal distribution function (Zelen & Severo 26.2.17: absolute error below 7.5e-8)."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    series = 0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))
    tail = 0.3989422804014327 * np.exp(-z * z / 2) * t * series
    return np.where(z >= 0, 1 - tail, tail)


def normal_of_t(x: Numbers, degrees: Numbers) -> Numbers:
    """A value of Student's t as the standard normal one of about the same chance (Wallace 1959)."""
    scale = (8 * degrees + 1) / (8 * degrees + 3)
    return np.copysign(scale * np.sqrt(degrees * np.log1p(x * x / degrees)), x)


def t_of_normal(z: Numbers, degrees: Numbers) -> Numbers:
    """The inverse of `normal_of_t`."""
    scale = (8 * degrees + 1) / (8 * degrees + 3)
    return np.copysign(np.sqrt(degrees * np.expm1((z / scale) ** 2 / degrees)), z)


@dataclass
class Mixtures:
    """One row a forecast: weights, means and variances of its members, degrees of freedom, shape.

    `weight`, `mean`, `variance`: rows x members, means and variances of logarithms where the shape is LOGARITHM.
    """

    weight: Numbers
    mean: Numbers
    variance: Numbers
    degrees: Numbers
    shape: Places

    def __post_init__(self) -> None:
        self.variance = np.maximum(self.variance, 1e-12)
        least = 1e-9 + 0.05 * (self.weight * np.abs(self.mean)).sum(1, keepdims=True)
        gamma = (self.shape == GAMMA)[:, None]
        self.mean = np.where(gamma, np.maximum(self.mean, least), self.mean)

    def __getitem__(self, rows: Any) -> Mixtures:
        return Mixtures(
            self.weight[rows], self.mean[rows], self.variance[rows], self.degrees[rows], self.shape[rows]
        )  # fmt: skip

    def below(self, amount: Numbers) -> Numbers:
        """The chance of each row to end at `amount` or less."""
        out = np.empty(len(amount))
        for shape in (PLAIN, LOGARITHM, GAMMA):
            rows = np.flatnonzero(self.shape == shape)
            if len(rows):
                out[rows] = self._below(rows, amount[rows, None], shape)
        return out

    def _below(self, rows: Places, x: Numbers, shape: int) -> Numbers:
        mean, variance = self.mean[rows], self.variance[rows]
        if shape == GAMMA:  # Wilson and Hilferty's cube root
            a = mean**2 / variance
            z = 3 * np.sqrt(a) * (np.cbrt(np.maximum(x, 0) / mean) - 1 + 1 / (9 * a))
        elif shape == LOGARITHM:
            z = (np.log(np.maximum(x, 1e-300)) - mean) / np.sqrt(variance)
        else:
            z = (x - mean) / np.sqrt(variance)
        chance = (normal_cdf(normal_of_t(z, self.degrees[rows, None])) * self.weight[rows]).sum(1)
        return np.asarray(chance if shape == PLAIN else np.where(x[:, 0] < 0, 0.0, chance))

    def quantile(self, normal: float) -> Numbers:
        """The amount that each row stays below with the chance of the standard normal value `normal`.

        A mixture's quantile lies between the least and the greatest of its members'; then by halving.
        """
        z = np.full(self.mean.shape, normal)
        of_members = self._member_quantile(t_of_normal(z, self.degrees[:, None]))
        counted = self.weight > 1e-12
        low = np.where(counted, of_members, np.inf).min(1)
        high = np.where(counted, of_members, -np.inf).max(1)
        wanted = float(normal_cdf(np.array([normal]))[0])
        is_log = self.shape == LOGARITHM
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            is_below = self.below(np.where(is_log, np.exp(np.minimum(middle, 700)), middle)) < wanted
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        middle = (low + high) / 2
        return np.asarray(np.where(is_log, np.exp(np.minimum(middle, 700)), middle))

    def _member_quantile(self, t: Numbers) -> Numbers:
        """Of every member, on the logarithm's own scale."""
        plain = self.mean + t * np.sqrt(self.variance)
        gamma = (self.shape == GAMMA)[:, None]
        if not gamma.any():
            return plain
        a = np.where(gamma, self.mean**2 / self.variance, 1)
        root = np.maximum(1 - 1 / (9 * a) + t / (3 * np.sqrt(a)), 0)
        return np.asarray(np.where(gamma, self.mean * root**3, plain))

    def moments(self) -> tuple[Numbers, Numbers]:
        """Mean and variance of each row's amount."""
        log = (self.shape == LOGARITHM)[:, None]
        of_log = np.exp(np.where(log, np.minimum(self.mean + self.variance / 2, 700), 0))
        mean_of = np.where(log, of_log, self.mean)
        spread = np.where(log, of_log**2 * np.expm1(np.minimum(self.variance, 2)), self.variance)
        mean = (self.weight * mean_of).sum(1)
        return mean, (self.weight * (spread + (mean_of - mean[:, None]) ** 2)).sum(1)


def joined(parts: list[Mixtures]) -> Mixtures:
    """Rows of several under one another; members that a part lacks weigh nothing."""
    width = max(part.weight.shape[1] for part in parts)

    def padded(values: Numbers, fill: float) -> Numbers:
        return np.pad(values, ((0, 0), (0, width - values.shape[1])), constant_values=fill)

    return Mixtures(
        np.vstack([padded(part.weight, 0.0) for part in parts]),
        np.vstack([padded(part.mean, 1.0) for part in parts]),
        np.vstack([padded(part.variance, 1.0) for part in parts]),
        np.concatenate([part.degrees for part in parts]),
        np.concatenate([part.shape for part in parts]),
    )
