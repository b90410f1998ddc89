#!/usr/bin/env python3
"""Imagination rollouts in PyTorch, written as fast as PyTorch allows, to compare with `naf bench rollout`.

    python3 rollout_torch.py [--device cpu|cuda] [--graph] [--dynamics bucketed|gathered] [--threads 1] [--seconds 5] [--check]
                             [--rollouts 4096] [--steps 10] [--state 20] [--action 6] [--hidden 200] [--horizon 150]

One step of all rollouts at once: u = clip(tanh(network(x)) + sigma eps, -1, 1), s' = F_t [s; u] + f_t + chol(N_t) eps', a model for each
time step and rollouts at different ones; x = s; a reward of three terms; the row [x | u | r | b | x'] into the replay. Prints one JSON object.
Before timing, the step is checked against plain loops in double precision.

bucketed  rollouts of one time step share a batched product with its model (the fastest we know on a CPU)
gathered  every rollout gathers its own model, then one batched product
--graph   all steps captured in one CUDA graph
"""
import argparse
import math

import common

SIGMA, ALPHA = 0.2, 0.1


class Rollouts:
    def __init__(self, a, dtype=None):
        self.a, device, dtype = a, a.device, dtype or torch.float32
        g = torch.Generator().manual_seed(0)
        s, k, h, n, inputs = a.state, a.action, a.hidden, a.rollouts, a.state + a.action
        uniform = lambda *size: ((torch.rand(size, generator=g, dtype=dtype) * 2 - 1) / math.sqrt(size[0])).to(device)
        self.w1, self.w2, self.w3 = uniform(s, h), uniform(h, h), uniform(h, k)
        self.b1, self.b2, self.b3 = (uniform(s, h)[0], uniform(h, h)[0], uniform(h, k)[0])
        # rows: F transposed, f, chol(N) transposed, so that s' = [s; u; 1; eps] M_t
        m = torch.zeros(a.horizon, inputs + 1 + s, s, dtype=dtype)
        m[:, :inputs] = torch.randn(a.horizon, inputs, s, generator=g, dtype=dtype) * 0.2 / math.sqrt(inputs)
        m[:, :s] += 0.6 * torch.eye(s, dtype=dtype)
        m[:, inputs] = 0.1 * torch.randn(a.horizon, s, generator=g, dtype=dtype)
        m[:, inputs + 1:] = torch.triu(torch.randn(a.horizon, s, s, generator=g, dtype=dtype) * 0.02, 1) + 0.1 * torch.eye(s, dtype=dtype)
        self.model = m.to(device)
        self.start = (0.5 * torch.randn(n, s, generator=g, dtype=dtype)).to(device)
        time_step = torch.randint(0, a.horizon - a.steps + 1, (n,), generator=g)
        # a place for each rollout in the bucket of its time step
        order = torch.argsort(time_step, stable=True)
        counts = torch.bincount(time_step, minlength=a.horizon)
        first = torch.cumsum(counts, 0) - counts
        rank = torch.empty(n, dtype=torch.long)
        rank[order] = torch.arange(n) - first[time_step[order]]
        self.bucket = int(counts.max())
        self.buckets = a.horizon - a.steps + 1
        self.place = (time_step * self.bucket + rank).to(device)
        self.time = time_step.to(device)
        self.times = [self.time + i for i in range(a.steps)]
        self.spread = torch.zeros(self.buckets * self.bucket, inputs + 1 + s, dtype=dtype, device=device)
        self.z = torch.ones(n, inputs + 1 + s, dtype=dtype, device=device)
        self.noise = torch.empty(n, k, dtype=dtype, device=device)
        self.h1, self.h2 = (torch.empty(n, h, dtype=dtype, device=device) for _ in range(2))
        self.replay = torch.empty(n, a.steps, 2 * s + k + 2, dtype=dtype, device=device)
        self.replay[:, :, s + k + 1] = 1

    def next_state(self, i):
        """s' = [s; u; 1; eps] M_t for time step t + i."""
        if self.a.dynamics == "gathered":
            return torch.bmm(self.z.unsqueeze(1), self.model.index_select(0, self.times[i])).squeeze(1)
        self.spread.index_copy_(0, self.place, self.z)
        product = torch.bmm(self.spread.view(self.buckets, self.bucket, -1), self.model[i:i + self.buckets])
        return product.view(self.buckets * self.bucket, -1).index_select(0, self.place)

    def run(self, draw=True):
        s, k = self.a.state, self.a.action
        x = self.start
        for i in range(self.a.steps):
            # u = clip(mu(x) + sigma eps, -1, 1)
            torch.addmm(self.b1, x, self.w1, out=self.h1).relu_()
            torch.addmm(self.b2, self.h1, self.w2, out=self.h2).relu_()
            u = torch.addmm(self.b3, self.h2, self.w3).tanh_()
            if draw:
                u.add_(self.noise.normal_(), alpha=SIGMA)
                self.z[:, s + k + 1:].normal_()
            u.clamp_(-1, 1)
            self.z[:, :s] = x
            self.z[:, s:s + k] = u
            following = self.next_state(i)
            # a distance, a sharper one, a price of the action
            r = -(torch.sqrt((x[:, :2] ** 2).sum(1) + ALPHA ** 2) - ALPHA)
            r.add_(torch.log1p((x[:, :3] ** 2).sum(1) / ALPHA ** 2), alpha=-0.1).add_((u * u).sum(1), alpha=-0.01)
            row = self.replay[:, i]
            row[:, :s] = x
            row[:, s:s + k] = u
            row[:, s + k] = r
            row[:, s + k + 2:] = following
            x = following


def check(a):
    """Some rollouts in double precision against plain loops, without action noise; returns the largest error."""
    small = argparse.Namespace(**{**vars(a), "rollouts": 7, "device": "cpu"})
    rollouts = Rollouts(small, torch.float64)
    rollouts.z[:, a.state + a.action + 1:] = 0.3
    rollouts.run(draw=False)
    model, error = rollouts.model, 0.0
    for m in range(small.rollouts):
        x = rollouts.start[m]
        for i in range(small.steps):
            h = torch.relu(torch.relu(x @ rollouts.w1 + rollouts.b1) @ rollouts.w2 + rollouts.b2)
            u = torch.tanh(h @ rollouts.w3 + rollouts.b3)
            z = torch.cat([x, u, torch.ones(1, dtype=x.dtype), torch.full((small.state,), 0.3, dtype=x.dtype)])
            following = z @ model[int(rollouts.time[m]) + i]
            distance = math.sqrt(float((x[:2] ** 2).sum()) + ALPHA ** 2) - ALPHA
            r = -distance - 0.1 * math.log1p(float((x[:3] ** 2).sum()) / ALPHA ** 2) - 0.01 * float((u * u).sum())
            row = torch.cat([x, u, torch.tensor([r, 1.0], dtype=x.dtype), following])
            error = common.worst([error, (rollouts.replay[m, i] - row).abs().max()])
            x = following
    return common.require(error, 1e-10, "the batched step differs from plain loops")


def main():
    p = common.parser(__doc__, rollouts=4096, steps=10, state=20, action=6, hidden=200, horizon=150)
    p.add_argument("--device", default="cpu")
    p.add_argument("--graph", action="store_true")
    p.add_argument("--dynamics", choices=["bucketed", "gathered"], default="bucketed")
    a = p.parse_args()
    if a.steps > a.horizon:
        p.error(f"--steps {a.steps} is more than --horizon {a.horizon}; lower it")
    global torch
    torch = common.load_torch(a)
    a.hardware = common.hardware(a, torch)
    with torch.no_grad():
        result = dict(peer="pytorch", version=torch.__version__, device=a.device, graph=a.graph, dynamics=a.dynamics, rollouts=a.rollouts,
                      steps=a.steps, state=a.state, action=a.action, hidden=[a.hidden, a.hidden], horizon=a.horizon, error=check(a))
        if not a.check:
            rollouts = Rollouts(a)
            once = common.capture(torch, rollouts.run) if a.graph else rollouts.run
            rounds = common.measure(a, once, common.waiter(a, torch), a.rollouts * a.steps)
            if not bool(torch.isfinite(rollouts.replay).all()):
                raise SystemExit("the rows are not finite after the timing; their rate means nothing")
            result.update(imagined_steps_per_second=common.median(rounds), rounds=rounds)
        common.report(a, **result)


if __name__ == "__main__":
    main()
