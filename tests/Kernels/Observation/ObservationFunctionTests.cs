using Naf.Kernels.Observation;

namespace Naf.Tests;

/// <summary>The Jacobian of h against central differences, the names of x, and rejected definitions.</summary>
internal class ObservationFunctionTests
{
    private const double DifferenceTolerance = 2e-8;   // step 1e-6 in double: truncation 1e-12, rounding about 1e-9

    [Test]
    public void Jacobian_matches_central_differences([Range(0, 4)] int draw)
    {
        KinematicTree tree = SampleTrees.Mixed();
        ObservationDefinition definition = SampleTrees.EveryEntry(tree);
        var h = new ObservationFunction<double>(definition);
        var (qpos, qvel, constants) = SampleTrees.State(tree, 5, (ulong)draw);
        int size = definition.Size, nv = tree.Nv;
        double[] byPosition = new double[size * nv], byVelocity = new double[size * nv], high = new double[size],
            low = new double[size];
        Array.Fill(byPosition, double.NaN);
        Array.Fill(byVelocity, double.NaN);
        h.Jacobian(qpos, qvel, constants, byPosition, byVelocity);

        const double Step = 1e-6;
        for (int d = 0; d < nv; d++)
        {
            h.Evaluate(SampleTrees.Displaced(tree, qpos, d, Step), qvel, constants, high);
            h.Evaluate(SampleTrees.Displaced(tree, qpos, d, -Step), qvel, constants, low);
            Compare(byPosition, "coordinate", d);
            double[] faster = [.. qvel], slower = [.. qvel];
            faster[d] += Step;
            slower[d] -= Step;
            h.Evaluate(qpos, faster, constants, high);
            h.Evaluate(qpos, slower, constants, low);
            Compare(byVelocity, "velocity", d);
        }

        void Compare(double[] jacobian, string by, int d)
        {
            for (int i = 0; i < size; i++)
            {
                double difference = (high[i] - low[i]) / (2 * Step);
                Assert.That(jacobian[i * nv + d], Is.EqualTo(difference).Within(DifferenceTolerance),
                    $"d {definition.ComponentNames[i]} / d {by} {d}");
            }
        }
    }

    [Test]
    public void Evaluation_allocates_nothing()
    {
        KinematicTree tree = SampleTrees.Mixed();
        ObservationDefinition definition = SampleTrees.EveryEntry(tree);
        var h = new ObservationFunction<double>(definition);
        var (qpos, qvel, constants) = SampleTrees.State(tree, 5, 0);
        double[] x = new double[definition.Size], jacobian = new double[definition.Size * tree.Nv],
            other = new double[definition.Size * tree.Nv];
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
        Assert.That(definition.ComponentNames, Is.SupersetOf(new[]
        {
            "socket.qw", "socket.qx", "socket.qy", "socket.qz",
            "root.velocity.rx", "root.velocity.ry", "root.velocity.rz",
        }));
    }

    [Test]
    public void A_quaternion_is_the_one_with_w_above_zero()
    {
        KinematicTree tree = SampleTrees.Mixed();
        int joint = tree.FindJoint("socket"), q = tree.Joints[joint].QuaternionAddress;
        var h = new ObservationFunction<double>(
            new ObservationDefinition(tree, 0, [new JointEntry("socket", JointQuantity.Position, joint)]));
        double[] qpos = [.. tree.Qpos0], x = new double[4];
        foreach (double scale in new[] { 1.0, -1.0, -2.0 })
        {
            double[] unit = [0.5, -0.5, 0.1, 0.7];
            for (int i = 0; i < 4; i++) qpos[q + i] = scale * unit[i];
            h.Evaluate(qpos, new double[tree.Nv], [], x);
            Assert.That(x, Is.EqualTo(unit).Within(1e-15), $"times {scale}");
        }
    }

    [Test]
    public void Refusals_name_the_entry_or_the_joint()
    {
        KinematicTree mixed = SampleTrees.Mixed();
        Refused(mixed, new JointEntry("angle", JointQuantity.Cosine, mixed.FindJoint("socket")), "socket");
        Refused(mixed, new JointEntry("angle", JointQuantity.Sine, 1), "lift");
        Refused(mixed, new PlaceEntry("far", Place.Constant(1, 2), null, 0, Components.X), "far");
        Refused(mixed, new AxisEntry("axis", 9, 0, 0, Components.X), "axis");

        static void Refused(KinematicTree tree, ObservationEntry entry, string name) =>
            Assert.That(() => new ObservationDefinition(tree, 2, [entry]),
                Throws.ArgumentException.With.Message.Contains($"'{name}'"));
    }
}
