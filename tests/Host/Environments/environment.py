"""An environment for tests: a point pushed along a line. FAIL_AT: ends at that step; FAIL_RESET: at that reset;
ABORT_AT: aborts at that step; FAIL_STOP: ends at the first safe action; UNREPEATABLE: no episode repeats; SAFE: a file that its steps and safe actions go to;
REQUEST_TIMEOUT: seconds until naf's next request."""
import os
import random
import sys

sys.path.insert(0, sys.argv[1])
import naf_env

if len(sys.argv) > 2:
    with open(sys.argv[2], "a") as pids:
        pids.write(f"{os.getpid()}\n")
fail_at, fail_reset, abort_at = (int(os.environ.get(name, "0")) for name in ("FAIL_AT", "FAIL_RESET", "ABORT_AT"))
repeatable, safe = "UNREPEATABLE" not in os.environ, os.environ.get("SAFE")


class Point:
    observation_space = naf_env.Box([-10, -10], [10, 10])
    action_space = naf_env.Box([-1], [1])
    steps = resets = 0

    def reset(self, seed):
        self.resets += 1
        if self.resets == fail_reset:
            sys.exit(7)
        if self.steps == 0:
            print("this is not an answer")
        self.x, self.v = random.Random(seed if repeatable else None).uniform(-1, 1), 0.0
        return [self.x, self.v], {}

    def step(self, action):
        self.steps += 1
        if self.steps == fail_at:
            sys.exit(7)
        if self.steps == abort_at:
            naf_env.abort("the arm hit its stop")
        reward = -self.x ** 2
        if safe:
            with open(safe, "a") as file:
                file.write("moves\n")
        self.v += 0.1 * action[0]
        self.x += 0.1 * self.v
        return [self.x, self.v], reward, False, False, {}

    def stop(self, action):
        with open(safe, "a") as file:
            file.write(f"{action[0]}\n")
        if os.environ.pop("FAIL_STOP", None):
            sys.exit(7)


naf_env.serve(Point(), name="point", max_episode_steps=20, repeatable=repeatable,
              safe_action=[0.25] if safe else None, request_timeout=float(os.environ.get("REQUEST_TIMEOUT", 0)), reward={
    "terms": [{"kind": "quadratic", "weight": -1, "index": [0], "centre": [0], "scale": [1]}]})
