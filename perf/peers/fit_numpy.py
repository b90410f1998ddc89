#!/usr/bin/env python3
"""The per-time-step Gaussian fit in batched numpy, written as fast as numpy allows, to compare with `naf bench fit`.

    python3 fit_numpy.py [--horizon 150] [--state 20] [--action 6] [--episodes 5] [--learners 1] [--seconds 5] [--threads 1] [--check]

One fit, over all time steps at once: mean and covariance of the samples z = [s; u; s'], the posterior of a
normal-inverse-Wishart prior, F = ((S_ii + R)^-1 S_ip)', f = z_p - F z_i, N = S_pp - F S_ii F' + floor, and the Cholesky
factor of N. All in double precision, with the ridge and the floor in units of the entries' variances. Before timing, the
result of one time step is checked against plain formulas. Prints one JSON object.
"""
import common

RIDGE, FLOOR, STRENGTH = 1e-6, 1e-8, 3.0


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
    errors = [abs(ours - theirs).max() for ours, theirs in (
        (f, expected), (offset, mean[i:] - expected @ mean[:i]), (noise, left), (factor @ factor.T, noise))]
    return common.require(common.worst(errors), 1e-8, "the fit differs from plain formulas")


def main():
    a = common.parser(__doc__, horizon=150, state=20, action=6, episodes=5, learners=1).parse_args()
    common.limit_threads(a.threads)
    np = common.load("numpy", "install numpy (Debian: python3-numpy, or pip install numpy)")
    fit, last = Fit(np, a), {}

    def once():
        last["results"] = fit.run()

    result = dict(peer="numpy", version=np.__version__, horizon=a.horizon, state=a.state, action=a.action, episodes=a.episodes,
                  learners=a.learners, error=check(fit))
    if not a.check:
        rounds = [1e3 / rate for rate in common.measure(a, once, lambda: None, 1)]
        if not all(np.isfinite(r).all() for r in last["results"]):
            raise SystemExit("the fit is not finite after the timing; its time means nothing")
        result.update(milliseconds_per_fit=common.median(rounds), rounds=rounds)
    common.report(a, **result)


if __name__ == "__main__":
    main()
