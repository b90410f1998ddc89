using Naf.Kernels.Random;
using Naf.Sim.Control;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Distributions of initial states beyond those of the built-in tasks: free joints, lists of ranges.</summary>
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
    public void Each_value_may_have_a_range_or_a_deviation_of_its_own() =>
        AssertFirstStart("ant", AntReset, """
            - {position: [hip1, hip2], at: 2, uniform: [[0, 0], [1, 1]]}
              - {velocity: [hip1, hip2], at: [3, 4], normal: [0, 0]}
            """, e => Assert.Multiple(() =>
        {
            Assert.That((e.Qpos[7], e.Qpos[9]), Is.EqualTo((2.0, 3.0)));
            Assert.That((e.Qvel[6], e.Qvel[8]), Is.EqualTo((3.0, 4.0)));
        }));

    private static void AssertFirstStart(string task, string old, string replacement, Action<ControlEnvironment> check)
    {
        using var scratch = new ScratchFolder();
        using ControlTask changed = ControlTask.Load(scratch.Changed(task, old, replacement));
        using var environment = new ControlEnvironment(changed);
        environment.Reset(1, RandomStream.Reset, 0);
        check(environment);
    }
}
