#!/usr/bin/env python3
"""The NAF update of the paper in PyTorch, written as fast as PyTorch allows, to compare with `naf bench update`.

    python3 naf_torch.py [--variant batched|autograd|modules] [--threads 1] [--seconds 5] [--batch 64]
                         [--state 20] [--action 6] [--hidden 200]

One update: sample a minibatch from the replay, y = r + gamma V'(x'), gradient of the mean squared TD error,
Adam, Polyak average of V'. Prints one JSON object. Before timing, every variant's gradient is checked
against autograd in double precision.

batched   flat parameters; the three networks as one batched product; backward pass by hand (the fastest we know)
autograd  the same, with the gradient by autograd
modules   three nn.Sequential and torch.optim.Adam, as most public implementations are written
"""
import argparse
import json
import math
import statistics
import time

import torch

GAMMA, RATE, BETA1, BETA2, EPSILON, TAU = 0.99, 1e-3, 0.9, 0.999, 1e-8, 1e-2
LOG_DIAGONAL_BOUND = 5.0


class Networks:
    """V, mu and L as views into one flat vector: hidden layers stacked [3, in, out], heads apart."""

    def __init__(self, state, action, hidden, dtype=torch.float32, seed=0):
        self.action, self.packed = action, action * (action + 1) // 2
        self.outputs = (1, action, self.packed)
        shapes = [(3, state, hidden), (3, 1, hidden), (3, hidden, hidden), (3, 1, hidden)]
        shapes += [s for k in self.outputs for s in ((hidden, k), (k,))]
        self.flat = torch.zeros(sum(math.prod(s) for s in shapes), dtype=dtype)
        self.gradient = torch.zeros_like(self.flat)
        self.views, self.gradients, at = [], [], 0
        generator = torch.Generator().manual_seed(seed)
        for s in shapes:
            n = math.prod(s)
            self.views.append(self.flat[at:at + n].view(s))
            self.gradients.append(self.gradient[at:at + n].view(s))
            fan = s[-2] if len(s) > 1 and s[-2] > 1 else None
            if fan:
                self.views[-1].copy_((torch.rand(s, generator=generator, dtype=dtype) * 2 - 1) / math.sqrt(fan))
            at += n
        self.rows, self.columns = torch.tril_indices(action, action)
        # L row by row: the packed entries of the diagonal
        self.diagonal = torch.tensor([i * (i + 1) // 2 + i for i in range(action)])
        self.index = torch.zeros(action, action, dtype=torch.long)
        self.index[self.rows, self.columns] = torch.arange(self.packed)
        self.mask = torch.tril(torch.ones(action, action, dtype=dtype))

    def q(self, x, u, views):
        """Q(x, u) with autograd's graph: [batch]."""
        w1, b1, w2, b2, wv, bv, wm, bm, wl, bl = views
        h = torch.relu(torch.baddbmm(b1, x.expand(3, -1, -1), w1))
        h = torch.relu(torch.baddbmm(b2, h, w2))
        v = torch.addmm(bv, h[0], wv).squeeze(1)
        mu = torch.tanh(torch.addmm(bm, h[1], wm))
        packed = torch.addmm(bl, h[2], wl)
        diagonal = torch.exp(LOG_DIAGONAL_BOUND * torch.tanh(packed[:, self.diagonal] / LOG_DIAGONAL_BOUND))
        packed = packed.index_copy(1, self.diagonal, diagonal)
        lower = packed[:, self.index.view(-1)].view(-1, self.action, self.action) * self.mask
        z = torch.bmm((u - mu).unsqueeze(1), lower).squeeze(1)
        return v - 0.5 * (z * z).sum(1)


class Learner:
    def __init__(self, a, variant, dtype=torch.float32):
        self.a, self.variant = a, variant
        self.net = Networks(a.state, a.action, a.hidden, dtype)
        v = self.net.views
        self.target = [v[0][0].clone(), v[1][0].clone(), v[2][0].clone(), v[3][0].clone(), v[4].clone(), v[5].clone()]
        self.online_v = [v[0][0], v[1][0], v[2][0], v[3][0], v[4], v[5]]
        self.m, self.v = torch.zeros_like(self.net.flat), torch.zeros_like(self.net.flat)
        self.step = 0
        n = 10_000
        g = torch.Generator().manual_seed(1)
        s, k = a.state, a.action
        self.replay = torch.randn(n, 2 * s + k + 1, generator=g, dtype=dtype)
        self.replay[:, s:s + k].clamp_(-1, 1)
        self.generator = torch.Generator().manual_seed(2)
        if variant == "autograd":
            self.net.flat.requires_grad_(False)
            self.leaves = [view.detach().requires_grad_(True) for view in self.net.views]
        if variant == "modules":
            mlp = lambda k: torch.nn.Sequential(torch.nn.Linear(s, a.hidden), torch.nn.ReLU(), torch.nn.Linear(a.hidden, a.hidden),
                                                torch.nn.ReLU(), torch.nn.Linear(a.hidden, k)).to(dtype)
            self.modules = [mlp(k) for k in self.net.outputs]
            self.target_module = mlp(1)
            for i, module in enumerate(self.modules):
                self.copy_to(module, i)
            self.target_module.load_state_dict(self.modules[0].state_dict())
            self.optimizer = torch.optim.Adam([p for m in self.modules for p in m.parameters()], lr=RATE, foreach=True)

    def copy_to(self, module, i):
        v = self.net.views
        with torch.no_grad():
            for layer, (w, b) in zip((0, 2, 4), ((v[0][i], v[1][i, 0]), (v[2][i], v[3][i, 0]), (v[4 + 2 * i], v[5 + 2 * i]))):
                module[layer].weight.copy_(w.t())
                module[layer].bias.copy_(b)

    def minibatch(self):
        rows = torch.randint(self.replay.shape[0], (self.a.batch,), generator=self.generator)
        t = self.replay.index_select(0, rows)
        s, k = self.a.state, self.a.action
        return t[:, :s], t[:, s:s + k], t[:, s + k], t[:, s + k + 1:]

    @torch.no_grad()
    def bootstrap(self, r, x2):
        w1, b1, w2, b2, wv, bv = self.target
        h = torch.addmm(b1, x2, w1).relu_()
        h = torch.addmm(b2, h, w2).relu_()
        return torch.addmm(bv, h, wv).squeeze(1).mul_(GAMMA).add_(r)

    @torch.no_grad()
    def backward_by_hand(self, x, u, y):
        net = self.net
        w1, b1, w2, b2, wv, bv, wm, bm, wl, bl = net.views
        g1, gb1, g2, gb2, gv, gbv, gm, gbm, gl, gbl = net.gradients
        h1 = torch.baddbmm(b1, x.expand(3, -1, -1), w1).relu_()
        h2 = torch.baddbmm(b2, h1, w2).relu_()
        v = torch.addmm(bv, h2[0], wv).squeeze(1)
        mu = torch.addmm(bm, h2[1], wm).tanh_()
        packed = torch.addmm(bl, h2[2], wl)
        bounded = torch.tanh(packed[:, net.diagonal] / LOG_DIAGONAL_BOUND)
        diagonal = torch.exp(LOG_DIAGONAL_BOUND * bounded)
        packed[:, net.diagonal] = diagonal
        lower = packed[:, net.index.view(-1)].view(-1, net.action, net.action) * net.mask
        d = u - mu
        z = torch.bmm(d.unsqueeze(1), lower)
        td = v - 0.5 * (z * z).sum((1, 2)) - y
        dq = (td * (2.0 / x.shape[0])).unsqueeze(1)
        d_mu = torch.bmm(lower, z.transpose(1, 2)).squeeze(2) * dq * (1 - mu * mu)
        d_l = (-(d.unsqueeze(2) * z) * dq.unsqueeze(2))[:, net.rows, net.columns]
        d_l[:, net.diagonal] *= diagonal * (1 - bounded * bounded)
        d2 = torch.empty_like(h2)
        torch.mm(dq, wv.t(), out=d2[0]); torch.mm(d_mu, wm.t(), out=d2[1]); torch.mm(d_l, wl.t(), out=d2[2])
        torch.mm(h2[0].t(), dq, out=gv); torch.mm(h2[1].t(), d_mu, out=gm); torch.mm(h2[2].t(), d_l, out=gl)
        torch.sum(dq, 0, out=gbv); torch.sum(d_mu, 0, out=gbm); torch.sum(d_l, 0, out=gbl)
        d2 = torch.ops.aten.threshold_backward(d2, h2, 0)
        torch.bmm(h1.transpose(1, 2), d2, out=g2)
        torch.sum(d2, 1, keepdim=True, out=gb2)
        d1 = torch.ops.aten.threshold_backward(torch.bmm(d2, w2.transpose(1, 2)), h1, 0)
        torch.bmm(x.t().expand(3, -1, -1), d1, out=g1)
        torch.sum(d1, 1, keepdim=True, out=gb1)
        return td

    def gradient_by_autograd(self, x, u, y):
        td = self.net.q(x, u, self.leaves) - y
        (td * td).mean().backward()
        with torch.no_grad():
            torch.cat([leaf.grad.view(-1) for leaf in self.leaves], out=self.net.gradient)
        for leaf in self.leaves:
            leaf.grad = None
        return td

    @torch.no_grad()
    def adam(self):
        self.step += 1
        g, p = self.net.gradient, self.net.flat
        self.m.mul_(BETA1).add_(g, alpha=1 - BETA1)
        self.v.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
        root = self.v.sqrt().div_(math.sqrt(1 - BETA2 ** self.step)).add_(EPSILON)
        p.addcdiv_(self.m, root, value=-RATE / (1 - BETA1 ** self.step))
        torch._foreach_mul_(self.target, 1 - TAU)
        torch._foreach_add_(self.target, self.online_v, alpha=TAU)

    def update(self):
        x, u, r, x2 = self.minibatch()
        if self.variant == "modules":
            return self.update_modules(x, u, r, x2)
        y = self.bootstrap(r, x2)
        td = self.backward_by_hand(x, u, y) if self.variant == "batched" else self.gradient_by_autograd(x, u, y)
        self.adam()
        return td

    def update_modules(self, x, u, r, x2):
        net = self.net
        with torch.no_grad():
            y = r + GAMMA * self.target_module(x2).squeeze(1)
        v, mu, packed = (m(x) for m in self.modules)
        mu = torch.tanh(mu)
        diagonal = torch.exp(LOG_DIAGONAL_BOUND * torch.tanh(packed[:, net.diagonal] / LOG_DIAGONAL_BOUND))
        packed = packed.index_copy(1, net.diagonal, diagonal)
        lower = packed[:, net.index.view(-1)].view(-1, net.action, net.action) * net.mask
        z = torch.bmm((u - mu).unsqueeze(1), lower).squeeze(1)
        td = v.squeeze(1) - 0.5 * (z * z).sum(1) - y
        self.optimizer.zero_grad()
        (td * td).mean().backward()
        self.optimizer.step()
        with torch.no_grad():
            target, online = list(self.target_module.parameters()), list(self.modules[0].parameters())
            torch._foreach_mul_(target, 1 - TAU)
            torch._foreach_add_(target, online, alpha=TAU)
        return td


def check(a):
    """The hand-written gradient against autograd in double precision; returns the largest relative error."""
    learner = Learner(a, "batched", torch.float64)
    x, u, r, x2 = learner.minibatch()
    y = learner.bootstrap(r, x2)
    learner.backward_by_hand(x, u, y)
    by_hand = learner.net.gradient.clone()
    learner.leaves = [view.detach().clone().requires_grad_(True) for view in learner.net.views]
    learner.gradient_by_autograd(x, u, y)
    error = ((by_hand - learner.net.gradient).abs().max() / learner.net.gradient.abs().max()).item()
    assert error < 1e-10, f"gradient by hand differs from autograd by {error}"
    return error


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--variant", choices=["batched", "autograd", "modules"], default="batched")
    for name, value in (("threads", 1), ("batch", 64), ("state", 20), ("action", 6), ("hidden", 200), ("rounds", 5)):
        p.add_argument(f"--{name}", type=int, default=value)
    p.add_argument("--seconds", type=float, default=5.0)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.set_flush_denormal(True)
    error = check(a)
    learner = Learner(a, a.variant)
    for _ in range(100):
        learner.update()
    rates = []
    for _ in range(a.rounds):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < a.seconds / a.rounds:
            for _ in range(20):
                td = learner.update()
            count += 20
        rates.append(count / (time.perf_counter() - start))
    assert torch.isfinite(td).all(), "the TD error is not finite"
    print(json.dumps(dict(peer="pytorch", version=torch.__version__, variant=a.variant, threads=a.threads, batch=a.batch, state=a.state,
                          action=a.action, hidden=[a.hidden, a.hidden], gradient_error=error,
                          updates_per_second=statistics.median(rates), rounds=rates)))


if __name__ == "__main__":
    main()
