"""An environment in Python for `naf train --env`: docs/environments.md has the protocol. Needs Python 3 alone.

    import gymnasium, naf_env
    naf_env.serve(gymnasium.make("Pendulum-v1"))

`serve` takes anything with Gymnasium's methods and spaces: reset(seed=seed) -> (observation, info), step(action) ->
(observation, reward, terminated, truncated, info), and observation_space and action_space with low and high.
"""
import json
import math
import os
import subprocess
import sys


_answers = None  # the original standard output


class Box:
    """A space where Gymnasium is not installed: a lower and an upper bound of each number; math.inf for none."""

    def __init__(self, low, high):
        self.low, self.high = list(low), list(high)


def serve(env, name=None, max_episode_steps=None, repeatable=True, reward=None):
    """Answers naf until it closes this process's standard input, which it does however it ends.

    max_episode_steps: by default that of the environment's spec.
    repeatable: whether one seed and the same actions give the same numbers again; False for a machine.
    reward: the reward as a function, for imagination and iLQG (docs/environments.md).
    """
    # whatever else is printed goes to standard error, and can't be taken for an answer
    global _answers
    _answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    spec = getattr(env, "spec", None)
    shape = getattr(env.action_space, "shape", None)
    try:
        for line in sys.stdin.buffer:
            request = json.loads(line)
            if "hello" in request:
                answer = {
                    "name": name or (spec.id if spec else type(env).__name__),
                    "observation": _space(env.observation_space), "action": _space(env.action_space),
                    "max_episode_steps": max_episode_steps or spec.max_episode_steps, "repeatable": repeatable,
                }
                if reward is not None:
                    answer["reward"] = reward
            elif "reset" in request:
                observation, _ = env.reset(seed=request["reset"])
                answer = {"observation": _numbers(observation)}
            elif "step" in request:
                observation, reward_of_step, terminated, truncated, _ = env.step(_action(request["step"], shape))
                answer = {
                    "observation": _numbers(observation), "reward": _number(reward_of_step),
                    "terminated": bool(terminated), "truncated": bool(truncated),
                }
            else:
                break
            _send(answer)
    except BrokenPipeError:
        pass  # naf has ended
    finally:
        if hasattr(env, "close"):
            env.close()


class Naf:
    """naf for a program that has the loop, such as a machine's: starts `naf train`, and asks it for actions.

        naf = naf_env.Naf(["./naf", "train", "--out", "runs/arm"], "arm", observation_space, action_space, 200)
        action = naf.begin(observation)
        while action is not None: action = naf.next(observation, reward, terminated, truncated)  # and so on
    """

    def __init__(self, command, name, observation_space, action_space, max_episode_steps):
        self._naf = subprocess.Popen([*command, "--env", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._hello = {
            "name": name, "observation": _space(observation_space), "action": _space(action_space),
            "max_episode_steps": max_episode_steps,
        }
        self._request = None

    def begin(self, observation):
        """Begins an episode. Returns its first action; None: training has ended."""
        if self._request is None:
            self._receive()
        return self._tell({"observation": _numbers(observation)}) if self._request else None

    def next(self, observation, reward, terminated=False, truncated=False):
        """Tells what an action led to. Returns the next one; None: the episode has ended, begin the next."""
        return self._tell({
            "observation": _numbers(observation), "reward": _number(reward), "terminated": bool(terminated),
            "truncated": bool(truncated),
        })

    def close(self):
        """Has naf save the run. Returns its exit code, 0 if that went well."""
        self._naf.stdin.close()
        return self._naf.wait()

    def _tell(self, answer):
        self._send(answer)
        self._receive()
        return self._request.get("step")

    def _receive(self):
        while True:
            line = self._naf.stdout.readline()
            self._request = json.loads(line) if line else {}  # naf has ended
            if "hello" not in self._request:
                return
            self._send(self._hello)

    def _send(self, message):
        self._naf.stdin.write((json.dumps(message) + "\n").encode())
        self._naf.stdin.flush()


def busy(text):
    """Call this in reset or step to wait longer than answer_timeout, such as while a machine returns to its start."""
    _send({"busy": text})


def _send(message):
    _answers.write(json.dumps(message) + "\n")
    _answers.flush()


def _space(space):
    return {"low": _numbers(space.low), "high": _numbers(space.high)}


def _numbers(values):
    """A list of numbers, row by row, of a list or an array."""
    flat = values.reshape(-1).tolist() if hasattr(values, "reshape") else values
    return [_number(value) for value in flat]


def _number(value):
    return float(value) if math.isfinite(value) else None  # JSON has no infinity


def _action(numbers, shape):
    """The action as the environment takes it: an array where its space is one of numpy, otherwise a list."""
    if shape is None:
        return numbers
    import numpy
    return numpy.asarray(numbers, dtype=numpy.float32).reshape(shape)
