#!/usr/bin/env python3
"""Imagination rollouts in JAX, to compare with `naf bench rollout`: vmap over rollouts and learners, scan over steps.

    python3 rollout_jax.py [--device gpu|cpu] [--learners P] [--rollouts 4096] [--steps 10] [--state 20] [--action 6] [--hidden 200]
                           [--horizon 150] [--tf32] [--threads 1] [--seconds 5] [--check]

The same step as in rollout_torch.py: u = clip(tanh(network(x)) + sigma eps, -1, 1), s' = F_t [s; u] + f_t + chol(N_t) eps', each rollout at a
time step of its own whose model it gathers; x = s; a reward of three terms; the rows [x | u | r | b | x'] are the result. --rollouts are those
of one learner. Prints one JSON object. Before timing, some rollouts are held against plain loops in numpy and double precision.
"""
import functools
import math

import common

SIGMA, ALPHA = 0.2, 0.1


def create(key, a):
    """One learner's network, its model M [T, s + u + 1 + s, s] with s' = [s; u; 1; eps] M_t, and its rollouts' starts and time steps."""
    keys = iter(jax.random.split(key, 12))
    s, k, h, inputs = a.state, a.action, a.hidden, a.state + a.action
    uniform = lambda i, *size: jax.random.uniform(next(keys), size, minval=-1 / math.sqrt(i), maxval=1 / math.sqrt(i))
    normal = lambda *size: jax.random.normal(next(keys), size)
    network = (uniform(s, s, h), uniform(s, h), uniform(h, h, h), uniform(h, h), uniform(h, h, k), uniform(h, k))
    dynamics = normal(a.horizon, inputs, s) * (0.2 / math.sqrt(inputs)) + 0.6 * jnp.eye(inputs, s)
    noise = jnp.triu(normal(a.horizon, s, s) * 0.02, 1) + 0.1 * jnp.eye(s)
    model = jnp.concatenate([dynamics, 0.1 * normal(a.horizon, 1, s), noise], axis=1)
    return network, model, 0.5 * normal(a.rollouts, s), jax.random.randint(next(keys), (a.rollouts,), 0, a.horizon - a.steps + 1)


def reward(x, u):
    """A distance, a sharper one, a price of the action."""
    r = -(jnp.sqrt(jnp.sum(x[:2] ** 2) + ALPHA ** 2) - ALPHA)
    return r - 0.1 * jnp.log1p(jnp.sum(x[:3] ** 2) / ALPHA ** 2) - 0.01 * jnp.sum(u * u)


def step(x, t, eps, network, model):
    """One step of one rollout: x' and the row; eps = noise of the action and of the dynamics."""
    w1, b1, w2, b2, w3, b3 = network
    k = b3.shape[0]
    h = jax.nn.relu(jax.nn.relu(x @ w1 + b1) @ w2 + b2)
    u = jnp.clip(jnp.tanh(h @ w3 + b3) + SIGMA * eps[:k], -1, 1)
    following = jnp.concatenate([x, u, jnp.ones(1), eps[k:]]) @ model[t]
    return following, jnp.concatenate([x, u, reward(x, u)[None], jnp.ones(1), following])


def rollouts(network, model, start, time, eps, steps):
    """All rollouts of one learner. eps: the noise [steps, rollouts, u + s], or a key to draw it from; returns rows [steps, rollouts, row]."""
    each = jax.vmap(functools.partial(step, network=network, model=model))

    def one(carry, given):
        x, t, key = carry
        if given is None:
            key, now = jax.random.split(key)
            given = jax.random.normal(now, (x.shape[0], network[5].shape[0] + x.shape[1]))
        following, rows = each(x, t, given)
        return (following, t + 1, key), rows

    drawn = eps.ndim < 2
    return jax.lax.scan(one, (start, time, eps if drawn else 0), None if drawn else eps, length=steps)[1]


def check(a, np, learner, eps):
    """Some rollouts of one learner, with noise that is given, against loops in double precision; returns the largest error over 1 + |x|."""
    network, model, start, time = learner
    ours = np.asarray(jax.jit(functools.partial(rollouts, steps=a.steps))(network, model, start, time, jnp.asarray(eps)), np.float64)
    w1, b1, w2, b2, w3, b3 = (np.asarray(part, np.float64) for part in network)
    matrices, errors, k = np.asarray(model, np.float64), [], a.action
    for n in {0, a.rollouts // 2, a.rollouts - 1}:
        x = np.asarray(start[n], np.float64)
        for i in range(a.steps):
            h = np.maximum(np.maximum(x @ w1 + b1, 0) @ w2 + b2, 0)
            u = np.clip(np.tanh(h @ w3 + b3) + SIGMA * eps[i, n, :k], -1, 1)
            matrix = matrices[int(time[n]) + i]
            following = x @ matrix[:a.state] + u @ matrix[a.state:a.state + k] + matrix[a.state + k] + eps[i, n, k:] @ matrix[a.state + k + 1:]
            distance = math.sqrt(float((x[:2] ** 2).sum()) + ALPHA ** 2) - ALPHA
            r = -distance - 0.1 * math.log1p(float((x[:3] ** 2).sum()) / ALPHA ** 2) - 0.01 * float((u ** 2).sum())
            row = np.concatenate([x, u, [r, 1.0], following])
            errors.append((abs(ours[i, n] - row) / (1 + abs(row))).max())
            x = following
    return common.require(common.worst(errors), 5e-2 if a.tf32 else 1e-4, "the rollouts in JAX differ from plain loops in double precision")


def main():
    p = common.parser(__doc__, rollouts=4096, steps=10, state=20, action=6, hidden=200, horizon=150, learners=1)
    p.add_argument("--device", choices=["cpu", "gpu", "cuda"], default="gpu")
    p.add_argument("--tf32", action="store_true", help="XLA's default precision on GPUs")
    a = p.parse_args()
    if a.steps > a.horizon:
        p.error(f"--steps {a.steps} is more than --horizon {a.horizon}; lower it")
    common.limit_threads(a.threads)
    common.one_thread_of(a)
    global jax, jnp
    jax = common.load_jax(a)
    jnp, np = common.load("jax.numpy", "install JAX"), common.load("numpy", "install numpy")
    learners = jax.jit(jax.vmap(functools.partial(create, a=a)))(jax.random.split(jax.random.PRNGKey(0), a.learners))
    eps = np.random.default_rng(1).standard_normal((a.steps, a.rollouts, a.action + a.state)).astype(np.float32)
    error = check(a, np, jax.tree_util.tree_map(lambda part: part[-1], learners), eps)
    run = jax.jit(jax.vmap(functools.partial(rollouts, steps=a.steps)))
    held = dict(key=jax.random.PRNGKey(2))

    def once():
        held["key"], now = jax.random.split(held["key"])
        held["rows"] = run(*learners, jax.random.split(now, a.learners))

    result = dict(peer="jax", version=jax.__version__, device=a.device, tf32=a.tf32, learners=a.learners, rollouts=a.rollouts, steps=a.steps,
                  state=a.state, action=a.action, hidden=[a.hidden, a.hidden], horizon=a.horizon, error=error)
    if not a.check:
        once()
        rounds = common.measure(a, once, lambda: held["rows"].block_until_ready(), a.learners * a.rollouts * a.steps)
        if not np.isfinite(np.asarray(held["rows"])).all():
            raise SystemExit("the rows are not finite after the timing; their rate means nothing")
        result.update(imagined_steps_per_second=common.median(rounds), rounds=rounds)
    common.report(a, **result)


if __name__ == "__main__":
    main()
