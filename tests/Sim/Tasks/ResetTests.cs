using System.Runtime.CompilerServices;
using Naf.Kernels;
using Naf.Sim;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Distributions of initial states beyond those of the built-in tasks: free joints, pairs of joints, lists of ranges.</summary>
public sealed class ResetTests : MujocoFixture
{
    private const string AntReset = "- {position: [ankle1, ankle2, ankle3, ankle4], at: [1, -1, -1, 1]}";

    [Test]
    public void Model_stands_as_it_was_drawn_where_nothing_is_said() =>
        AssertFirstStart("ant", AntReset, AntReset, e => Assert.Multiple(() =>
        {
            Assert.That(e.Qpos.ToArray(), Is.EqualTo(new[] { 0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1 }));
            Assert.That(e.Qvel.ToArray(), Is.All.Zero);
        }));

    [Test]
    public void Free_joint_is_set_as_a_whole_with_a_unit_quaternion() =>
        AssertFirstStart("ant", AntReset, """
            - {position: root, at: [1, 2, 3, 0, 2, 0, 0]}
              - {velocity: root, at: [1, 2, 3, 4, 5, 6]}
            """, e => Assert.Multiple(() =>
        {
            Assert.That(e.Qpos[..7].ToArray(), Is.EqualTo(new double[] { 1, 2, 3, 0, 1, 0, 0 }));
            Assert.That(e.Qvel[..6].ToArray(), Is.EqualTo(new double[] { 1, 2, 3, 4, 5, 6 }));
        }));

    [Test]
    public void Free_joint_is_set_by_its_parts() =>
        AssertFirstStart("ant", AntReset, """
            - {position: [root.z, root.x], at: [0.8, 4]}
              - {velocity: root.rz, at: -1}
              - {position: root.qz, at: 1}
            """, e => Assert.Multiple(() =>
        {
            Assert.That(e.Qpos[..3].ToArray(), Is.EqualTo(new[] { 4, 0, 0.8 }));
            Assert.That(e.Qpos[3..7].ToArray(), Is.EqualTo(new[] { Math.Sqrt(0.5), 0, 0, Math.Sqrt(0.5) }).Within(1e-15));
            Assert.That(e.Qvel[5], Is.EqualTo(-1));
        }));

    [Test]
    public void Pair_of_joints_is_drawn_on_a_ring()
    {
        using ControlTask task = ControlTask.Load(Beside("Cards/canada2d.yaml"));
        using var environment = new ControlEnvironment(task);
        double mean = 0;
        const int Count = 2000;
        for (ulong episode = 0; episode < Count; episode++)
        {
            environment.Reset(4, RandomStream.Reset, episode);
            (double x, double y) = (environment.Qpos[3], environment.Qpos[4]);
            Assert.That(Math.Sqrt(x * x + y * y), Is.InRange(0.5, 0.7));
            Assert.That(Math.Atan2(y, x), Is.InRange(-0.4, 0.4));
            mean += Math.Sqrt(x * x + y * y) / Count;
        }
        // the radius itself is uniform here: five standard errors about 0.6
        Assert.That(mean, Is.EqualTo(0.6).Within(5 * 0.2 / Math.Sqrt(12 * Count)));
    }

    [Test]
    public void Each_value_may_have_a_range_or_a_deviation_of_its_own() =>
        AssertFirstStart("ant", AntReset, """
            - {position: [hip1, hip2], at: 2, uniform: [[0, 0], [1, 1]]}
              - {velocity: [hip1, hip2], at: [3, 4], normal: [0, 0]}
            """, e => Assert.Multiple(() =>
        {
            Assert.That((e.Qpos[7], e.Qpos[9]), Is.EqualTo((2.0, 3.0)));
            Assert.That((e.Qvel[6], e.Qvel[8]), Is.EqualTo((3.0, 4.0)));
        }));

    private static void AssertFirstStart(string card, string old, string replacement, Action<ControlEnvironment> check)
    {
        using var scratch = new ScratchFolder();
        scratch.Write($"{card}.xml", File.ReadAllText(Beside($"Cards/{card}.xml")));
        string text = File.ReadAllText(Beside($"Cards/{card}.yaml")).Replace(old, replacement);
        using ControlTask task = ControlTask.Load(scratch.Write($"{card}.yaml", text));
        using var environment = new ControlEnvironment(task);
        environment.Reset(1, RandomStream.Reset, 0);
        check(environment);
    }

    private static string Beside(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
