using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Tasks.Yaml;

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

    [Test]
    public void A_joint_may_be_drawn_from_its_own_range()
    {
        using ControlEnvironment environment = Start("- {position: [hip1, ankle1], uniform: range}");
        TreeJoint[] joints = [.. environment.Task.Model.KinematicTree.Joints];
        foreach (string name in (string[])["hip1", "ankle1"])
        {
            int j = Array.FindIndex(joints, joint => joint.Name == name);
            (double low, double high) =
                (environment.Task.Model.JointRange[2 * j], environment.Task.Model.JointRange[2 * j + 1]);
            double[] drawn = [.. Enumerable.Range(0, 300).Select(episode =>
            {
                environment.Reset(1, RandomStream.Reset, (ulong)episode);
                return environment.Qpos[joints[j].QposAddress];
            })];
            Assert.That(drawn, Is.All.InRange(low, high));
            Assert.That((drawn.Min() - low, high - drawn.Max()),
                Is.EqualTo((0.0, 0.0)).Within(0.05 * (high - low)), name);
        }
    }

    [Test]
    public void A_uniform_draw_may_leave_out_what_is_near()
    {
        using ControlEnvironment environment = Start(
            "- {position: [root.x, root.y], at: [0.1, 0], uniform: [[-1, 1], [-0.5, 0.5]], outside: 0.4}");
        double nearest = double.PositiveInfinity;
        for (ulong episode = 0; episode < 500; episode++)
        {
            environment.Reset(1, RandomStream.Reset, episode);
            Assert.That(environment.Qpos[0], Is.InRange(-0.9, 1.1));
            Assert.That(environment.Qpos[1], Is.InRange(-0.5, 0.5));
            nearest = Math.Min(nearest, Math.Sqrt(environment.Qpos[0] * environment.Qpos[0]
                + environment.Qpos[1] * environment.Qpos[1]));
        }
        Assert.That(nearest, Is.InRange(0.4, 0.42));
    }

    [Test]
    public void The_simulation_may_settle_before_the_episode()
    {
        using ControlEnvironment settled = Start("- {position: root.z, at: 0.8}\n  - {settle: 120}"),
            other = Start("- {position: root.z, at: 0.8}");
        for (int step = 0; step < 120 / other.Task.Definition.Substeps; step++) other.Step(new double[8]);
        Assert.That(settled.StepIndex, Is.Zero);
        Assert.That(settled.Qpos.ToArray(), Is.EqualTo(other.Qpos.ToArray()).Within(1e-12));
        Assert.That(settled.Qvel.ToArray(), Is.EqualTo(other.Qvel.ToArray()).Within(1e-12));
    }

    [TestCase("- {position: hip1, normal: 1, outside: 1}", "only a 'uniform' distribution leaves out a region")]
    [TestCase("- {position: hip1, uniform: [-1, 1], outside: 1}", "well within the values that are drawn, below 0.99")]
    [TestCase("- {position: hip1, uniform: [-1, 1], outside: -1}", "a radius, which is not negative")]
    [TestCase("- {position: hip1, at: 1, uniform: range}", "'uniform: range' draws from the joint's own range")]
    [TestCase("- {position: root.x, uniform: range}", "the joint 'root' has no range to draw from")]
    [TestCase("- {velocity: hip1, uniform: range}", "'uniform' expects a pair [low, high]")]
    [TestCase("- {settle: 0}", "'settle' expects a whole number of at least 1")]
    [TestCase("- {settle: 5}\n  - {settle: 6}", "'settle' stands once; keep one of them")]
    [TestCase("- {settle: 5, at: 1}", "'at' has no meaning here: 'settle' draws nothing")]
    public void Faults_are_told(string reset, string words) => Assert.That(
        () => Start(reset), Throws.TypeOf<TaskFormatException>().With.Message.Contains(words));

    private static ControlEnvironment Start(string reset)
    {
        using var scratch = new ScratchFolder();
        return Episodes.Begin(scratch.Changed("ant",
            "- {position: [ankle1, ankle2, ankle3, ankle4], at: [1, -1, -1, 1]}", reset));
    }
}
