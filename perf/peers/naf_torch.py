#!/usr/bin/env python3
"""The NAF update of the paper in PyTorch, written as fast as PyTorch allows, to compare with `naf bench update`.

    python3 naf_torch.py [--variant batched|autograd|modules|compiled] [--device cpu|cuda] [--learners P] [--graph] [--updates-per-call K]
                         [--adam hand|fused] [--tf32] [--threads 1] [--seconds 5] [--batch 64] [--state 20] [--action 6] [--hidden 200] [--check]

One update of P learners: sample a minibatch from the replay, y = r + gamma V'(x'), gradient of the mean squared TD error, Adam, Polyak
average of V'. Prints one JSON object; updates_per_second counts the updates of all learners. Before timing, the gradient by hand is held
against autograd in double precision, and a whole update on the device against autograd and torch.optim.Adam in double precision on the CPU.

batched   flat parameters; the networks of all learners as one batched product; backward pass by hand (the fastest we know on a CPU)
autograd  the same, with the gradient by autograd
modules   three nn.Sequential and torch.optim.Adam, as most public implementations are written; one learner
compiled  batched without views into a flat vector, through torch.compile (PyTorch 2)
--graph   K updates captured in one CUDA graph; checked against the same updates one by one
"""
import math

import common

GAMMA, RATE, BETA1, BETA2, EPSILON, TAU = 0.99, 1e-3, 0.9, 0.999, 1e-8, 1e-2
LOG_DIAGONAL_BOUND = 5.0
REPLAY = 10_000


def affine(b, x, w):
    """b + x w for each learner; mm is faster than bmm for one on a CPU."""
    return torch.addmm(b[0], x[0], w[0]).unsqueeze(0) if x.shape[0] == 1 else torch.baddbmm(b, x, w)


def product(x, w, out=None):
    """x w for each learner, into <out> where it is given."""
    if x.shape[0] > 1:
        return torch.bmm(x, w) if out is None else torch.bmm(x, w, out=out)
    return torch.mm(x[0], w[0]).unsqueeze(0) if out is None else torch.mm(x[0], w[0], out=out[0])


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

    def q(self, x, u, views):
        """Q(x, u) with autograd's graph: [P, batch]."""
        w1, b1, w2, b2, wv, bv, wm, bm, wl, bl = views
        h = torch.relu(torch.baddbmm(b1, self.shared(x), w1))
        h = torch.relu(torch.baddbmm(b2, h, w2)).view(3, self.learners, x.shape[1], -1)
        v = torch.baddbmm(bv, h[0], wv).squeeze(2)
        mu = torch.tanh(torch.baddbmm(bm, h[1], wm))
        packed = torch.baddbmm(bl, h[2], wl)
        diagonal = torch.exp(LOG_DIAGONAL_BOUND * torch.tanh(packed[..., self.diagonal] / LOG_DIAGONAL_BOUND))
        lower = self.unpack(packed.index_copy(2, self.diagonal, diagonal))
        z = torch.bmm((u - mu).view(-1, 1, self.action), lower).view(v.shape + (-1,))
        return v - 0.5 * (z * z).sum(2)

    def gradient_by_hand(self, x, u, y, views, out):
        """TD errors [P, batch] and the gradients, into <out> where it is given."""
        w1, b1, w2, b2, wv, bv, wm, bm, wl, bl = views
        g1, gb1, g2, gb2, gv, gbv, gm, gbm, gl, gbl = out or [None] * 10
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
        if out:
            d2 = torch.empty_like(h2)
            for part, (g, w) in zip(d2.view(3, p, batch, -1), back):
                product(g, w.transpose(1, 2), part)
        else:
            d2 = torch.cat([product(g, w.transpose(1, 2)) for g, w in back])
        d2 = torch.ops.aten.threshold_backward(d2, h2, 0)
        d1 = torch.ops.aten.threshold_backward(torch.bmm(d2, w2.transpose(1, 2)), h1, 0)
        total = lambda t, g: torch.sum(t, 1, keepdim=True, out=g) if out else t.sum(1, keepdim=True)
        three = lambda h, t, g: torch.bmm(h.transpose(1, 2), t, out=g) if out else torch.bmm(h.transpose(1, 2), t)
        return td, [three(x3, d1, g1), total(d1, gb1), three(h1, d2, g2), total(d2, gb2), product(hv.transpose(1, 2), dq, gv), total(dq, gbv),
                    product(hm.transpose(1, 2), d_mu, gm), total(d_mu, gbm), product(hl.transpose(1, 2), d_l, gl), total(d_l, gbl)]


class Learner:
    """P learners: parameters, moments, targets and replays [P, 10000, x | u | r | x'] on one device."""

    def __init__(self, a, variant, dtype=None, device=None):
        self.a, self.variant, self.device = a, variant, device or a.device
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
        if variant == "autograd":
            self.make_leaves()
        if variant == "compiled":
            self.loose = [view.clone() for view in net.views]
            self.loose_m, self.loose_v = ([torch.zeros_like(view) for view in self.loose] for _ in range(2))
            self.compiled = torch.compile(self.update_loose, dynamic=False) if a.compile else self.update_loose
        if a.adam == "fused" and variant != "modules":
            parameter = torch.nn.Parameter(net.flat)
            parameter.grad = net.gradient
            self.fused = torch.optim.Adam([parameter], lr=RATE, betas=(BETA1, BETA2), eps=EPSILON, fused=True, capturable=True)
            self.fused.state[parameter] = dict(step=torch.zeros((), device=self.device), exp_avg=self.m, exp_avg_sq=self.v)
        if variant == "modules":
            self.make_modules(dtype)

    def make_leaves(self):
        self.leaves = [view.detach().requires_grad_(True) for view in self.net.views]

    def make_modules(self, dtype):
        a, v = self.a, self.net.views
        mlp = lambda k: torch.nn.Sequential(torch.nn.Linear(a.state, a.hidden), torch.nn.ReLU(), torch.nn.Linear(a.hidden, a.hidden),
                                            torch.nn.ReLU(), torch.nn.Linear(a.hidden, k)).to(self.device, dtype)
        self.modules = [mlp(k) for k in self.net.outputs]
        self.target_module = mlp(1)
        with torch.no_grad():
            for i, module in enumerate(self.modules):
                pairs = ((v[0][i], v[1][i, 0]), (v[2][i], v[3][i, 0]), (v[4 + 2 * i][0], v[5 + 2 * i][0, 0]))
                for layer, (w, b) in zip((0, 2, 4), pairs):
                    module[layer].weight.copy_(w.t())
                    module[layer].bias.copy_(b)
        self.target_module.load_state_dict(self.modules[0].state_dict())
        self.optimizer = torch.optim.Adam([p for m in self.modules for p in m.parameters()], lr=RATE, foreach=True)

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

    def gradient_by_autograd(self, x, u, y):
        td = self.net.q(x, u, self.leaves) - y
        gradients = torch.autograd.grad((td * td).mean(1).sum(), self.leaves)
        torch.cat([g.reshape(-1) for g in gradients], out=self.net.gradient)
        return td.detach()

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
        rows = self.sample() if rows is None else rows
        if self.variant == "compiled":
            return self.compiled(rows), rows
        x, u, r, x2 = self.minibatch(rows)
        if self.variant == "modules":
            return self.update_modules(x[0], u[0], r[0], x2[0]), rows
        with torch.no_grad():
            y = self.bootstrap(r, x2)
            if self.variant == "batched":
                td, _ = self.net.gradient_by_hand(x, u, y, self.net.views, self.net.gradients)
        if self.variant == "autograd":
            td = self.gradient_by_autograd(x, u, y)
        with torch.no_grad():
            self.adam()
        return td, rows

    def update_loose(self, rows):
        """The update as one function of tensors that share no memory, for torch.compile."""
        with torch.no_grad():
            x, u, r, x2 = self.minibatch(rows)
            td, gradients = self.net.gradient_by_hand(x, u, self.bootstrap(r, x2), self.loose, None)
            self.powers.mul_(self.betas)
            first, second = (1 - self.powers).to(x.dtype)
            for p, g, m, v in zip(self.loose, gradients, self.loose_m, self.loose_v):
                m.copy_(BETA1 * m + (1 - BETA1) * g)
                v.copy_(BETA2 * v + (1 - BETA2) * g * g)
                p.copy_(p - RATE * (m / first) / ((v / second).sqrt() + EPSILON))
            for t, p in zip(self.target, self.net.of_v(self.loose)):
                t.copy_((1 - TAU) * t + TAU * p)
        return td

    def update_modules(self, x, u, r, x2):
        net = self.net
        with torch.no_grad():
            y = r + GAMMA * self.target_module(x2).squeeze(1)
        v, mu, packed = (m(x) for m in self.modules)
        mu = torch.tanh(mu)
        diagonal = torch.exp(LOG_DIAGONAL_BOUND * torch.tanh(packed[:, net.diagonal] / LOG_DIAGONAL_BOUND))
        lower = net.unpack(packed.index_copy(1, net.diagonal, diagonal))
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

    def parameters(self):
        """All parameters as the flat vector has them."""
        if self.variant == "compiled":
            return torch.cat([p.view(-1) for p in self.loose])
        if self.variant != "modules":
            return self.net.flat.detach().clone()
        state = [[layer for layer in module if hasattr(layer, "weight")] for module in self.modules]
        stacked = [torch.stack([f(m[i]) for m in state]) for i in (0, 1) for f in (lambda l: l.weight.t(), lambda l: l.bias[None])]
        heads = [part for m in state for part in (m[2].weight.t(), m[2].bias)]
        return torch.cat([part.detach().reshape(-1) for part in stacked + heads])

    def targets(self):
        target = self.target if self.variant != "modules" else [
            part for layer in self.target_module if hasattr(layer, "weight") for part in (layer.weight.t(), layer.bias)]
        return torch.cat([part.detach().reshape(-1) for part in target])

    def everything(self):
        """All that an update changes."""
        state = [self.net.flat, self.m, self.v, self.powers, *self.target]
        if self.variant == "compiled":
            state += self.loose + self.loose_m + self.loose_v
        return state + ([s["step"] for s in self.fused.state.values()] if self.a.adam == "fused" else [])


def check_gradient(a):
    """The hand-written gradient against autograd in double precision; returns the largest relative error."""
    small = common.argparse.Namespace(**{**vars(a), "learners": min(a.learners, 3), "adam": "hand"})
    learner = Learner(small, "batched", torch.float64, "cpu")
    net = learner.net
    x, u, r, x2 = learner.minibatch(learner.sample())
    with torch.no_grad():
        y = learner.bootstrap(r, x2)
        net.gradient_by_hand(x, u, y, net.views, net.gradients)
    by_hand = net.gradient.clone()
    learner.make_leaves()
    learner.gradient_by_autograd(x, u, y)
    error = ((by_hand - net.gradient).abs().max() / net.gradient.abs().max()).item()
    return common.require(error, 1e-10, "the gradient by hand differs from autograd's")


def check_update(a):
    """Two updates on the device against plain ones in double precision on the CPU: relative error of what changed."""
    small = common.argparse.Namespace(**{**vars(a), "learners": min(a.learners, 3)})
    learner = Learner(small, a.variant)
    net, k = learner.net, a.action
    double = lambda t: t.detach().cpu().double()
    layers = [double(part) for part in net.views]
    before, targets_before = double(learner.parameters()), double(learner.targets())
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
            x, u, reward, x2 = (double(part[p]) for part in learner.minibatch(r))
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
    # a step is about RATE long whatever the gradient; entries of a gradient near zero may step anywhere, so errors are averaged
    relative = lambda was, ours, theirs: ((double(ours) - theirs).norm() / (theirs - was).norm()).item()
    error = common.worst((relative(before, learner.parameters(), after), relative(targets_before, learner.targets(), targets)))
    return common.require(error, 5e-2 if a.tf32 else 2e-3, "an update on the device differs from one in double precision on the CPU")


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
    p.add_argument("--variant", choices=["batched", "autograd", "modules", "compiled"], default="batched")
    p.add_argument("--device", default="cpu")
    p.add_argument("--graph", action="store_true")
    p.add_argument("--adam", choices=["hand", "fused"], default="hand")
    p.add_argument("--tf32", action="store_true", help="TF32 tensor cores for the products")
    p.add_argument("--updates-per-call", type=common.positive, help="updates of a learner between two looks at the clock, or in a graph")
    a = p.parse_args()
    if a.variant == "modules" and (a.learners > 1 or a.graph):
        p.error("--variant modules trains one learner, without a graph; use --variant batched")
    if a.adam == "fused" and (a.device == "cpu" or a.variant in ("modules", "compiled")):
        p.error("--adam fused is PyTorch's fused kernel on CUDA, for --variant batched or autograd; leave it out")
    a.compile = a.variant == "compiled"
    a.updates_per_call = a.updates_per_call or (20 if a.device != "cpu" else max(1, 20 // a.learners))
    global torch
    torch = common.load_torch(a)
    gradient_error, update_error, graph_error = check_gradient(a), check_update(a), None
    learner, last = Learner(a, a.variant), {}

    def several():
        done = [learner.update() for _ in range(a.updates_per_call)]
        last.update(td=done[-1][0], rows=[rows for _, rows in done])

    once = several
    if a.graph:
        once = common.capture(torch, several)
        graph_error = check_graph(learner, once, last["rows"])
    result = dict(peer="pytorch", version=torch.__version__, variant=a.variant, device=a.device, graph=a.graph, adam=a.adam, tf32=a.tf32,
                  learners=a.learners, batch=a.batch, state=a.state, action=a.action, hidden=[a.hidden, a.hidden],
                  updates_per_call=a.updates_per_call, gradient_error=gradient_error, update_error=update_error, graph_error=graph_error)
    a.hardware = common.hardware(a, torch)
    if not a.check:
        rounds = common.measure(a, once, common.waiter(a, torch), a.learners * a.updates_per_call)
        if not bool(torch.isfinite(last["td"]).all()):
            raise SystemExit("the TD error is not finite after the timing; its rate means nothing")
        result.update(updates_per_second=common.median(rounds), rounds=rounds)
    common.report(a, **result)


if __name__ == "__main__":
    main()
