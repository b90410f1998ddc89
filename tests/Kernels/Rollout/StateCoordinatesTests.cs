using Naf.Kernels.Observation;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>s = [q; qvel]: there and back, and what a displacement along qvel does to it.</summary>
public sealed class StateCoordinatesTests
{
    private static readonly KinematicTree Tree = SampleTrees.Mixed();

    [Test]
    public void A_state_comes_back_in_double_and_in_float()
    {
        var coordinates = new StateCoordinates(Tree);
        for (ulong draw = 0; draw < 31; draw++)
        {
            (double[] qpos, double[] qvel, _) = SampleTrees.State(Tree, 0, draw);
            var (s, back, velocity) = (new double[2 * Tree.Nv], new double[Tree.Nq], new double[Tree.Nv]);
            coordinates.ToState<double>(qpos, qvel, s);
            coordinates.FromState<double>(s, back, velocity);
            AssertSamePose(back, qpos, 1e-12);
            Assert.That(velocity, Is.EqualTo(qvel));

            var (single, p, v) = (new float[2 * Tree.Nv], new float[Tree.Nq], new float[Tree.Nv]);
            coordinates.ToState(Narrow(qpos), Narrow(qvel), single);
            coordinates.FromState<float>(single, p, v);
            AssertSamePose([.. p.Select(x => (double)x)], qpos, 3e-6);
            Assert.That(v, Is.EqualTo(Narrow(qvel)));
        }
    }

    [Test]
    public void A_turn_about_the_body_s_axis_is_its_rotation_vector()
    {
        // from q_ref by δ along qvel[d], by Hamilton's product: s changes by δ in d alone
        (double[] reference, double[] still, _) = SampleTrees.State(Tree, 0, 3);
        var coordinates = new StateCoordinates(Tree, reference);
        var (origin, moved) = (new double[2 * Tree.Nv], new double[2 * Tree.Nv]);
        coordinates.ToState<double>(reference, still, origin);
        Assert.That(origin[3..6], Is.All.Zero.Within(1e-12));
        foreach (double delta in new[] { 1e-9, 1e-4, 0.3, 3.0, -3.1 })
            for (int d = 0; d < Tree.Nv; d++)
            {
                coordinates.ToState<double>(SampleTrees.Displaced(Tree, reference, d, delta), still, moved);
                for (int i = 0; i < moved.Length; i++)
                    Assert.That(moved[i] - origin[i], Is.EqualTo(i == d ? delta : 0).Within(1e-12), $"δ = {delta} along {d}, entry {i}");
            }
    }

    [Test]
    public void A_turn_of_more_than_half_is_the_shorter_one_the_other_way()
    {
        var coordinates = new StateCoordinates(Tree);
        double[] s = new double[2 * Tree.Nv];
        coordinates.ToState<double>(SampleTrees.Displaced(Tree, [.. Tree.Qpos0], 4, 3.5), new double[Tree.Nv], s);
        Assert.That(s[4], Is.EqualTo(3.5 - 2 * Math.PI).Within(1e-12));
    }

    [Test]
    public void A_ball_joint_is_refused_by_its_name()
    {
        KinematicTree tree = Tree with { Joints = Tree.Joints.SetItem(2, Tree.Joints[2] with { Type = TreeJointType.Ball }) };
        Assert.That(() => new StateCoordinates(tree), Throws.ArgumentException.With.Message.Contains("'swing'"));
    }

    // q and −q are one orientation
    private static void AssertSamePose(double[] actual, double[] expected, double tolerance)
    {
        double sign = Enumerable.Range(3, 4).Sum(i => actual[i] * expected[i]) < 0 ? -1 : 1;
        for (int i = 0; i < expected.Length; i++)
            Assert.That(actual[i] * (i is >= 3 and < 7 ? sign : 1), Is.EqualTo(expected[i]).Within(tolerance), $"entry {i}");
    }

    private static float[] Narrow(double[] values) => [.. values.Select(v => (float)v)];
}
