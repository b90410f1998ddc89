#!/usr/bin/env python3
"""The NAF update of the paper in JAX, to compare with `naf bench update`: jit, vmap over learners, scan over updates.

    python3 naf_jax.py [--device gpu|cpu] [--learners P] [--updates-per-call K] [--tf32] [--threads 1] [--seconds 5] [--batch 64]
                       [--state 20] [--action 6] [--hidden 200] [--check]

One update of a learner: sample a minibatch from its replay, y = r + gamma V'(x'), gradient of the mean squared TD error, Adam, Polyak average
of V'. K updates of all learners are one compiled call. Prints one JSON object; updates_per_second counts the updates of all learners.
Before timing, two updates are held against plain formulas with the gradient by hand, in numpy and double precision.
"""
import functools
import math

import common

GAMMA, RATE, BETA1, BETA2, EPSILON, TAU = 0.99, 1e-3, 0.9, 0.999, 1e-8, 1e-2
LOG_DIAGONAL_BOUND = 5.0
REPLAY = 10_000


def network(p, x):
    """ReLU, ReLU, linear; p = (w1, b1, w2, b2, w3, b3)."""
    h = jax.nn.relu(x @ p[0] + p[1])
    h = jax.nn.relu(h @ p[2] + p[3])
    return h @ p[4] + p[5]


def q(parameters, x, u, index, lower, diagonal):
    """Q(x, u) = V - |L'(u - mu)|^2 / 2: [batch]. The hidden layers of V, mu and L are stacked: one product for the three."""
    w1, b1, w2, b2, heads = parameters
    h = jax.nn.relu(jnp.matmul(x, w1) + b1)
    h = jax.nn.relu(jnp.matmul(h, w2) + b2)
    v, m, l = (h[i] @ w + b for i, (w, b) in enumerate(heads))
    # L row by row; the logarithm of its diagonal is bounded
    matrix = l[:, index]
    matrix = matrix * lower + jnp.exp(LOG_DIAGONAL_BOUND * jnp.tanh(matrix / LOG_DIAGONAL_BOUND) * diagonal) * diagonal
    z = jnp.sum((u - jnp.tanh(m))[:, :, None] * matrix, axis=1)
    return v[:, 0] - 0.5 * jnp.sum(z * z, axis=1)


def of(parameters, i):
    """Network i of the stack: V, mu, L."""
    w1, b1, w2, b2, heads = parameters
    return (w1[i], b1[i, 0], w2[i], b2[i, 0], *heads[i])


def update(learner, replay, rows, sizes):
    """One update of one learner from the rows given. learner = (parameters, target, m, v, step)."""
    parameters, target, m, v, step = learner
    state, action, index, lower, diagonal = sizes
    t = replay[rows]
    x, u, r, x2 = t[:, :state], t[:, state:state + action], t[:, state + action], t[:, state + action + 1:]
    y = r + GAMMA * network(target, x2)[:, 0]

    def loss(p):
        td = q(p, x, u, index, lower, diagonal) - y
        return jnp.mean(td * td)

    value, gradient = jax.value_and_grad(loss)(parameters)
    # Adam, then theta' = tau theta + (1 - tau) theta'
    step = step + 1
    first, second = 1 - BETA1 ** step, 1 - BETA2 ** step
    tree = jax.tree_util.tree_map
    m = tree(lambda a, g: BETA1 * a + (1 - BETA1) * g, m, gradient)
    v = tree(lambda a, g: BETA2 * a + (1 - BETA2) * g * g, v, gradient)
    parameters = tree(lambda p, a, b: p - RATE * (a / first) / (jnp.sqrt(b / second) + EPSILON), parameters, m, v)
    target = tree(lambda old, new: (1 - TAU) * old + TAU * new, target, of(parameters, 0))
    return (parameters, target, m, v, step), value


def create(key, a):
    """One learner and its replay [10000, x | u | r | x']."""
    keys = iter(jax.random.split(key, 6))
    s, h = a.state, a.hidden
    uniform = lambda *shape: jax.random.uniform(next(keys), shape, minval=-1 / math.sqrt(shape[-2]), maxval=1 / math.sqrt(shape[-2]))
    heads = tuple((uniform(h, k), jnp.zeros(k)) for k in (1, a.action, a.action * (a.action + 1) // 2))
    parameters = (uniform(3, s, h), jnp.zeros((3, 1, h)), uniform(3, h, h), jnp.zeros((3, 1, h)), heads)
    zeros = jax.tree_util.tree_map(jnp.zeros_like, parameters)
    replay = jax.random.normal(next(keys), (REPLAY, 2 * a.state + a.action + 1))
    actions = (jnp.arange(replay.shape[1]) >= a.state) & (jnp.arange(replay.shape[1]) < a.state + a.action)
    return (parameters, of(parameters, 0), zeros, zeros, jnp.zeros(())), jnp.where(actions, jnp.clip(replay, -1, 1), replay)


def sizes_of(a, np):
    """Where entry (i, j) of L stands in its packed row, and masks of the parts below and on the diagonal."""
    i, j = np.meshgrid(np.arange(a.action), np.arange(a.action), indexing="ij")
    index = np.where(j <= i, i * (i + 1) // 2 + j, 0)
    return a.state, a.action, index, np.tril(np.ones(index.shape, np.float32), -1), np.eye(a.action, dtype=np.float32)


def several(learner, replay, key, sizes, updates, batch):
    """K updates of one learner, each from a minibatch of its own; returns the learner, the next key and the last loss."""
    def one(carry, _):
        learner, key = carry
        key, now = jax.random.split(key)
        learner, value = update(learner, replay, jax.random.randint(now, (batch,), 0, REPLAY), sizes)
        return (learner, key), value

    (learner, key), losses = jax.lax.scan(one, (learner, key), None, length=updates)
    return learner, key, losses[-1]


def by_hand(np, parameters, target, m, v, step, t, sizes):
    """The same update in double precision, sample by sample in L, with the gradient by hand."""
    state, action = sizes[:2]
    x, u, r, x2 = t[:, :state], t[:, state:state + action], t[:, state + action], t[:, state + action + 1:]

    def forward(p, x):
        h1 = np.maximum(x @ p[0] + p[1], 0)
        h2 = np.maximum(h1 @ p[2] + p[3], 0)
        return h1, h2, h2 @ p[4] + p[5]

    y = r + GAMMA * forward(target, x2)[2][:, 0]
    layers = [forward(p, x) for p in parameters]
    out = [layer[2] for layer in layers]
    d_out = [np.zeros_like(o) for o in out]
    for n in range(len(x)):
        matrix, slope, at = np.zeros((action, action)), np.zeros(out[2].shape[1]), 0
        for i in range(action):
            for j in range(i + 1):
                bounded = np.tanh(out[2][n, at] / LOG_DIAGONAL_BOUND)
                matrix[i, j] = np.exp(LOG_DIAGONAL_BOUND * bounded) if i == j else out[2][n, at]
                slope[at] = matrix[i, j] * (1 - bounded ** 2) if i == j else 1
                at += 1
        mu = np.tanh(out[1][n])
        d = u[n] - mu
        z = matrix.T @ d
        dq = 2 * (out[0][n, 0] - 0.5 * z @ z - y[n]) / len(x)
        d_out[0][n, 0] = dq
        d_out[1][n] = dq * (matrix @ z) * (1 - mu ** 2)
        d_out[2][n] = -dq * np.array([d[i] * z[j] for i in range(action) for j in range(i + 1)]) * slope
    new_p, new_m, new_v = [], [], []
    for p, (h1, h2, _), g3, ms, vs in zip(parameters, layers, d_out, m, v):
        g2 = g3 @ p[4].T * (h2 > 0)
        g1 = g2 @ p[2].T * (h1 > 0)
        gradient = (x.T @ g1, g1.sum(0), h1.T @ g2, g2.sum(0), h2.T @ g3, g3.sum(0))
        new_m.append([BETA1 * a + (1 - BETA1) * g for a, g in zip(ms, gradient)])
        new_v.append([BETA2 * a + (1 - BETA2) * g ** 2 for a, g in zip(vs, gradient)])
        new_p.append([w - RATE * (a / (1 - BETA1 ** (step + 1))) / (np.sqrt(b / (1 - BETA2 ** (step + 1))) + EPSILON)
                      for w, a, b in zip(p, new_m[-1], new_v[-1])])
    target = [(1 - TAU) * old + TAU * new for old, new in zip(target, new_p[0])]
    return new_p, target, new_m, new_v, step + 1


def check(a, np, learners, replays, sizes):
    """Two updates of the first and the last learner against those by hand: relative error of what changed."""
    leaves = jax.tree_util.tree_leaves
    rows = np.random.default_rng(3).integers(0, REPLAY, (2, a.learners, a.batch))
    ours = learners
    step = jax.jit(jax.vmap(functools.partial(update, sizes=sizes)))
    for r in rows:
        ours, _ = step(ours, replays, jnp.asarray(r))
    errors = []
    networks = lambda parameters: [of(parameters, i) for i in range(3)]
    for p in {0, a.learners - 1}:
        pick = lambda tree: jax.tree_util.tree_map(lambda part: np.asarray(part[p], np.float64), tree)
        apart = lambda learner: (networks(learner[0]), learner[1], networks(learner[2]), networks(learner[3]), learner[4])
        was, now, replay = apart(pick(learners)), apart(pick(ours)), np.asarray(replays[p], np.float64)
        expected = was
        for r in rows:
            expected = by_hand(np, *expected, replay[r[p]], sizes)
        # parameters and target apart: a step of the target is a hundred times shorter
        for part in (0, 1):
            flat = [np.concatenate([np.ravel(leaf) for leaf in leaves(tree[part])]) for tree in (was, now, expected)]
            errors.append(np.linalg.norm(flat[1] - flat[2]) / np.linalg.norm(flat[2] - flat[0]))
    return common.require(common.worst(errors), 5e-2 if a.tf32 else 2e-3, "an update in JAX differs from one by hand in double precision")


def main():
    p = common.parser(__doc__, batch=64, state=20, action=6, hidden=200, learners=1, updates_per_call=20)
    p.add_argument("--device", choices=["cpu", "gpu", "cuda"], default="gpu")
    p.add_argument("--tf32", action="store_true", help="XLA's default precision on GPUs")
    a = p.parse_args()
    common.limit_threads(a.threads)
    common.one_thread_of(a)
    global jax, jnp
    jax = common.load_jax(a)
    jnp, np = common.load("jax.numpy", "install JAX"), common.load("numpy", "install numpy")
    sizes = sizes_of(a, np)
    key = jax.random.PRNGKey(0)
    learners, replays = jax.jit(jax.vmap(functools.partial(create, a=a)))(jax.random.split(key, a.learners))
    error = check(a, np, learners, replays, sizes)
    # parameters, moments and target are given up to the call and taken back from it
    run = jax.jit(jax.vmap(functools.partial(several, sizes=sizes, updates=a.updates_per_call, batch=a.batch)), donate_argnums=(0, 2))
    # buffers of their own: none may be given up twice
    held = dict(learners=jax.tree_util.tree_map(jnp.copy, learners), keys=jax.random.split(jax.random.PRNGKey(1), a.learners))

    def once():
        held["learners"], held["keys"], held["loss"] = run(held["learners"], replays, held["keys"])

    result = dict(peer="jax", version=jax.__version__, device=a.device, tf32=a.tf32, learners=a.learners, batch=a.batch, state=a.state,
                  action=a.action, hidden=[a.hidden, a.hidden], updates_per_call=a.updates_per_call, update_error=error)
    if not a.check:
        once()
        rounds = common.measure(a, once, lambda: held["loss"].block_until_ready(), a.learners * a.updates_per_call)
        if not np.isfinite(np.asarray(held["loss"])).all():
            raise SystemExit("the loss is not finite after the timing; its rate means nothing")
        result.update(updates_per_second=common.median(rounds), rounds=rounds)
    common.report(a, **result)


if __name__ == "__main__":
    main()
