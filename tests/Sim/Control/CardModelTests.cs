using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>The built-in models have the time steps, joints, motors and masses of their cards.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class CardModelTests
{
    private const double Degree = Math.PI / 180;
    private const double Free = double.NaN;     // no range
    private const int Euler = 0, Rk4 = 1, Implicit = 2, Elliptic = 1, NoContacts = 1 << 4;

    [TestCase("cartpole", 5, 1, .01, 3, Rk4, -9.81, NoContacts)]
    [TestCase("reacher", 15, 3, .01, 2, Euler, 0, NoContacts)]
    [TestCase("reacher-single", 13, 3, .01, 2, Euler, 0, NoContacts)]
    [TestCase("peg", 13, 3, .005, 4, Euler, 0, 0, Elliptic)]
    [TestCase("gripper", 23, 5, .005, 4, Euler, 0, 0, Elliptic)]
    [TestCase("gripper-single", 21, 5, .005, 4, Euler, 0, 0, Elliptic)]
    [TestCase("gripper-moving", 27, 7, .005, 4, Euler, 0, 0, Elliptic)]
    [TestCase("canada2d", 21, 3, .005, 4, Euler, 0, 0, Elliptic)]
    [TestCase("cheetah", 17, 6, .01, 5, Euler, -9.81)]
    [TestCase("swimmer6", 17, 6, .005, 10, Implicit, 0, NoContacts, 0, 3000)]
    [TestCase("ant", 31, 8, .01, 5, Rk4, -9.81)]
    [TestCase("walker2d", 18, 6, .0025, 10, Euler, -9.81)]
    public void Sizes_and_steps(string name, int observations, int actions, double timestep, int substeps,
    int integrator, double gravity,
        int disabled = 0, int cone = 0, double density = 0)
    {
        using ControlTask task = ControlTask.Load(name);
        var model = new PrintedModel(name);
        Assert.That(task.Name, Is.EqualTo(name));
        Assert.That((task.ObservationSize, task.ActionSize, task.Horizon), Is.EqualTo((observations, actions, 150)));
        Assert.That((task.Model.Timestep, task.Definition.Substeps), Is.EqualTo((timestep, substeps)));
        Assert.That(task.ControlStep, Is.EqualTo(timestep * substeps).Within(1e-15));
        Assert.That(model.Option("integrator"), Is.EqualTo(new double[] { integrator }));
        Assert.That(model.Option("gravity"), Is.EqualTo(new[] { 0, 0, gravity }));
        Assert.That(model.Option("disableflags"), Is.EqualTo(new double[] { disabled }));
        Assert.That(model.Option("cone"), Is.EqualTo(new double[] { cone }));
        Assert.That(model.Option("density").Concat(model.Option("viscosity")), Is.EqualTo(new[] { density, 0 }));
        for (int i = 0; i < actions; i++)
            Assert.That(model.Of("ACTUATOR", i, "actuator_ctrlrange")
                .Append(model.Of("ACTUATOR", i, "actuator_ctrllimited")[0]),
                Is.EqualTo(new[] { -1, 1, 1 }), "controls are the actions");
    }

    // low, high, damping, armature, gear; a gear of 0 means no motor
    [TestCase("cartpole", "slider", -1.8, 1.8, 5e-4, 0, 10)]
    [TestCase("cartpole", "hinge", Free, Free, 2e-6, 0, 0)]
    [TestCase("reacher", "j1", Free, Free, .5, .01, 5)]
    [TestCase("reacher", "j2", -2.8, 2.8, .3, .01, 3)]
    [TestCase("reacher", "j3", -2.8, 2.8, .15, .01, 1.5)]
    [TestCase("peg", "j1", Free, Free, .8, .01, 5)]
    [TestCase("peg", "j2", -2.8, 2.8, .5, .01, 3)]
    [TestCase("peg", "j3", -2.8, 2.8, .2, .01, 1.5)]
    [TestCase("gripper gripper-moving", "j1", Free, Free, 2, .002, 5)]
    [TestCase("gripper gripper-moving", "j2", -2.8, 2.8, 1.2, .002, 3)]
    [TestCase("gripper gripper-moving", "j3", -2.5, 2.5, .6, .002, 1.5)]
    [TestCase("gripper gripper-moving", "f1", -.4, .7, .1, .002, .5)]
    [TestCase("gripper gripper-moving", "f2", -.7, .4, .1, .002, .5)]
    [TestCase("gripper", "object_x object_y", -1.2, 1.2, 2, 0, 0)]
    [TestCase("gripper-moving", "object_x object_y", -2.5, 2.5, 2, 0, 0)]
    [TestCase("gripper-moving", "platform_x platform_y", -2, 2, 12, 0, 40)]
    [TestCase("canada2d", "j1", Free, Free, .5, .002, 5)]
    [TestCase("canada2d", "j2", -2.9, 2.9, .3, .002, 3)]
    [TestCase("canada2d", "j3", -2.9, 2.9, .15, .002, 1.5)]
    [TestCase("canada2d", "puck_x puck_y", -3, 3, .2, 0, 0)]
    [TestCase("cheetah", "root_x root_z pitch", Free, Free, 0, 0, 0)]
    [TestCase("cheetah", "back_thigh", -.52, 1.05, 6, .1, 120, 240)]
    [TestCase("cheetah", "back_shin", -.785, .785, 4.5, .1, 90, 180)]
    [TestCase("cheetah", "back_foot", -.4, .785, 3, .1, 60, 120)]
    [TestCase("cheetah", "front_thigh", -1, .7, 4.5, .1, 120, 180)]
    [TestCase("cheetah", "front_shin", -1.2, .87, 3, .1, 60, 120)]
    [TestCase("cheetah", "front_foot", -.5, .5, 1.5, .1, 30, 60)]
    [TestCase("swimmer6", "root_x root_y heading", Free, Free, 0, 0, 0)]
    [TestCase("swimmer6", "j1 j2 j3 j4 j5 j6", -.9, .9, 0, 1e-6, .008)]
    [TestCase("ant", "root", Free, Free, 0, 0, 0)]
    [TestCase("ant", "hip1 hip2 hip3 hip4", -30 * Degree, 30 * Degree, 1, 1, 30)]
    [TestCase("ant", "ankle1 ankle4", 30 * Degree, 70 * Degree, 1, 1, 30)]
    [TestCase("ant", "ankle2 ankle3", -70 * Degree, -30 * Degree, 1, 1, 30)]
    [TestCase("walker2d", "root_z root_x pitch", Free, Free, 0, 0, 0)]
    [TestCase("walker2d", "right_hip left_hip", -20 * Degree, 100 * Degree, .1, .01, 100)]
    [TestCase("walker2d", "right_knee left_knee", -150 * Degree, 0, .1, .01, 50)]
    [TestCase("walker2d", "right_ankle left_ankle", -45 * Degree, 45 * Degree, .1, .01, 20)]
    public void Joints_and_motors(
        string tasks, string joints, double low, double high, double damping, double armature, double gear,
        double stiffness = 0)
    {
        bool limited = !double.IsNaN(low);
        foreach (PrintedModel model in tasks.Split(' ').Select(name => new PrintedModel(name)))
            foreach (string joint in joints.Split(' '))
            {
                int id = model.Names("JOINT").IndexOf(joint), dof = (int)Of("dofadr")[0];
                IEnumerable<double> gears = Enumerable.Range(0, model.Names("ACTUATOR").Count)
                    .Where(i => model.Of("ACTUATOR", i, "actuator_trnid")[0] == id)
                    .Select(i => model.Of("ACTUATOR", i, "actuator_gear")[0]);
                Assert.That(Of("limited"), Is.EqualTo(new double[] { limited ? 1 : 0 }), joint);
                if (limited) Assert.That(Of("range"), Is.EqualTo(new[] { low, high }).Within(1e-7), joint);
                Assert.That(Of("stiffness"), Is.EqualTo(new[] { stiffness }), joint);
                Assert.That(model.Of("DOF", dof, "dof_damping"), Is.EqualTo(new[] { damping }), joint);
                Assert.That(model.Of("DOF", dof, "dof_armature"), Is.EqualTo(new[] { armature }), joint);
                Assert.That(gears, Is.EqualTo(gear == 0 ? [] : new[] { gear }), joint);

                double[] Of(string field) => model.Of("JOINT", joint, $"jnt_{field}");
            }
    }

    [TestCase("cartpole", "slider", "jnt_solref", .08, 1)]
    [TestCase("cheetah", "back_thigh", "jnt_solref", .02, 1)]
    [TestCase("cheetah", "back_thigh", "jnt_solimp", 0, .8, .03)]
    [TestCase("swimmer6", "j1", "jnt_solref", .02, 1)]
    [TestCase("swimmer6", "j1", "jnt_solimp", .8, .95, .05)]
    [TestCase("walker2d", "right_hip", "jnt_solimp", 0, .99, .01)]
    public void Limits_are_as_soft(string name, string joint, string field, params double[] expected)
    {
        var model = new PrintedModel(name);
        Assert.That(model.Of("JOINT", joint, field)[..expected.Length], Is.EqualTo(expected));
    }

    [TestCase("cartpole", 1.1, "cart", 1, "pole", .1)]
    [TestCase("reacher", .4733 + .4105 + .3477, "upper", .4733, "fore", .4105, "hand", .3477)]
    [TestCase("peg", .5362 + .4733 + .3477, "upper", .5362, "fore", .4733, "peg", .3477)]
    [TestCase("gripper", -1, "upper", .4733, "fore", .4105, "object", .2)]
    [TestCase("gripper-moving", -1, "platform", 3, "upper", .4733, "fore", .4105, "object", .2)]
    [TestCase("canada2d", -1, "upper", .4733, "fore", .4105, "puck", .1)]
    [TestCase("cheetah", 14)]
    [TestCase("swimmer6", .07, "head", .01, "link1", .01, "link2", .01, "link3", .01, "link4", .01, "link5", .01,
        "link6", .01)]
    [TestCase("ant", .911)]
    [TestCase("walker2d", 28.54)]
    public void Masses(string name, double total, params object[] masses)
    {
        var model = new PrintedModel(name);
        double sum = model.Names("BODY").Select((_, i) => model.Of("BODY", i, "body_mass")[0]).Sum();
        if (total > 0) Assert.That(sum, Is.EqualTo(total).Within(total < 1 ? 1.5e-4 : 0.005));
        for (int i = 0; i < masses.Length; i += 2)
            Assert.That(model.Of("BODY", (string)masses[i], "body_mass")[0],
                Is.EqualTo(Convert.ToDouble(masses[i + 1])).Within(5e-5));
    }
}
