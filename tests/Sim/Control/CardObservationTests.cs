using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>
/// Observations of the built-in tasks, component by component as in their cards, from positions, velocities and
/// MuJoCo's sites.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class CardObservationTests
{
    // press reads its observation from the simulation: SimulatedObservationTests
    private static IEnumerable<string> Names => ContractTasks.Names.Where(name => name != "press");

    [TestCaseSource(nameof(Names))]
    public void Observation_is_the_cards_list(string name)
    {
        using ControlTask task = ContractTasks.Load(name);
        using var environment = new ControlEnvironment(task);
        using var data = new MujocoData(task.Model);
        environment.Reset(1, RandomStream.TestReset, 0);
        Compare();
        Episodes.Play(environment, 1, 0, _ => Compare());

        void Compare()
        {
            environment.Qpos.CopyTo(data.Qpos);
            data.Positions();
            double[] expected = Card(
                name, environment.Qpos.ToArray(), environment.Qvel.ToArray(), environment.Constants.ToArray(),
                site => data.SitePosition(task.Model.Find(MujocoObject.Site, site)));
            Assert.That(environment.Observation.ToArray(), Is.EqualTo(expected).Within(1e-11),
                $"step {environment.StepIndex}");
        }
    }

    // fast velocities are scaled at the network input; everything else is unscaled
    [TestCase("cartpole", "")]
    [TestCase("reacher", "6 7 8 at .3 and 13 14 at .5")]
    [TestCase("reacher-single peg", "6 7 8 at .3")]
    [TestCase("canada2d", "6 7 8 at .3 and 19 20 at .5")]
    [TestCase("gripper", "6 7 8 11 12 at .3 and 21 22 at .5")]
    [TestCase("gripper-single", "6 7 8 11 12 at .3")]
    [TestCase("gripper-moving", "6 7 8 11 12 at .3 and 25 26 at .5")]
    [TestCase("cheetah swimmer6", "11 12 13 14 15 16 at .15")]
    [TestCase("ant", "21 22 23 24 25 26 27 28 at .7")]
    [TestCase("walker2d", "12 13 14 15 16 17 at .15")]
    public void Inputs_are_scaled(string names, string scaled)
    {
        foreach (string name in names.Split(' '))
        {
            using ControlTask task = ControlTask.Load(name);
            float[] expected = [.. Enumerable.Repeat(1f, task.ObservationSize)];
            foreach (string group in scaled.Split(" and ", StringSplitOptions.RemoveEmptyEntries))
                if (group.Split(" at ") is [var indices, var scale])
                    foreach (int i in indices.Split(' ').Select(int.Parse))
                        expected[i] = float.Parse(scale, CultureInfo.InvariantCulture);
            Assert.That(task.InputScale.ToArray(), Is.EqualTo(expected), name);
        }
    }

    private static double[] Card(
        string name, double[] q, double[] v, double[] c, Func<string, double[]> site) => name switch
    {
        "cartpole" => [q[0], Math.Sin(q[1]), Math.Cos(q[1]), v[0], v[1]],
        "reacher" => [.. Arm(q, v), c[0], c[1], .. Turned(From(site("tip"), c[0], c[1]), q[0]),
            .. Turned(VelocityOf(q, v, site("tip")), q[0])],
        "reacher-single" => [.. Arm(q, v), c[0], c[1], .. From(site("tip"), c[0], c[1])],
        "peg" => [.. Arm(q, v), .. From(site("tip"), .45, -.58), .. From(site("base"), .45, -.33)],
        "gripper" => [.. Gripper(q, v, site, .45, -.40, LastLinkAngle(q)),
            .. Turned(VelocityOf(q, v, site("grasp")), LastLinkAngle(q))],
        "gripper-single" => Gripper(q, v, site, .45, -.40, turn: 0),
        "gripper-moving" => [.. Gripper(q[2..], v[2..], site, -.6, -.5, LastLinkAngle(q[2..])), q[0], q[1], v[0], v[1],
            .. Turned(Plus(v, VelocityOf(q[2..], v[2..], From(site("grasp"), q[0], q[1]))), LastLinkAngle(q[2..]))],
        "canada2d" => [.. Arm(q, v), .. q[3..5], .. v[3..5], c[0], c[1],
            .. Turned(From(site("blade"), q[3], q[4]), LastLinkAngle(q)),
            .. Turned([q[3] - c[0], q[4] - c[1]], LastLinkAngle(q)),
            .. Turned(VelocityOf(q, v, site("blade")), LastLinkAngle(q))],
        "cheetah" => [.. q[1..], .. v],
        "swimmer6" => Swimmer(q, v, site),
        "ant" => Ant(q, v),
        "walker2d" => [1.3 + q[0], Math.Sin(q[2]), Math.Cos(q[2]), .. q[3..], v[1], v[0], .. v[2..]],
        "acrobot" => [.. Angles(q), .. v, site("tip")[0] - c[0], site("tip")[2] - c[2]],
        "pursuit" =>
            [.. Angles(q[..2]), .. v[..2], .. q[2..], .. v[2..], .. Turned(From(site("tip"), q[2], q[3]), q[0])],
        "rod" => [.. q.Select(part => q[0] < 0 ? -part : part), .. v, .. site("tip").Zip(c, (a, b) => a - b)],
        _ => throw new NotSupportedException($"add the observation of {name} to Card"),
    };

    private static double[] Arm(double[] q, double[] v) => [.. Angles(q[..3]), .. v[..3]];

    private static IEnumerable<double> Angles(double[] q) =>
        q.SelectMany(angle => new[] { Math.Sin(angle), Math.Cos(angle) });

    private static double[] Gripper(
        double[] q, double[] v, Func<string, double[]> site, double x, double y, double turn) =>
        [.. Arm(q, v), .. q[3..5], .. v[3..5], .. q[5..7], .. v[5..7],
            .. Turned(From(site("grasp"), q[5], q[6]), turn), .. Turned([q[5] - x, q[6] - y], turn)];

    private static double LastLinkAngle(double[] q) => q[0] + q[1] + q[2];

    // velocity of a point of the arm's last link: the sum of ω_j × (p − p_j) over its three joints; the first two links
    // are .35 and .30 m long
    private static double[] VelocityOf(double[] q, double[] v, double[] point)
    {
        double[] velocity = [0, 0], joint = [0, 0];
        double angle = 0;
        for (int j = 0; j < 3; j++)
        {
            double[] arm = From(point, joint[0], joint[1]);
            velocity = Plus(velocity, [-v[j] * arm[1], v[j] * arm[0]]);
            angle += q[j];
            double length = j == 0 ? .35 : .30;
            joint = Plus(joint, [length * Math.Cos(angle), length * Math.Sin(angle)]);
        }
        return velocity;
    }

    private static double[] Plus(double[] a, double[] b) => [a[0] + b[0], a[1] + b[1]];

    private static double[] Swimmer(double[] q, double[] v, Func<string, double[]> site)
    {
        double[] error = Turned(From(site("nose"), 2, 1), q[2]), velocity = Turned(v[..2], q[2]);
        return [.. q[3..], .. error, .. velocity, .. v[2..]];
    }

    // R(heading)ᵀ
    private static double[] Turned(double[] a, double heading)
    {
        (double s, double c) = Math.SinCos(heading);
        return [c * a[0] + s * a[1], c * a[1] - s * a[0]];
    }

    private static double[] Ant(double[] q, double[] v)
    {
        // columns of the rotation by the unit quaternion (w, x, y, z)
        double norm = Math.Sqrt(q[3..7].Sum(a => a * a));
        double w = q[3] / norm, x = q[4] / norm, y = q[5] / norm, z = q[6] / norm;
        double[] along = [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)];
        double[] up = [2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)];
        return [q[2], .. along, .. up, .. q[7..], .. v, q[0] - 4, q[1]];
    }

    private static double[] From(double[] place, double x, double y) => [place[0] - x, place[1] - y];
}
