#!/usr/bin/env python3
"""The normalized advantage function of many samples in PyTorch, to compare with `naf bench advantage`.

    python3 advantage_torch.py [--device cpu|cuda] [--graph | --compile] [--calls 20] [--batch 65536] [--action 6] [--block 16384] [--threads 1]
                               [--seconds 3] [--check]

From the networks' outputs v [B], m [B, A], l [B, A (A + 1) / 2] and actions u [B, A], in float32: mu = tanh(m); L lower triangular, row by row,
its diagonal exp(5 tanh(l / 5)); A = -|L'(u - mu)|^2 / 2; Q = V + A. Outputs mu, L (packed), A, Q. On a CPU samples are taken in blocks that stay
in its cache. Prints one JSON object. Before timing, some samples are held against plain loops in double precision.

--graph    all calls between two looks at the clock captured in one CUDA graph          --compile  through torch.compile (PyTorch 2)
"""
import common
from advantage_numpy import LOG_DIAGONAL_BOUND, check


class Evaluation:
    def __init__(self, a):
        self.a, packed = a, a.action * (a.action + 1) // 2
        g = torch.Generator().manual_seed(0)
        normal = lambda *size: torch.randn(size, generator=g).to(a.device)
        self.inputs = normal(a.batch), normal(a.batch, a.action), normal(a.batch, packed), normal(a.batch, a.action).clamp_(-1, 1)
        self.diagonal = torch.tensor([i * (i + 1) // 2 + i for i in range(a.action)], device=a.device)
        rows, columns = torch.tril_indices(a.action, a.action)
        index = torch.zeros(a.action, a.action, dtype=torch.long)
        index[rows, columns] = torch.arange(packed)
        self.index = index.view(-1).to(a.device)
        self.mask = torch.tril(torch.ones(a.action, a.action)).view(-1).to(a.device)
        self.one = torch.compile(self.evaluate, dynamic=False) if a.compile else self.evaluate

    def evaluate(self, v, m, l, u):
        """mu [B, A], L packed, A [B], Q [B]."""
        k = self.a.action
        mu = torch.tanh(m)
        diagonal = torch.exp(LOG_DIAGONAL_BOUND * torch.tanh(l.index_select(1, self.diagonal) / LOG_DIAGONAL_BOUND))
        factor = l.index_copy(1, self.diagonal, diagonal)
        d = u - mu
        if self.a.device == "cpu":
            # row i of L adds its entries times d_i to z_0 .. z_i
            z = torch.zeros_like(d)
            for i in range(k):
                first = i * (i + 1) // 2
                z[:, :i + 1].addcmul_(factor[:, first:first + i + 1], d[:, i:i + 1])
        else:
            square = factor.index_select(1, self.index) * self.mask
            z = torch.bmm(d.unsqueeze(1), square.view(-1, k, k)).squeeze(1)
        advantage = (z * z).sum(1) * -0.5
        return mu, factor, advantage, v + advantage

    def run(self):
        if self.a.device != "cpu":
            for _ in range(self.a.calls):
                self.outputs = self.one(*self.inputs)
            return
        blocks = [self.one(*(part[at:at + self.a.block] for part in self.inputs)) for at in range(0, self.a.batch, self.a.block)]
        self.outputs = [torch.cat(parts) for parts in zip(*blocks)]


def main():
    p = common.parser(__doc__, seconds=3.0, batch=65536, action=6, block=16384, calls=20)
    p.add_argument("--device", default="cpu")
    p.add_argument("--graph", action="store_true")
    p.add_argument("--compile", action="store_true")
    a = p.parse_args()
    global torch
    torch = common.load_torch(a)
    with torch.no_grad():
        e = Evaluation(a)
        once = common.capture(torch, e.run) if a.graph else e.run
        once()
        some = torch.linspace(0, a.batch - 1, 999).long().unique().to(a.device)
        listed = lambda parts: [part.index_select(0, some).tolist() for part in parts]
        error = check(listed(e.inputs), listed(e.outputs), 1e-5, "PyTorch differs from plain loops")
        result = dict(peer="pytorch", version=torch.__version__, device=a.device, graph=a.graph, compile=a.compile, batch=a.batch,
                      action=a.action, block=a.block if a.device == "cpu" else None, error=error)
        a.hardware = common.hardware(a, torch)
        if not a.check:
            rounds = common.measure(a, once, common.waiter(a, torch), a.batch * (1 if a.device == "cpu" else a.calls))
            if not bool(torch.isfinite(e.outputs[3]).all()):
                raise SystemExit("Q is not finite; its rate means nothing")
            result.update(evaluations_per_second=common.median(rounds), rounds=rounds)
        common.report(a, **result)


if __name__ == "__main__":
    main()
