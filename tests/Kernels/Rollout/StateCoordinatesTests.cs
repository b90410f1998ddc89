using Naf.Kernels.Observation;

namespace Naf.Tests;

/// <summary>s = [q; qvel]: conversion in both directions, and the effect of a displacement along qvel.</summary>
internal sealed class StateCoordinatesTests
{
    private static readonly KinematicTree Tree = SampleTrees.Mixed();

    [Test]
    public void A_state_comes_back()
    {
        var coordinates = new StateCoordinates(Tree);
        for (ulong draw = 0; draw < 31; draw++)
        {
            (double[] qpos, double[] qvel, _) = SampleTrees.State(Tree, 0, draw);
            var (s, back, velocity) = (new double[2 * Tree.Nv], new double[Tree.Nq], new double[Tree.Nv]);
            coordinates.ToState(qpos, qvel, s);
            coordinates.FromState<double>(s, back, velocity);
            // q and −q are the same orientation
            foreach (int q in Tree.Joints.Where(joint => joint.HasQuaternion).Select(joint => joint.QuaternionAddress))
            {
                double sign = Enumerable.Range(q, 4).Sum(i => back[i] * qpos[i]) < 0 ? -1 : 1;
                for (int i = q; i < q + 4; i++) back[i] *= sign;
            }
            Assert.That(back, Is.EqualTo(qpos).Within(1e-12));
            Assert.That(velocity, Is.EqualTo(qvel));
        }
    }

    [Test]
    public void A_turn_about_the_body_s_axis_is_its_rotation_vector()
    {
        // displace q_ref by δ along qvel[d], by Hamilton's product: s changes by δ in d alone
        (double[] reference, double[] still, _) = SampleTrees.State(Tree, 0, 3);
        var coordinates = new StateCoordinates(Tree with { Qpos0 = [.. reference] });
        var (origin, moved) = (new double[2 * Tree.Nv], new double[2 * Tree.Nv]);
        coordinates.ToState(reference, still, origin);
        int[] turns = [.. Tree.Joints.Where(joint => joint.HasQuaternion)
            .SelectMany(joint => Enumerable.Range(joint.RotationAddress, 3))];
        Assert.That(turns.Select(d => origin[d]), Is.All.Zero.Within(1e-12));
        foreach (double delta in new[] { 1e-9, 1e-4, 0.3, 3.0, -3.1, 3.5 })
            for (int d = 0; d < Tree.Nv; d++)
            {
                // a rotation by more than half a turn is the shorter one in the other direction
                double change = turns.Contains(d) && delta > Math.PI ? delta - 2 * Math.PI : delta;
                coordinates.ToState(SampleTrees.Displaced(Tree, reference, d, delta), still, moved);
                double[] expected = [.. origin.Select((value, i) => i == d ? value + change : value)];
                Assert.That(moved, Is.EqualTo(expected).Within(1e-12), $"δ = {delta} along {d}");
            }
    }
}
