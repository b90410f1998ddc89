#!/usr/bin/env python3
"""The per-time-step Gaussian fit in batched numpy, written as fast as numpy allows, to compare with `naf bench fit`.

    python3 fit_numpy.py [--horizon 150] [--state 20] [--action 6] [--episodes 5] [--learners 1] [--seconds 5] [--threads 1] [--json]

One fit, over all time steps at once: mean and covariance of the samples z = [s; u; s'], the posterior of a
normal-inverse-Wishart prior, F = ((S_ii + R)^-1 S_ip)', f = z_p - F z_i, N = S_pp - F S_ii F' + floor, and the Cholesky
factor of N. All in double precision, with the ridge and the floor in units of the entries' variances. Before timing, the
result of one time step is checked against plain formulas. Prints one JSON object.
"""
import argparse
import json
import os
import statistics
import sys
import time

RIDGE, FLOOR, STRENGTH = 1e-6, 1e-8, 3.0


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("horizon", 150), ("state", 20), ("action", 6), ("episodes", 5), ("learners", 1), ("threads", 1), ("rounds", 5)):
        p.add_argument(f"--{name}", type=int, default=value)
    p.add_argument("--seconds", type=float, default=5.0)
    p.add_argument("--json", action="store_true", help="accepted for symmetry with naf bench: the output is JSON in any case")
    return p.parse_args()


class Fit:
    """Samples [P, n, T, D], a prior for each learner, and the diagonal that R and the floor make."""

    def __init__(self, np, a):
        self.np, self.state, self.inputs = np, a.state, a.state + a.action
        generator = np.random.default_rng(0)
        size = self.inputs + a.state
        mix = 0.1 * generator.standard_normal((self.inputs, a.state)) + 0.9 * np.eye(self.inputs, a.state)
        z = generator.standard_normal((a.learners, a.episodes, a.horizon, size))
        z[..., self.inputs:] = z[..., :self.inputs] @ mix + 0.02 * z[..., self.inputs:]
        self.z = z
        flat = z.reshape(a.learners, -1, size)
        self.mean0 = flat.mean(1)[:, None]
        centred = flat - self.mean0
        variance = (centred ** 2).mean(1)
        self.scatter = STRENGTH * (centred.transpose(0, 2, 1) @ centred / flat.shape[1])[:, None]
        self.ridge = (RIDGE * variance[:, None, :self.inputs, None]) * np.eye(self.inputs)
        self.floor = (FLOOR * variance[:, None, self.inputs:, None]) * np.eye(a.state)

    def run(self):
        np, i, n, m = self.np, self.inputs, self.z.shape[1], STRENGTH
        mean = self.z.mean(1)
        centred = (self.z - mean[:, None]).transpose(0, 2, 3, 1)
        # the deviation from the prior's mean is one more sample of the product
        deviation = ((n * m / (n + m)) ** 0.5 * (mean - self.mean0))[..., None]
        x = np.concatenate((centred, deviation), 3)
        sigma = (x @ x.transpose(0, 1, 3, 2) + self.scatter) / (n + STRENGTH)
        s_ii, s_ip, s_pp = sigma[..., :i, :i], sigma[..., :i, i:], sigma[..., i:, i:]
        f = np.linalg.solve(s_ii + self.ridge, s_ip).transpose(0, 1, 3, 2)
        offset = mean[..., i:] - (f @ mean[..., :i, None])[..., 0]
        noise = s_pp - f @ s_ii @ f.transpose(0, 1, 3, 2)
        noise = (noise + noise.transpose(0, 1, 3, 2)) / 2 + self.floor
        return f, offset, noise, np.linalg.cholesky(noise)


def check(fit):
    """The last time step of the first learner, sample by sample; returns the largest error."""
    np, i, m = fit.np, fit.inputs, STRENGTH
    f, offset, noise, factor = (r[0, -1] for r in fit.run())
    z, mean0, scatter = fit.z[0, :, -1], fit.mean0[0, 0], fit.scatter[0, 0]
    n, mean = len(z), sum(z) / len(z)
    sigma = sum(np.outer(s - mean, s - mean) for s in z) + scatter + n * m / (n + m) * np.outer(mean - mean0, mean - mean0)
    sigma /= n + m
    expected = (np.linalg.inv(sigma[:i, :i] + fit.ridge[0, 0]) @ sigma[:i, i:]).T
    left = sigma[i:, i:] - expected @ sigma[:i, :i] @ expected.T + fit.floor[0, 0]
    error = max(abs(f - expected).max(), abs(offset - mean[i:] + expected @ mean[:i]).max(), abs(noise - left).max(),
                abs(factor @ factor.T - noise).max())
    assert error < 1e-8, f"the fit differs from plain formulas by {error}"
    return float(error)


def main():
    a = parse()
    for library in ("OPENBLAS", "OMP", "MKL", "BLIS"):
        os.environ[f"{library}_NUM_THREADS"] = str(a.threads)
    if "numpy" in sys.modules:
        sys.exit("numpy is loaded already: its number of threads cannot be set")
    import numpy as np

    fit = Fit(np, a)
    error = check(fit)
    for _ in range(10):
        fit.run()
    rounds = []
    for _ in range(a.rounds):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < a.seconds / a.rounds:
            result = fit.run()
            count += 1
        rounds.append(1e3 * (time.perf_counter() - start) / count)
    assert all(np.isfinite(r).all() for r in result), "the fit is not finite"
    print(json.dumps(dict(peer="numpy", version=np.__version__, threads=a.threads, horizon=a.horizon, state=a.state, action=a.action,
                          episodes=a.episodes, learners=a.learners, error=error, milliseconds_per_fit=statistics.median(rounds), rounds=rounds)))


if __name__ == "__main__":
    main()
