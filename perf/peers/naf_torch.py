#!/usr/bin/env python3
"""The NAF update of the paper in PyTorch with CUDA graphs, which TorchSharp lacks, to compare with `naf bench update`.

    python3 naf_torch.py --device cuda --graph [--learners P] [--updates-per-call K] [--adam hand|fused] [--tf32] [--seconds 5] [--batch 64]
                         [--state 20] [--action 6] [--hidden 200] [--check]

One update of P learners: sample a minibatch from the replay, y = r + gamma V'(x'), gradient of the mean squared TD
error, Adam, Polyak average of V'. Flat parameters; the networks of all learners as one batched product; backward pass
by hand. Prints one JSON object; updates_per_second counts the updates of all learners. Before timing, an update on the
device is held against autograd and torch.optim.Adam on the CPU, both in double precision, and the graph's K updates
against the same ones by one. Without --graph the updates are launched one by one, as TorchSharp does; on a CPU only
--check is of use.
"""
import math

import common

GAMMA, RATE, BETA1, BETA2, EPSILON, TAU = 0.99, 1e-3, 0.9, 0.999, 1e-8, 1e-2
LOG_DIAGONAL_BOUND = 5.0
REPLAY = 10_000


def affine(b, x, w):
    """b + x w for each learner; mm is faster than bmm for one on a CPU."""
    return torch.addmm(b[0], x[0], w[0]).unsqueeze(0) if x.shape[0] == 1 else torch.baddbmm(b, x, w)


def product(x, w, out):
    """x w for each learner, into <out>."""
    return torch.bmm(x, w, out=out) if x.shape[0] > 1 else torch.mm(x[0], w[0], out=out[0])


class Networks:
    """V, mu and L of P learners as views into one flat vector: hidden layers [3 P, in, out] (network by network), heads [P, in, out]."""

    def __init__(self, a, dtype, device):
        state, action, hidden, p = a.state, a.action, a.hidden, a.learners
        self.action, self.packed, self.learners = action, action * (action + 1) // 2, p
        self.outputs = (1, action, self.packed)
        self.shapes = [(3 * p, state, hidden), (3 * p, 1, hidden), (3 * p, hidden, hidden), (3 * p, 1, hidden)]
        self.shapes += [s for k in self.outputs for s in ((p, hidden, k), (p, 1, k))]
        generator, parts = torch.Generator().manual_seed(0), []
        for s in self.shapes:
            part = torch.zeros(s, dtype=dtype)
            if s[1] > 1:
                part.copy_((torch.rand(s, generator=generator, dtype=dtype) * 2 - 1) / math.sqrt(s[1]))
            parts.append(part.view(-1))
        self.flat = torch.cat(parts).to(device)
        self.gradient = torch.zeros_like(self.flat)
        self.views, self.gradients = self.split(self.flat), self.split(self.gradient)
        self.rows, self.columns = torch.tril_indices(action, action, device=device)
        # L row by row: the packed entries of the diagonal
        self.diagonal = torch.tensor([i * (i + 1) // 2 + i for i in range(action)], device=device)
        index = torch.zeros(action, action, dtype=torch.long)
        index[self.rows.cpu(), self.columns.cpu()] = torch.arange(self.packed)
        self.index = index.view(-1).to(device)
        self.lower = (self.rows * action + self.columns).to(device)
        self.mask = torch.tril(torch.ones(action, action, dtype=dtype)).to(device)

    def split(self, flat):
        return [part.view(s) for part, s in zip(flat.split([math.prod(s) for s in self.shapes]), self.shapes)]

    def of_v(self, parts):
        """V's share of the parameters, of all learners."""
        return [part[:self.learners] for part in parts[:4]] + list(parts[4:6])

    def shared(self, x):
        """[P, batch, n] for the three networks: [3 P, batch, n]."""
        return x.expand(3, -1, -1) if self.learners == 1 else x.repeat(3, 1, 1)

    def unpack(self, packed):
        """Rows of L's entries as matrices: [P * batch, action, action]."""
        return packed.view(-1, self.packed).index_select(1, self.index).view(-1, self.action, self.action) * self.mask

    def gradient_by_hand(self, x, u, y):
        """TD errors [P, batch]; the gradients go where autograd's would."""
        w1, b1, w2, b2, wv, bv, wm, bm, wl, bl = self.views
        g1, gb1, g2, gb2, gv, gbv, gm, gbm, gl, gbl = self.gradients
        p, batch = self.learners, x.shape[1]
        x3 = self.shared(x)
        h1 = torch.baddbmm(b1, x3, w1).relu_()
        h2 = torch.baddbmm(b2, h1, w2).relu_()
        hv, hm, hl = h2.view(3, p, batch, -1)
        v = affine(bv, hv, wv).squeeze(2)
        mu = affine(bm, hm, wm).tanh_()
        packed = affine(bl, hl, wl)
        bounded = torch.tanh(packed.index_select(2, self.diagonal) / LOG_DIAGONAL_BOUND)
        diagonal = torch.exp(LOG_DIAGONAL_BOUND * bounded)
        packed.index_copy_(2, self.diagonal, diagonal)
        lower = self.unpack(packed)
        d = (u - mu).view(-1, 1, self.action)
        z = torch.bmm(d, lower)
        td = v - 0.5 * (z * z).sum((1, 2)).view(p, batch) - y
        dq = (td * (2.0 / batch)).unsqueeze(2)
        d_mu = torch.bmm(z, lower.transpose(1, 2)).view(p, batch, -1) * dq * (1 - mu * mu)
        d_l = (torch.bmm(d.transpose(1, 2), z) * -dq.view(-1, 1, 1)).view(p, batch, -1).index_select(2, self.lower)
        d_l.index_copy_(2, self.diagonal, d_l.index_select(2, self.diagonal) * diagonal * (1 - bounded * bounded))
        back = [(dq, wv), (d_mu, wm), (d_l, wl)]
        d2 = torch.empty_like(h2)
        for part, (g, w) in zip(d2.view(3, p, batch, -1), back):
            product(g, w.transpose(1, 2), part)
        d2 = torch.ops.aten.threshold_backward(d2, h2, 0)
        d1 = torch.ops.aten.threshold_backward(torch.bmm(d2, w2.transpose(1, 2)), h1, 0)
        for h, t, weights, biases in ((x3, d1, g1, gb1), (h1, d2, g2, gb2)):
            torch.bmm(h.transpose(1, 2), t, out=weights)
            torch.sum(t, 1, keepdim=True, out=biases)
        for h, t, weights, biases in ((hv, dq, gv, gbv), (hm, d_mu, gm, gbm), (hl, d_l, gl, gbl)):
            product(h.transpose(1, 2), t, weights)
            torch.sum(t, 1, keepdim=True, out=biases)
        return td


class Learner:
    """P learners: parameters, moments, targets and replays [P, 10000, x | u | r | x'] on one device."""

    def __init__(self, a, dtype=None, device=None):
        self.a, self.device = a, device or a.device
        dtype = dtype or torch.float32
        self.net = net = Networks(a, dtype, self.device)
        self.target = [part.clone() for part in net.of_v(net.views)]
        self.online_v = net.of_v(net.views)
        self.m, self.v = torch.zeros_like(net.flat), torch.zeros_like(net.flat)
        # beta1^t and beta2^t: on a GPU they are read by kernels
        self.step, self.powers = 0, torch.ones(2, dtype=torch.float64, device=self.device)
        self.betas = torch.tensor([BETA1, BETA2], dtype=torch.float64, device=self.device)
        s, k, p = a.state, a.action, a.learners
        g = torch.Generator(self.device).manual_seed(1)
        self.replay = torch.randn(p * REPLAY, 2 * s + k + 1, generator=g, dtype=dtype, device=self.device)
        self.replay[:, s:s + k].clamp_(-1, 1)
        self.first = torch.arange(p, device=self.device).unsqueeze(1) * REPLAY
        # a CUDA graph draws from the device's own generator
        self.generator = torch.Generator().manual_seed(2) if self.device == "cpu" else None
        if a.adam == "fused":
            parameter = torch.nn.Parameter(net.flat)
            parameter.grad = net.gradient
            self.fused = torch.optim.Adam([parameter], lr=RATE, betas=(BETA1, BETA2), eps=EPSILON, fused=True, capturable=True)
            self.fused.state[parameter] = dict(step=torch.zeros((), device=self.device), exp_avg=self.m, exp_avg_sq=self.v)

    def sample(self):
        rows = torch.randint(REPLAY, (self.a.learners, self.a.batch), generator=self.generator, device=self.device)
        return rows if self.a.learners == 1 else rows.add_(self.first)

    def minibatch(self, rows):
        """x, u, r, x' of the rows: [P, batch, ...]."""
        s, k = self.a.state, self.a.action
        t = self.replay.index_select(0, rows.view(-1)).view(self.a.learners, self.a.batch, -1)
        return t[..., :s], t[..., s:s + k], t[..., s + k], t[..., s + k + 1:]

    def bootstrap(self, r, x2):
        w1, b1, w2, b2, wv, bv = self.target
        h = affine(b1, x2, w1).relu_()
        h = affine(b2, h, w2).relu_()
        return affine(bv, h, wv).squeeze(2).mul_(GAMMA).add_(r)

    def adam(self):
        g, p = self.net.gradient, self.net.flat
        if self.a.adam == "fused":
            self.fused.step()
        else:
            self.m.mul_(BETA1).add_(g, alpha=1 - BETA1)
            self.v.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
            if self.device == "cpu":
                self.step += 1
                root = self.v.sqrt().div_(math.sqrt(1 - BETA2 ** self.step)).add_(EPSILON)
                p.addcdiv_(self.m, root, value=-RATE / (1 - BETA1 ** self.step))
            else:
                first, second = 1 - self.powers.mul_(self.betas)
                p.addcdiv_(self.m, self.v.sqrt().div_(second.sqrt()).add_(EPSILON).mul_(first), value=-RATE)
        torch._foreach_mul_(self.target, 1 - TAU)
        torch._foreach_add_(self.target, self.online_v, alpha=TAU)

    def update(self, rows=None):
        """One update of every learner, from the rows given or sampled; returns the TD errors [P, batch] and the rows."""
        with torch.no_grad():
            rows = self.sample() if rows is None else rows
            x, u, r, x2 = self.minibatch(rows)
            td = self.net.gradient_by_hand(x, u, self.bootstrap(r, x2))
            self.adam()
        return td, rows

    def targets(self):
        return torch.cat([part.reshape(-1) for part in self.target])

    def everything(self):
        """All that an update changes."""
        state = [self.net.flat, self.m, self.v, self.powers, *self.target]
        return state + ([s["step"] for s in self.fused.state.values()] if self.a.adam == "fused" else [])


def check_update(a):
    """Two updates against autograd and Adam on the CPU, in double precision: relative error of what changed."""
    small = common.argparse.Namespace(**{**vars(a), "learners": min(a.learners, 3)})
    learner = Learner(small, torch.float64)
    net, k = learner.net, a.action
    copy = lambda t: t.detach().cpu().clone()
    layers = [copy(part) for part in net.views]
    before, targets_before = copy(net.flat), copy(learner.targets())
    rows = [learner.sample() for _ in range(2)]
    for r in rows:
        learner.update(r)
    new, new_targets = ([torch.zeros_like(part) for part in parts] for parts in (layers, net.of_v(layers)))
    for p in range(small.learners):
        # three networks of three layers, as leaves
        at = [i * small.learners + p for i in range(3)]
        mine = [[layers[0][at[i]], layers[1][at[i], 0], layers[2][at[i]], layers[3][at[i], 0], layers[4 + 2 * i][p], layers[5 + 2 * i][p, 0]]
                for i in range(3)]
        leaves = [part.clone().requires_grad_(True) for network in mine for part in network]
        target = [part.clone() for part in mine[0]]
        optimizer = torch.optim.Adam(leaves, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)
        mlp = lambda n, t: torch.relu(torch.relu(t @ n[0] + n[1]) @ n[2] + n[3]) @ n[4] + n[5]
        for r in rows:
            x, u, reward, x2 = (copy(part[p]) for part in learner.minibatch(r))
            y = reward + GAMMA * mlp(target, x2)[:, 0]
            v, mu, l = mlp(leaves[0:6], x)[:, 0], torch.tanh(mlp(leaves[6:12], x)), mlp(leaves[12:18], x)
            loss = 0
            for i in range(a.batch):
                entries = iter(l[i])
                lower = torch.stack([torch.stack([next(entries) if column <= row else l.new_zeros(()) for column in range(k)]) for row in range(k)])
                log = torch.diagonal(lower)
                lower = torch.tril(lower, -1) + torch.diag(torch.exp(LOG_DIAGONAL_BOUND * torch.tanh(log / LOG_DIAGONAL_BOUND)))
                d = u[i] - mu[i]
                loss = loss + (v[i] - 0.5 * d @ (lower @ lower.T) @ d - y[i]) ** 2 / a.batch
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            target = [(1 - TAU) * old + TAU * leaf.detach() for old, leaf in zip(target, leaves)]
        for i in range(3):
            for part, leaf in zip((new[0][at[i]], new[1][at[i], 0], new[2][at[i]], new[3][at[i], 0], new[4 + 2 * i][p], new[5 + 2 * i][p, 0]),
                                  leaves[6 * i:]):
                part.copy_(leaf.detach())
        for part, value in zip(new_targets, target):
            part[p].copy_(value.view(part[p].shape))
    after, targets = (torch.cat([part.reshape(-1) for part in parts]) for parts in (new, new_targets))
    relative = lambda was, ours, theirs: ((copy(ours) - theirs).norm() / (theirs - was).norm()).item()
    error = common.worst((relative(before, net.flat, after), relative(targets_before, learner.targets(), targets)))
    return common.require(error, 1e-5, "an update on the device differs from a plain one on the CPU")


def check_graph(learner, replay, rows):
    """One replay against the same updates one by one, from the same state; returns the relative error of what they changed."""
    before = [state.clone() for state in learner.everything()]
    replay()
    after = [state.clone() for state in learner.everything()]
    with torch.no_grad():
        for state, was in zip(learner.everything(), before):
            state.copy_(was)
    for r in rows:
        learner.update(r.clone())
    changed = sum((now.double() - was.double()).square().sum() for now, was in zip(learner.everything(), before)).sqrt()
    error = sum((now.double() - then.double()).square().sum() for now, then in zip(learner.everything(), after)).sqrt()
    return common.require((error / changed).item(), 1e-3, "the graph's updates differ from the same ones by one")


def main():
    p = common.parser(__doc__, batch=64, state=20, action=6, hidden=200, learners=1)
    p.add_argument("--device", default="cpu")
    p.add_argument("--graph", action="store_true")
    p.add_argument("--adam", choices=["hand", "fused"], default="hand")
    p.add_argument("--tf32", action="store_true", help="TF32 tensor cores for the products")
    p.add_argument("--updates-per-call", type=common.positive, help="updates of a learner between two looks at the clock, or in a graph")
    a = p.parse_args()
    if a.adam == "fused" and a.device == "cpu":
        p.error("--adam fused is PyTorch's fused kernel on CUDA; leave it out")
    a.updates_per_call = a.updates_per_call or (20 if a.device != "cpu" else max(1, 20 // a.learners))
    global torch
    torch = common.load_torch(a)
    update_error, graph_error = check_update(a), None
    learner, last = Learner(a), {}

    def several():
        done = [learner.update() for _ in range(a.updates_per_call)]
        last.update(td=done[-1][0], rows=[rows for _, rows in done])

    once = several
    if a.graph:
        once = common.capture(torch, several)
        graph_error = check_graph(learner, once, last["rows"])
    result = dict(peer="pytorch", version=torch.__version__, device=a.device, graph=a.graph, adam=a.adam, tf32=a.tf32,
                  learners=a.learners, batch=a.batch, state=a.state, action=a.action, hidden=[a.hidden, a.hidden],
                  updates_per_call=a.updates_per_call, update_error=update_error, graph_error=graph_error)
    a.hardware = common.hardware(a, torch)
    if not a.check:
        rounds = common.measure(a, once, common.waiter(a, torch), a.learners * a.updates_per_call)
        if not bool(torch.isfinite(last["td"]).all()):
            raise SystemExit("the TD error is not finite after the timing; its rate means nothing")
        result.update(updates_per_second=common.median(rounds), rounds=rounds)
    common.report(a, **result)


if __name__ == "__main__":
    main()
