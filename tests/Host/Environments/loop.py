"""A program that has the loop, for tests: loop.py EXAMPLES EPISODES STEPS COMMAND... Closes its end after so many
episodes, or, in the episode after them, so many steps, or is killed there if STEPS is negative."""
import os
import signal
import sys

sys.path.insert(0, sys.argv[1])
import naf_env

episodes, steps = int(sys.argv[2]), int(sys.argv[3])
naf = naf_env.Naf(sys.argv[4:], "push", naf_env.Box([-10], [10]), naf_env.Box([-1], [1]), 20)
ended = 0
while ended < episodes or steps != 0:
    x, told = 1.0, 0
    action = naf.begin([x])
    if action is None:
        break
    while action is not None and not (ended == episodes and told == abs(steps)):
        reward, x = -x * x, x + 0.1 * action[0]
        told += 1
        action = naf.next([x], reward, truncated=told == 15)
    if action is not None:
        break
    ended += 1
if steps < 0:
    os.kill(os.getpid(), signal.SIGKILL)
print(f"{ended} episodes, exit code {naf.close()}")
