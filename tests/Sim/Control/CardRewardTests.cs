using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>Rewards of the built-in tasks are the formulas of their cards, written out here over x.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class CardRewardTests
{
    [TestCaseSource(typeof(TaskLibrary), nameof(TaskLibrary.Names))]
    public void Reward_is_the_cards_formula_of_observation_before_the_step_and_action(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        using var environment = new ControlEnvironment(task);
        for (ulong episode = 0; episode < 3; episode++)
        {
            environment.Reset(3, RandomStream.Reset, episode);
            while (!environment.Done)
            {
                double[] x = environment.Observation.ToArray();
                double[] u = Episodes.RandomAction(task.ActionSize, episode, environment.StepIndex);
                StepResult result = environment.Step(u);
                double expected = Card(name, x) - Effort(name) * u.Sum(v => v * v) + (result.Terminated ? -.05 : 0);
                Assert.That(result.Reward, Is.EqualTo(expected).Within(1e-14 * (1 + Math.Abs(expected))),
                    $"step {environment.StepIndex}");
            }
        }
    }

    private static double Card(string name, double[] x) => name switch
    {
        "cartpole" => -.0035 * (x[1] * x[1] + (x[2] - 1) * (x[2] - 1)) - .0005 * x[0] * x[0],
        "reacher" or "reacher-single" => -.02 * Smooth(x, 11, .01),
        "peg" => -.12 * Smooth(x, 9, .01) - .06 * Smooth(x, 11, .01),
        "gripper" or "gripper-single" =>
            -.066 * Smooth(x, 17, .01) - .22 * Smooth(x, 19, .01) + .088 * Bump(x, 19, .05),
        "gripper-moving" => -.20 * Smooth(x, 17, .01) - .26 * Smooth(x, 19, .01) + .08 * Bump(x, 19, .05),
        "canada2d" => -.01 * Smooth(x, 15, .01) - .10 * Smooth(x, 17, .01),
        "cheetah" => .02 * x[8],
        "swimmer6" => -1.0 * Smooth(x, 6, .05),
        "ant" => -.0078 * Smooth(x, 29, .05),
        "walker2d" => .025 * (.4 + x[9]),
        _ => throw new NotSupportedException($"add the reward of {name} to Card"),
    };

    private static double Effort(string name) => name switch
    {
        "swimmer6" => .001,
        "cheetah" or "canada2d" or "gripper" or "gripper-single" or "gripper-moving" => .0005,
        "walker2d" => .0003,
        _ => .0002,
    };

    private static double Square(double[] x, int i) => x[i] * x[i] + x[i + 1] * x[i + 1];

    private static double Smooth(double[] x, int i, double alpha) => Math.Sqrt(Square(x, i) + alpha * alpha) - alpha;

    private static double Bump(double[] x, int i, double alpha) => Math.Exp(-Square(x, i) / (2 * alpha * alpha));
}
