#!/usr/bin/env python3
"""The per-time-step Gaussian fit in batched PyTorch, to compare with `naf bench fit`: the work of fit_numpy.py, also on CUDA.

    python3 fit_torch.py [--device cpu|cuda] [--float32] [--solve cholesky|lu] [--graph] [--horizon 150] [--state 20] [--action 6]
                         [--episodes 5] [--learners 1] [--seconds 5] [--threads 1] [--check]

One fit, over all learners and time steps at once: mean and covariance of the samples z = [s; u; s'], the posterior of a
normal-inverse-Wishart prior, F = ((S_ii + R)^-1 S_ip)', f = z_p - F z_i, N = S_pp - F S_ii F' + floor, and the Cholesky factor of N.
In double precision unless --float32. Prints one JSON object; milliseconds_per_fit is the time of all learners' fits together.
Before timing, time steps of the first and the last learner are held against plain formulas in double precision on the CPU.

cholesky  F by the Cholesky factor of S_ii + R          lu  by torch.linalg.solve
--graph   the fit captured in a CUDA graph (cholesky only: lu waits for the host)
"""
import common

RIDGE, FLOOR, STRENGTH = 1e-6, 1e-8, 3.0


class Fit:
    """Samples [P, n, T, D], a prior for each learner, and the diagonals that R and the floor make."""

    def __init__(self, a):
        self.solve, self.state, self.inputs = a.solve, a.state, a.state + a.action
        g = torch.Generator().manual_seed(0)
        size, dtype = self.inputs + a.state, torch.float32 if a.float32 else torch.float64
        mix = 0.1 * torch.randn(self.inputs, a.state, generator=g, dtype=torch.float64) + 0.9 * torch.eye(self.inputs, a.state, dtype=torch.float64)
        z = torch.randn(a.learners, a.episodes, a.horizon, size, generator=g, dtype=torch.float64)
        z[..., self.inputs:] = z[..., :self.inputs] @ mix + 0.02 * z[..., self.inputs:]
        flat = z.reshape(a.learners, -1, size)
        mean0 = flat.mean(1)
        centred = flat - mean0[:, None]
        variance = (centred ** 2).mean(1)
        scatter = STRENGTH * (centred.transpose(1, 2) @ centred / flat.shape[1])
        on = lambda t: t.to(a.device, dtype)
        self.z, self.mean0, self.scatter = on(z), on(mean0[:, None]), on(scatter[:, None])
        self.ridge = on(torch.diag_embed(RIDGE * variance[:, :self.inputs])[:, None])
        self.floor = on(torch.diag_embed(FLOOR * variance[:, self.inputs:])[:, None])

    def run(self):
        """F [P, T, s, s + u], f [P, T, s], N and its factor [P, T, s, s]."""
        i, n, m = self.inputs, self.z.shape[1], STRENGTH
        mean = self.z.mean(1)
        centred = (self.z - mean[:, None]).permute(0, 2, 3, 1)
        # the deviation from the prior's mean is one more sample of the product
        deviation = ((n * m / (n + m)) ** 0.5 * (mean - self.mean0))[..., None]
        x = torch.cat((centred, deviation), 3)
        sigma = (x @ x.transpose(2, 3) + self.scatter) / (n + STRENGTH)
        s_ii, s_ip, s_pp = sigma[..., :i, :i], sigma[..., :i, i:], sigma[..., i:, i:]
        if self.solve == "lu":
            f = torch.linalg.solve(s_ii + self.ridge, s_ip).transpose(2, 3)
        else:
            f = torch.cholesky_solve(s_ip, torch.linalg.cholesky_ex(s_ii + self.ridge)[0]).transpose(2, 3)
        offset = mean[..., i:] - (f @ mean[..., :i, None])[..., 0]
        noise = s_pp - f @ s_ii @ f.transpose(2, 3)
        noise = (noise + noise.transpose(2, 3)) / 2 + self.floor
        return f, offset, noise, torch.linalg.cholesky_ex(noise)[0]


def check(fit, results, a):
    """The first and the last learner's last time step, sample by sample in double precision on the CPU; returns the largest error."""
    i, m, errors = fit.inputs, STRENGTH, []
    for p in {0, a.learners - 1}:
        double = lambda t: t.detach().cpu().double()
        f, offset, noise, factor = (double(r[p, -1]) for r in results)
        z, mean0, scatter = double(fit.z[p, :, -1]), double(fit.mean0[p, 0]), double(fit.scatter[p, 0])
        n, mean = len(z), sum(z) / len(z)
        sigma = sum(torch.outer(s - mean, s - mean) for s in z) + scatter + n * m / (n + m) * torch.outer(mean - mean0, mean - mean0)
        sigma = sigma / (n + m)
        expected = (torch.linalg.inv(sigma[:i, :i] + double(fit.ridge[p, 0])) @ sigma[:i, i:]).T
        left = sigma[i:, i:] - expected @ sigma[:i, :i] @ expected.T + double(fit.floor[p, 0])
        parts = ((f, expected), (offset, mean[i:] - expected @ mean[:i]), (noise, left), (factor @ factor.T, noise))
        errors += [(ours - theirs).abs().max() for ours, theirs in parts]
    return common.require(common.worst(errors), 1e-4 if a.float32 else 1e-8, "the fit differs from plain formulas in double precision")


def main():
    p = common.parser(__doc__, horizon=150, state=20, action=6, episodes=5, learners=1)
    p.add_argument("--device", default="cpu")
    p.add_argument("--float32", action="store_true")
    p.add_argument("--graph", action="store_true")
    p.add_argument("--solve", choices=["cholesky", "lu"], default="cholesky")
    a = p.parse_args()
    if a.graph and a.solve == "lu":
        p.error("--graph goes with --solve cholesky: lu waits for the host")
    global torch
    torch = common.load_torch(a)
    with torch.no_grad():
        fit, last = Fit(a), {}

        def once():
            last["results"] = fit.run()

        if a.graph:
            once = common.capture(torch, once)
        once()
        error = check(fit, last["results"], a)
        result = dict(peer="pytorch", version=torch.__version__, device=a.device, precision="float32" if a.float32 else "float64", solve=a.solve,
                      graph=a.graph, horizon=a.horizon, state=a.state, action=a.action, episodes=a.episodes, learners=a.learners, error=error)
        a.hardware = common.hardware(a, torch)
        if not a.check:
            rounds = [1e3 / rate for rate in common.measure(a, once, common.waiter(a, torch), 1)]
            if not all(bool(torch.isfinite(r).all()) for r in last["results"]):
                raise SystemExit("the fit is not finite after the timing; its time means nothing")
            result.update(milliseconds_per_fit=common.median(rounds), rounds=rounds)
        common.report(a, **result)


if __name__ == "__main__":
    main()
