using System.Runtime.CompilerServices;
using Naf.Kernels;
using Naf.Sim;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>
/// The format expresses the domains that are not built in: files with the cards' observations, starts and rewards over skeleton models.
/// </summary>
public sealed class CardFormatTests : MujocoFixture
{
    [TestCase("gripper-m", 7, 25)]
    [TestCase("canada2d", 3, 19)]
    [TestCase("cheetah", 6, 17)]
    [TestCase("swimmer6", 6, 17)]
    [TestCase("ant", 8, 31)]
    [TestCase("walker2d", 6, 18)]
    public void Domain_loads_resets_and_steps(string name, int actions, int observations)
    {
        using ControlTask task = ControlTask.Load(Beside($"Cards/{name}.yaml"));
        using var environment = new ControlEnvironment(task);
        Assert.That((task.ActionSize, task.ObservationSize), Is.EqualTo((actions, observations)));
        for (ulong episode = 0; episode < 2; episode++)
        {
            Episodes.Play(environment, 1, episode, (_, _) => Assert.That(environment.Observation.ToArray().All(double.IsFinite)));
            Assert.That(double.IsFinite(environment.Score));
            Assert.That(double.IsFinite(environment.Measure(0)));
        }
    }

    [Test]
    public void Walker_starts_moving_and_falls()
    {
        using ControlTask task = ControlTask.Load(Beside("Cards/walker2d.yaml"));
        using var environment = new ControlEnvironment(task);
        environment.Reset(1, RandomStream.Reset, 0);
        Assert.That(environment.Observation[0], Is.EqualTo(1.3).Within(0.06));
        Assert.That(environment.Observation[9], Is.EqualTo(0.5).Within(0.1));
        StepResult last = default;
        while (!environment.Done) last = environment.Step([1, -1, 1, 1, -1, 1]);
        Assert.That(last.Terminated);
        Assert.That(environment.Observation[0] < 0.8 || environment.Observation[2] < 0.5403);
    }

    [Test]
    public void Swimmer_sees_its_root_velocity_in_its_own_frame()
    {
        using ControlTask task = ControlTask.Load(Beside("Cards/swimmer6.yaml"));
        using var environment = new ControlEnvironment(task);
        Episodes.Play(environment, 1, 0, (_, _) =>
        {
            (double s, double c) = Math.SinCos(environment.Qpos[2]);
            double vx = environment.Qvel[0], vy = environment.Qvel[1];
            Assert.That(environment.Observation.Slice(8, 2).ToArray(), Is.EqualTo(new[] { c * vx + s * vy, c * vy - s * vx }).Within(1e-12));
        });
    }

    [Test]
    public void Ant_sees_its_free_joint()
    {
        using ControlTask task = ControlTask.Load(Beside("Cards/ant.yaml"));
        using var environment = new ControlEnvironment(task);
        Episodes.Play(environment, 1, 0, (_, _) =>
        {
            Assert.That(environment.Observation[0], Is.EqualTo(environment.Qpos[2]));
            Assert.That(environment.Observation.Slice(15, 6).ToArray(), Is.EqualTo(environment.Qvel[..6].ToArray()).Within(1e-12));
            double[] fromTarget = [environment.Qpos[0] - 4, environment.Qpos[1]];
            Assert.That(environment.Observation.Slice(29, 2).ToArray(), Is.EqualTo(fromTarget).Within(1e-15));
        });
    }

    private static string Beside(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
