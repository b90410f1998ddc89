#!/usr/bin/env python3
"""The normalized advantage function of many samples in numpy, to compare with `naf bench advantage`.

    python3 advantage_numpy.py [--batch 65536] [--action 6] [--block 16384] [--threads 1] [--seconds 3] [--check]

From the networks' outputs v [B], m [B, A], l [B, A (A + 1) / 2] and actions u [B, A], in float32: mu = tanh(m); L lower triangular, row by row,
its diagonal exp(5 tanh(l / 5)); A = -|L'(u - mu)|^2 / 2; Q = V + A. Outputs mu, L (packed), A, Q. Samples are taken in blocks that stay in the
processor's cache. Prints one JSON object. Before timing, some samples are held against plain loops in double precision.
"""
import math

import common

LOG_DIAGONAL_BOUND = 5.0


class Evaluation:
    def __init__(self, np, a):
        self.np, self.action, self.block = np, a.action, a.block
        packed, g = a.action * (a.action + 1) // 2, np.random.default_rng(0)
        normal = lambda *size: g.standard_normal(size).astype(np.float32)
        self.v, self.m, self.l, self.u = normal(a.batch), normal(a.batch, a.action), normal(a.batch, packed), normal(a.batch, a.action)
        np.clip(self.u, -1, 1, out=self.u)
        self.mu, self.factor = np.full_like(self.m, np.nan), np.full_like(self.l, np.nan)
        self.advantage, self.q = np.full_like(self.v, np.nan), np.full_like(self.v, np.nan)
        self.diagonal = np.array([i * (i + 1) // 2 + i for i in range(a.action)])

    def run(self):
        np = self.np
        for at in range(0, len(self.v), self.block):
            rows = slice(at, at + self.block)
            mu, factor = self.mu[rows], self.factor[rows]
            np.tanh(self.m[rows], out=mu)
            factor[:] = self.l[rows]
            factor[:, self.diagonal] = np.exp(LOG_DIAGONAL_BOUND * np.tanh(factor[:, self.diagonal] * (1 / LOG_DIAGONAL_BOUND)))
            # z = L'd: row i of L adds its entries times d_i to z_0 .. z_i
            d = self.u[rows] - mu
            z = np.zeros_like(d)
            for i in range(self.action):
                first = i * (i + 1) // 2
                z[:, :i + 1] += factor[:, first:first + i + 1] * d[:, i:i + 1]
            np.einsum("bi,bi->b", z, z, out=self.advantage[rows])
            self.advantage[rows] *= -0.5
            np.add(self.v[rows], self.advantage[rows], out=self.q[rows])


def plain(v, m, l, u):
    """mu, L packed, A, Q of one sample by loops over Python's numbers."""
    action = len(m)
    mu, at, z, factor = [math.tanh(e) for e in m], 0, [0.0] * len(m), []
    for i in range(action):
        for j in range(i + 1):
            factor.append(math.exp(LOG_DIAGONAL_BOUND * math.tanh(l[at] / LOG_DIAGONAL_BOUND)) if i == j else l[at])
            z[j] += factor[-1] * (u[i] - mu[i])
            at += 1
    advantage = -0.5 * sum(e * e for e in z)
    return mu + factor + [advantage, v + advantage]


def check(inputs, outputs, limit, what):
    """Some samples against plain(); inputs v, m, l, u and outputs mu, L, A, Q as rows of numbers. Returns the largest error over 1 + |value|."""
    errors = []
    for v, m, l, u, mu, factor, advantage, q in zip(*inputs, *outputs):
        for ours, theirs in zip([*mu, *factor, advantage, q], plain(v, m, l, u)):
            errors.append(abs(ours - theirs) / (1 + abs(theirs)))
    return common.require(common.worst(errors), limit, what)


def main():
    p = common.parser(__doc__, seconds=3.0, batch=65536, action=6, block=16384)
    a = p.parse_args()
    common.limit_threads(a.threads)
    np = common.load("numpy", "install numpy (Debian: python3-numpy, or pip install numpy)")
    e = Evaluation(np, a)
    e.run()
    some = np.unique(np.linspace(0, a.batch - 1, 999).astype(int))
    listed = lambda *parts: [part[some].tolist() for part in parts]
    error = check(listed(e.v, e.m, e.l, e.u), listed(e.mu, e.factor, e.advantage, e.q), 1e-5, "numpy differs from plain loops")
    result = dict(peer="numpy", version=np.__version__, device="cpu", batch=a.batch, action=a.action, block=a.block, error=error)
    if not a.check:
        rounds = common.measure(a, e.run, lambda: None, a.batch)
        if not np.isfinite(e.q).all():
            raise SystemExit("Q is not finite; its rate means nothing")
        result.update(evaluations_per_second=common.median(rounds), rounds=rounds)
    common.report(a, **result)


if __name__ == "__main__":
    main()
