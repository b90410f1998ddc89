using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>The starts of the suites' tasks are within what their sources draw, and differ.</summary>
internal sealed class SuiteStartTests : MujocoFixture
{
    private const double Rounding = 1e-12;

    // a quaternion made unit length after its noise
    private const double Unit = 1.12;

    private static IEnumerable<string> Tasks => TaskSuite.All.SelectMany(suite => suite.Names);

    [TestCaseSource(nameof(Tasks))]
    public void Starts_are_those_of_the_source(string name)
    {
        using ControlTask task = ControlTask.Load(name, SuiteTaskTests.StandIns);
        using var environment = new ControlEnvironment(task);
        double[] reference = [.. task.Model.KinematicTree.Qpos0];
        var seen = new HashSet<string>();
        for (ulong episode = 0; episode < 100; episode++)
        {
            environment.Reset(5, RandomStream.Reset, episode);
            double[] q = environment.Qpos.ToArray(), v = environment.Qvel.ToArray(),
                noise = [.. q.Zip(reference, (value, start) => value - start)];
            Assert.That(IsStart(name, q, noise, v, environment.Constants.ToArray()), $"episode {episode}");
            seen.Add(string.Join(' ', q));
        }
        Assert.That(seen, Has.Count.EqualTo(100));
    }

    private static bool IsStart(string name, double[] q, double[] noise, double[] v, double[] constants) => name switch
    {
        "Hopper-v4" or "Walker2d-v4" => Within(noise, 0.005) && Within(v, 0.005),
        "HalfCheetah-v4" => Within(noise, 0.1) && Within(v, 0.6),
        "Swimmer-v4" => Within(noise, 0.1) && Within(v, 0.1),
        "Ant-v4" => Within(noise[..3], 0.1) && Within(noise[3..], 0.1 * Unit) && Within(v, 0.6),
        "Humanoid-v4" or "HumanoidStandup-v4" => Within(noise, 0.01 * Unit) && Within(v, 0.01),
        "InvertedPendulum-v4" => Within(noise, 0.01) && Within(v, 0.01),
        "InvertedDoublePendulum-v4" => Within(noise, 0.1) && Within(v, 0.6),
        "Reacher-v4" => Within(q[..2], 0.1) && Norm(q[2..]) <= 0.2 && Within(v[..2], 0.005) && Within(v[2..], 0),
        "Pusher-v4" => Within(q[..7], 0) && q[7] is >= -0.3 and <= 0 && Within(q[8..9], 0.2) && Norm(q[7..9]) > 0.17
            && Within(q[9..], 0) && Within(v[..7], 0.005) && Within(v[7..], 0),
        "cartpole-balance" or "cartpole-balance_sparse" =>
            Within(q[..1], 0.1) && Within(q[1..], 0.034) && Within(v, 0.06),
        "cartpole-swingup" or "cartpole-swingup_sparse" =>
            Within(q[..1], 0.06) && Math.Abs(q[1] - Math.PI) < 0.06 && Within(v, 0.06),
        "acrobot-swingup" or "acrobot-swingup_sparse" or "pendulum-swingup" => Within(q, Math.PI) && Within(v, 0),
        "ball_in_cup-catch" => Within(q[..2], 0) && Within(q[2..3], 0.2) && q[3] is >= 0.2 and <= 0.5 && Within(v, 0),
        "cheetah-run" => Within(v, 1) && q[1] < 0, // settled: it has fallen, and is nearly at rest
        "finger-spin" => Within(q[..2], 1.9) && Within(q[2..], Math.PI) && Within(v, 0),
        "fish-upright" => IsFish(q, noise, v),
        "fish-swim" => IsFish(q, noise, v) && Within(constants[..2], 0.4) && constants[2] is >= 0.1 and <= 0.3,
        "hopper-hop" or "hopper-stand" => Within(q[..2], 0) && Within(q[2..3], Math.PI) && Within(q[3..], 0.8)
            && Within(v, 0),
        "point_mass-easy" => Within(q, 0.25) && Within(v, 0),
        "reacher-easy" or "reacher-hard" => Within(q[..1], Math.PI) && Within(q[1..], 2.5) && Within(v, 0)
            && Norm(constants) is >= 0.05 and <= 0.2,
        "walker-stand" or "walker-walk" or "walker-run" => Within(q[..2], 0) && Within(q[2..3], Math.PI)
            && Within(q[3..], 0.8) && Within(v, 0),
        _ when name.StartsWith("humanoid", StringComparison.Ordinal) => Within(noise[..3], 0)
            && Math.Abs(Norm(q[3..7]) - 1) < Rounding && q[3..7].All(part => part >= 0) && Within(q[7..], 0.8)
            && Within(v, 0),
        _ => throw new NotSupportedException($"write out the starts of {name}"),
    };

    private static bool IsFish(double[] q, double[] noise, double[] v) => Within(noise[..3], 0)
        && Math.Abs(Norm(q[3..7]) - 1) < Rounding && Within(q[7..], 0.2) && Within(v, 0);

    private static bool Within(double[] values, double bound) => values.All(x => Math.Abs(x) <= bound + Rounding);

    private static double Norm(double[] values) => Math.Sqrt(values.Sum(x => x * x));
}
