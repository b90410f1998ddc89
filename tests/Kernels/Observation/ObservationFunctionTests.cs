using Naf.Kernels.Observation;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>h against closed forms and itself in another precision, its Jacobian against central differences, and what it refuses.</summary>
public class ObservationFunctionTests
{
    private const double DifferenceTolerance = 2e-8;   // step 1e-6 in double: truncation 1e-12, rounding about 1e-9

    [Test]
    public void Arm_tip_is_the_sum_of_its_links()
    {
        KinematicTree tree = SampleTrees.Arm(3);
        Place tip = Place.On(3, tree.Sites[0].Position);
        var h = new ObservationFunction<double>(new ObservationDefinition(tree, 2,
        [
            new PlaceEntry("tip", tip, Place.Constant(0, 2), 0, Components.X | Components.Y),
            new JointEntry("j1.sin", JointQuantity.Sine, 1),
            new LinearVelocityEntry("speed", tip, 0, Components.X),
        ]));
        double[] q = [0.4, -1.1, 2.5], v = [0.3, -2, 1.5], x = new double[4];
        h.Evaluate(q, v, [0.7, -0.2], x);

        double a = q[0], b = a + q[1], c = b + q[2];
        double expectedX = 0.3 * (Math.Cos(a) + Math.Cos(b) + Math.Cos(c)) - 0.7, expectedY = 0.3 * (Math.Sin(a) + Math.Sin(b) + Math.Sin(c)) + 0.2;
        double speed = -0.3 * (Math.Sin(a) * v[0] + Math.Sin(b) * (v[0] + v[1]) + Math.Sin(c) * (v[0] + v[1] + v[2]));
        Assert.That(x, Is.EqualTo(new[] { expectedX, expectedY, Math.Sin(q[1]), speed }).Within(1e-14));
    }

    [Test]
    public void Jacobian_matches_central_differences([Range(0, 4)] int draw)
    {
        KinematicTree tree = SampleTrees.Mixed();
        ObservationDefinition definition = SampleTrees.EveryEntry(tree);
        var h = new ObservationFunction<double>(definition);
        var (qpos, qvel, constants) = SampleTrees.State(tree, 5, (ulong)draw);
        int size = definition.Size, nv = tree.Nv;
        double[] byPosition = new double[size * nv], byVelocity = new double[size * nv], high = new double[size], low = new double[size];
        Array.Fill(byPosition, double.NaN);
        Array.Fill(byVelocity, double.NaN);
        h.Jacobian(qpos, qvel, constants, byPosition, byVelocity);

        const double Step = 1e-6;
        for (int d = 0; d < nv; d++)
        {
            h.Evaluate(SampleTrees.Displaced(tree, qpos, d, Step), qvel, constants, high);
            h.Evaluate(SampleTrees.Displaced(tree, qpos, d, -Step), qvel, constants, low);
            for (int i = 0; i < size; i++)
                Assert.That(byPosition[i * nv + d], Is.EqualTo((high[i] - low[i]) / (2 * Step)).Within(DifferenceTolerance),
                    $"d {definition.ComponentNames[i]} / d coordinate {d}");

            double[] faster = [.. qvel], slower = [.. qvel];
            faster[d] += Step;
            slower[d] -= Step;
            h.Evaluate(qpos, faster, constants, high);
            h.Evaluate(qpos, slower, constants, low);
            for (int i = 0; i < size; i++)
                Assert.That(byVelocity[i * nv + d], Is.EqualTo((high[i] - low[i]) / (2 * Step)).Within(DifferenceTolerance),
                    $"d {definition.ComponentNames[i]} / d velocity {d}");
        }
    }

    [Test]
    public void Velocities_are_the_rates_of_places([Range(0, 4)] int draw)
    {
        KinematicTree tree = SampleTrees.Mixed();
        var h = new ObservationFunction<double>(new ObservationDefinition(tree, 0,
        [
            new PlaceEntry("tip", Place.On(4, tree.Sites[0].Position), null, 0, Components.All),
            new LinearVelocityEntry("rate", Place.On(4, tree.Sites[0].Position), 0, Components.All),
        ]));
        var (qpos, qvel, _) = SampleTrees.State(tree, 0, (ulong)draw);
        double[] x = new double[6], rate = new double[6], high = new double[6], low = new double[6];
        h.Evaluate(qpos, qvel, [], x);
        const double Step = 1e-6;
        for (int d = 0; d < tree.Nv; d++)
        {
            h.Evaluate(SampleTrees.Displaced(tree, qpos, d, Step), qvel, [], high);
            h.Evaluate(SampleTrees.Displaced(tree, qpos, d, -Step), qvel, [], low);
            for (int i = 0; i < 3; i++) rate[i] += (high[i] - low[i]) / (2 * Step) * qvel[d];
        }
        Assert.That(x[3..], Is.EqualTo(rate[..3]).Within(1e-7));
    }

    [Test]
    public void Float_agrees_with_double([Range(0, 4)] int draw)
    {
        KinematicTree tree = SampleTrees.Mixed();
        ObservationDefinition definition = SampleTrees.EveryEntry(tree);
        var (qpos, qvel, constants) = SampleTrees.State(tree, 5, (ulong)draw);
        float[] qpos32 = [.. qpos.Select(v => (float)v)], qvel32 = [.. qvel.Select(v => (float)v)];
        float[] constants32 = [.. constants.Select(v => (float)v)];
        float[] x32 = new float[definition.Size];
        double[] x64 = new double[definition.Size];
        Array.Fill(x32, float.NaN);
        new ObservationFunction<float>(definition).Evaluate(qpos32, qvel32, constants32, x32);
        new ObservationFunction<double>(definition).Evaluate(
            [.. qpos32.Select(v => (double)v)], [.. qvel32.Select(v => (double)v)], [.. constants32.Select(v => (double)v)], x64);
        for (int i = 0; i < x64.Length; i++)
            Assert.That(x32[i], Is.EqualTo(x64[i]).Within(2e-5 * (1 + Math.Abs(x64[i]))), definition.ComponentNames[i]);
    }

    [Test]
    public void Evaluation_allocates_nothing()
    {
        KinematicTree tree = SampleTrees.Mixed();
        ObservationDefinition definition = SampleTrees.EveryEntry(tree);
        var h = new ObservationFunction<double>(definition);
        var (qpos, qvel, constants) = SampleTrees.State(tree, 5, 0);
        double[] x = new double[definition.Size], jacobian = new double[definition.Size * tree.Nv], other = new double[definition.Size * tree.Nv];
        for (int i = 0; i < 3; i++) Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Once();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Once()
        {
            h.Evaluate(qpos, qvel, constants, x);
            h.Jacobian(qpos, qvel, constants, jacobian, other);
        }
    }

    [Test]
    public void Names_are_those_of_entries_and_components()
    {
        ObservationDefinition definition = SampleTrees.EveryEntry(SampleTrees.Mixed());
        Assert.That(definition.ComponentNames.Take(8), Is.EqualTo(new[]
        {
            "lift", "swing.sin", "swing.cos", "pole.sin", "elbow.velocity", "tip.x", "tip.y", "tip.z",
        }));
        Assert.That(definition.ComponentNames[^1], Is.EqualTo("goal"));
    }

    [Test]
    public void Refusals_name_the_entry_or_the_joint()
    {
        KinematicTree mixed = SampleTrees.Mixed();
        KinematicTree ball = mixed with { Joints = mixed.Joints.SetItem(3, mixed.Joints[3] with { Type = TreeJointType.Ball, Name = "shoulder" }) };
        Refused(ball, new ConstantEntry("c", 0, 1, Components.X), "shoulder");
        Refused(mixed, new JointEntry("where", JointQuantity.Position, 0), "where");
        Refused(mixed, new JointEntry("angle", JointQuantity.Sine, 1), "lift");
        Refused(mixed, new PlaceEntry("far", Place.Constant(1, 2), null, 0, Components.X), "far");
        Refused(mixed, new AxisEntry("axis", 9, 0, 0, Components.X), "axis");

        static void Refused(KinematicTree tree, ObservationEntry entry, string name) =>
            Assert.That(() => new ObservationDefinition(tree, 2, [entry]), Throws.ArgumentException.With.Message.Contains($"'{name}'"));
    }
}
