"""An environment in Python for `naf train --env`: docs/environments.md has the protocol. Needs Python 3 alone.

    import gymnasium, naf_env
    naf_env.serve(gymnasium.make("Pendulum-v1"))

An environment of Gymnasium needs no program: `naf train --env "python3 naf_env.py Pendulum-v1"`.

`serve` takes anything with Gymnasium's methods and spaces: reset(seed=seed) -> (observation, info), step(action) ->
(observation, reward, terminated, truncated, info), and observation_space and action_space with low and high.
"""
import json
import math
import os
import select
import subprocess
import sys


_answers = None  # the original standard output


class Box:
    """A space where Gymnasium is not installed: a lower and an upper bound of each number; math.inf for none."""

    def __init__(self, low, high):
        self.low, self.high = list(low), list(high)


class Abort(Exception):
    """Ends training; naf saves the run."""


def serve(env, name=None, max_episode_steps=None, repeatable=True, reward=None, safe_action=None,
          max_action_change=None, answer_timeout=None, request_timeout=None):
    """Answers naf until it closes this process's standard input, which it does however it ends.

    max_episode_steps: by default that of the environment's spec.
    repeatable: whether one seed and the same actions give the same numbers again; False for a machine.
    reward: the reward as a function, for imagination and iLQG (docs/environments.md).
    safe_action: the action that a machine is left at after an episode, however it ends: given to env.stop(action) where
        there is one, otherwise to env.step(action).
    max_action_change: the most that each number of the action may change in a step; math.inf for no limit.
    answer_timeout: seconds within which reset and step answer, instead of naf's setting.
    request_timeout: seconds within which naf's next request comes in an episode; then the machine gets the safe action
        until it comes. Needs a safe_action, and a system with select on pipes (not Windows).
    """
    _take_output()
    spec = getattr(env, "spec", None)
    shape = getattr(env.action_space, "shape", None)
    steps, most = None, max_episode_steps or getattr(spec, "max_episode_steps", None)  # steps: None outside an episode
    if most is None:
        sys.exit("naf_env: the environment has no limit of steps; give serve(..., max_episode_steps=N)")
    name = name or (spec.id if spec else type(env).__name__).replace("/", "-")
    observations = _space(env.observation_space, "observation")
    actions = _limited(env.action_space, safe_action, max_action_change)

    def leave(action):
        getattr(env, "stop", env.step)(_action(action, shape))

    try:
        while True:
            if request_timeout and steps is not None and not select.select([sys.stdin], [], [], request_timeout)[0]:
                leave(safe_action)
            line = sys.stdin.buffer.readline()
            if not line:
                break
            request = json.loads(line)
            if "hello" in request:
                answer = {
                    "name": name, "observation": observations, "action": actions, "max_episode_steps": most,
                    "repeatable": repeatable,
                }
                if reward is not None:
                    answer["reward"] = reward
                if answer_timeout is not None:
                    answer["answer_timeout"] = answer_timeout
            elif "reset" in request:
                steps = 0
                observation, _ = env.reset(seed=request["reset"])
                answer = {"observation": _numbers(observation)}
            elif "step" in request:
                if steps is None:
                    sys.exit("naf_env: a step was asked for outside an episode; ask for a reset first")
                observation, reward_of_step, terminated, truncated, _ = env.step(_action(request["step"], shape))
                answer = {
                    "observation": _numbers(observation), "reward": _number(reward_of_step),
                    "terminated": bool(terminated), "truncated": bool(truncated),
                }
                steps += 1
                if terminated or truncated or steps == most:
                    if safe_action is not None:
                        leave(safe_action)
                    steps = None  # from here on: if that failed, it is tried again at the end
            elif "stop" in request:
                leave(request["stop"])
                steps = None
                continue
            else:
                break
            _send(answer)
    except BrokenPipeError:
        pass  # naf has ended
    except Abort as error:
        _send({"abort": str(error)})
    finally:
        try:
            if steps is not None and safe_action is not None:
                leave(safe_action)
        finally:
            if hasattr(env, "close"):
                env.close()


class Naf:
    """naf for a program that has the loop, such as a machine's: starts `naf train`, and asks it for actions.

        naf = naf_env.Naf(["./naf", "train", "--out", "runs/arm"], "arm", observation_space, action_space, 200)
        action = naf.begin(observation)
        while action is not None: action = naf.next(observation, reward, terminated, truncated)  # and so on

    Leave the machine at its safe action where `ended` is true: naf asks for no further episode.
    """

    def __init__(self, command, name, observation_space, action_space, max_episode_steps, safe_action=None,
                 max_action_change=None, answer_timeout=None):
        self._naf = subprocess.Popen([*command, "--env", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._hello = {
            "name": name, "observation": _space(observation_space, "observation"),
            "action": _limited(action_space, safe_action, max_action_change), "max_episode_steps": max_episode_steps,
        }
        if answer_timeout is not None:
            self._hello["answer_timeout"] = answer_timeout
        self._request = None
        self.ended = False

    def begin(self, observation):
        """Begins an episode. Returns its first action; None: training has ended."""
        if self._request is None:
            self._receive()
        return None if self.ended else self._tell({"observation": _numbers(observation)})

    def next(self, observation, reward, terminated=False, truncated=False):
        """Tells what an action led to. Returns the next one; None: the episode has ended, begin the next."""
        return self._tell({
            "observation": _numbers(observation), "reward": _number(reward), "terminated": bool(terminated),
            "truncated": bool(truncated),
        })

    def pause(self, text):
        """Call this before begin or next, which may then take any time."""
        self._send({"pause": text})

    def abort(self, text):
        """Ends training instead of next or begin; naf saves the run. Returns its exit code."""
        self._send({"abort": text})
        return self.close()

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
            self._request = json.loads(line) if line else {}
            self.ended = not line or "stop" in self._request
            if "hello" not in self._request:
                return
            self._send(self._hello)

    def _send(self, message):
        self._naf.stdin.write((json.dumps(message) + "\n").encode())
        self._naf.stdin.flush()


def busy(text):
    """Call this in reset or step to wait longer than answer_timeout, such as while a machine returns to its start."""
    _send({"busy": text})


def pause(text):
    """Call this in reset or step to wait for as long as it takes, such as for somebody at the machine."""
    _send({"pause": text})


def abort(text):
    """Call this in reset or step to end training, such as at an emergency stop; naf saves the run."""
    raise Abort(text)


def _take_output():
    # whatever else is printed goes to standard error, and can't be taken for an answer
    global _answers
    if _answers is None:
        _answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)


def _send(message):
    _answers.write(json.dumps(message) + "\n")
    _answers.flush()


def _space(space, what):
    if not (hasattr(space, "low") and hasattr(space, "high")):
        sys.exit(f"naf_env: the {what} space is {space}, and naf takes a box of numbers; wrap the environment so that it "
                 "is one, such as by gymnasium.wrappers.FlattenObservation")
    return {"low": _numbers(space.low), "high": _numbers(space.high)}


def _limited(space, safe_action, max_action_change):
    action = _space(space, "action")
    if safe_action is not None:
        action["safe"] = _numbers(safe_action)
    if max_action_change is not None:
        action["max_change"] = _numbers(max_action_change)
    return action


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


def _main():
    if len(sys.argv) != 2:
        sys.exit("naf_env: name an environment of Gymnasium, such as Pendulum-v1, or MODULE:ID for one that MODULE has")
    _take_output()
    try:
        import gymnasium
    except ModuleNotFoundError:
        sys.exit("naf_env: Gymnasium is not installed; python3 -m pip install gymnasium")
    try:
        env = gymnasium.make(sys.argv[1])
    except ModuleNotFoundError as error:
        sys.exit(f"naf_env: {sys.argv[1]}: there is no module {error.name}; install it, or correct the name")
    except gymnasium.error.Error as error:
        sys.exit(f"naf_env: {sys.argv[1]}: {' '.join(str(error).split())}")
    serve(env)


if __name__ == "__main__":
    _main()
