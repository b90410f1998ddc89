"""A pendulum to swing up and hold, with torque too weak to lift it at once: the equations of Gymnasium's Pendulum-v1.

    naf train --env "python3 docs/examples/environments/pendulum.py" --episodes 60 --set reward_scale=0.1
"""
import math
import random

import naf_env


class Pendulum:
    """The observation is (cos θ, sin θ, θ'), θ = 0 upright; the action is the torque, N m."""

    observation_space = naf_env.Box([-1, -1, -8], [1, 1, 8])
    action_space = naf_env.Box([-2], [2])

    def reset(self, seed):
        draw = random.Random(seed)
        self.angle, self.speed = draw.uniform(-math.pi, math.pi), draw.uniform(-1, 1)
        return self.observation(), {}

    def step(self, action):
        torque = action[0]
        angle = (self.angle + math.pi) % (2 * math.pi) - math.pi
        reward = -(angle ** 2 + 0.1 * self.speed ** 2 + 0.001 * torque ** 2)
        self.speed = max(-8, min(8, self.speed + 0.05 * (15 * math.sin(self.angle) + 3 * torque)))
        self.angle += 0.05 * self.speed
        return self.observation(), reward, False, False, {}  # the time limit is max_episode_steps

    def observation(self):
        return [math.cos(self.angle), math.sin(self.angle), self.speed]


naf_env.serve(Pendulum(), name="pendulum", max_episode_steps=100)
