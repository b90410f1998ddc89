using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>Distributions of initial states that the built-in tasks do not use: free joints, lists of ranges.</summary>
internal sealed class ResetTests : MujocoFixture
{
    [Test]
    public void Model_stands_as_it_was_drawn_where_nothing_is_said()
    {
        using ControlEnvironment environment = Episodes.Begin("ant");
        Assert.That(environment.Qpos.ToArray(), Is.EqualTo(new[] { 0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1 }));
        Assert.That(environment.Qvel.ToArray(), Is.All.Zero);
    }

    [Test]
    public void Free_joint_is_set_as_a_whole_with_a_unit_quaternion()
    {
        using ControlEnvironment environment = Start("""
            - {position: root, at: [1, 2, 3, 0, 2, 0, 0]}
              - {velocity: root, at: [1, 2, 3, 4, 5, 6]}
            """);
        Assert.That(environment.Qpos[..7].ToArray(), Is.EqualTo(new double[] { 1, 2, 3, 0, 1, 0, 0 }));
        Assert.That(environment.Qvel[..6].ToArray(), Is.EqualTo(new double[] { 1, 2, 3, 4, 5, 6 }));
    }

    [Test]
    public void Free_joint_is_set_by_its_parts()
    {
        using ControlEnvironment environment = Start("""
            - {position: [root.z, root.x], at: [0.8, 4]}
              - {velocity: root.rz, at: -1}
              - {position: root.qz, at: 1}
            """);
        Assert.That(environment.Qpos[..3].ToArray(), Is.EqualTo(new[] { 4, 0, 0.8 }));
        Assert.That(environment.Qpos[3..7].ToArray(),
            Is.EqualTo(new[] { Math.Sqrt(0.5), 0, 0, Math.Sqrt(0.5) }).Within(1e-15));
        Assert.That(environment.Qvel[5], Is.EqualTo(-1));
    }

    [Test]
    public void Each_value_may_have_a_range_or_a_deviation_of_its_own()
    {
        using ControlEnvironment environment = Start("""
            - {position: [hip1, hip2], at: 2, uniform: [[0, 0], [1, 1]]}
              - {velocity: [hip1, hip2], at: [3, 4], normal: [0, 0]}
            """);
        Assert.That((environment.Qpos[7], environment.Qpos[9]), Is.EqualTo((2.0, 3.0)));
        Assert.That((environment.Qvel[6], environment.Qvel[8]), Is.EqualTo((3.0, 4.0)));
    }

    private static ControlEnvironment Start(string reset)
    {
        using var scratch = new ScratchFolder();
        return Episodes.Begin(scratch.Changed("ant",
            "- {position: [ankle1, ankle2, ankle3, ankle4], at: [1, -1, -1, 1]}", reset));
    }
}
