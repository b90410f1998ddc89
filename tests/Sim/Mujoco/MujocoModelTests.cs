using Naf.Kernels.Observation;
using Naf.Sim;
using Naf.Sim.Mujoco;
using Naf.Sim.Mujoco.Layouts;
using NUnit.Framework;

namespace Naf.Tests;

public sealed class MujocoModelTests : MujocoFixture
{
    [Test]
    public void Sizes_names_and_ranges_are_those_of_the_file()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        Assert.Multiple(() =>
        {
            Assert.That((model.Nq, model.Nv, model.Nu, model.Na), Is.EqualTo((9, 8, 2, 1)));
            Assert.That((model.BodyCount, model.JointCount, model.SiteCount, model.SensorCount, model.SensorDataSize), Is.EqualTo((4, 3, 2, 2, 4)));
            Assert.That(model.Timestep, Is.EqualTo(0.002));
            Assert.That(model.IdOf(MujocoObject.Joint, "reach"), Is.EqualTo(2));
            Assert.That(model.IdOf(MujocoObject.Site, "tip"), Is.EqualTo(1));
            Assert.That(model.IdOf(MujocoObject.Body, "rod"), Is.EqualTo(3));
            Assert.That(model.IdOf(MujocoObject.Sensor, "tip"), Is.EqualTo(1));
            Assert.That(model.NameOf(MujocoObject.Actuator, 1), Is.EqualTo("reach"));
            Assert.That(model.NameOf(MujocoObject.Joint, 0), Is.EqualTo("float"));
            Assert.That(model.ControlRange.ToArray(), Is.EqualTo(new double[] { -2, 3, 0, 0 }));
            Assert.That(model.ControlLimited.ToArray(), Is.EqualTo(new byte[] { 1, 0 }));
        });
    }

    [Test]
    public void Joint_ranges_are_those_of_the_file()
    {
        using MujocoModel model = MujocoModel.LoadXml(ProbeModel.Xml);
        Assert.That(model.JointLimited.ToArray(), Is.EqualTo(new byte[] { 0, 0, 1, 0, 1 }));
        int swing = model.IdOf(MujocoObject.Joint, "swing"), twist = model.IdOf(MujocoObject.Joint, "twist");
        Assert.That(model.JointRange.Slice(2 * swing, 2).ToArray(), Is.EqualTo(new[] { -0.71, 0.93 }));
        Assert.That(model.JointRange.Slice(2 * twist, 2).ToArray(), Is.EqualTo(new[] { -0.21, 0.35 }));
    }

    [Test]
    public void Cameras_are_listed_by_name_however_many_there_are()
    {
        string cameras = string.Concat(Enumerable.Range(0, 300).Select(i => i % 2 == 0 ? "<camera/>" : $"<camera name='c{i}'/>"));
        using MujocoModel model = MujocoModel.LoadXml($"<mujoco><worldbody>{cameras}</worldbody></mujoco>");
        Assert.That(model.CameraCount, Is.EqualTo(300));
        Assert.That(model.CameraNames, Is.EqualTo(Enumerable.Range(0, 150).Select(i => $"c{2 * i + 1}")));
        Assert.That(model.Find(MujocoObject.Camera, "c299"), Is.EqualTo(299));
    }

    [Test]
    public void An_unknown_name_is_answered_with_the_known_ones()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        Assert.That(() => model.IdOf(MujocoObject.Joint, "knee"), Throws.TypeOf<MujocoException>()
            .With.Message.Contains("'knee'").And.Message.Contains("float, elbow, reach"));
        using MujocoModel nameless = MujocoModel.LoadXml(TestModels.Pendulum());
        Assert.That(() => nameless.IdOf(MujocoObject.Actuator, "m"), Throws.TypeOf<MujocoException>().With.Message.Contains("none"));
    }

    [Test]
    public void A_missing_file_is_named() =>
        Assert.That(() => MujocoModel.Load("no-such-model.xml"), Throws.TypeOf<MujocoException>().With.Message.Contains("no-such-model.xml"));

    [Test]
    public void Bad_models_are_reported_in_MuJoCo_s_words_with_element_and_line()
    {
        const string UnknownElement = "<mujoco>\n  <worldbody>\n    <bodi/>\n  </worldbody>\n</mujoco>";
        const string UnknownAttribute = "<mujoco>\n  <worldbody>\n    <body>\n      <joint typo=\"hinge\"/>\n    </body>\n  </worldbody>\n</mujoco>";
        const string NoMass = "<mujoco>\n  <worldbody>\n    <body name=\"ghost\">\n      <joint/>\n    </body>\n  </worldbody>\n</mujoco>";
        Assert.Multiple(() =>
        {
            Assert.That(() => MujocoModel.LoadXml(UnknownElement), Throws.TypeOf<MujocoException>()
                .With.Message.Contains("bodi").And.Message.Contains("line 3"));
            Assert.That(() => MujocoModel.LoadXml(UnknownAttribute), Throws.TypeOf<MujocoException>()
                .With.Message.Contains("typo").And.Message.Contains("line 4"));
            Assert.That(() => MujocoModel.LoadXml(NoMass), Throws.TypeOf<MujocoException>().With.Message.Contains("mass"));
            Assert.That(() => MujocoModel.LoadXml("this is no XML"), Throws.TypeOf<MujocoException>().With.Message.Contains("XML"));
            Assert.That(() => MujocoModel.LoadXml(""), Throws.TypeOf<MujocoException>());
        });
    }

    [Test]
    public void A_failed_file_load_names_the_file()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "<mujoco><bad/></mujoco>");
        try
        {
            Assert.That(() => MujocoModel.Load(file), Throws.TypeOf<MujocoException>().With.Message.Contains(file).And.Message.Contains("bad"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public void The_kinematic_tree_holds_what_the_file_says()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        KinematicTree tree = model.KinematicTree;
        Assert.Multiple(() =>
        {
            Assert.That((tree.Bodies.Length, tree.Joints.Length, tree.Sites.Length, tree.Nq, tree.Nv), Is.EqualTo((4, 3, 2, 9, 8)));
            Assert.That(tree.Bodies[0].Name, Is.EqualTo("world"));
            Assert.That(tree.Bodies[3], Is.EqualTo(new TreeBody("rod", 2, new(0.3, 0, 0), new(1, 0, 0, 0), 2, 1)));
            Assert.That(tree.Joints[0].Type, Is.EqualTo(TreeJointType.Free));
            TreeJoint elbow = tree.Joints[1], reach = tree.Joints[2];
            Assert.That((elbow.Type, elbow.Body, elbow.QposAddress, elbow.DofAddress), Is.EqualTo((TreeJointType.Hinge, 2, 7, 6)));
            Assert.That((elbow.Anchor, elbow.Reference), Is.EqualTo((new Vec3<double>(0.01, 0.02, 0), 0.3)));
            Assert.That((reach.Type, reach.QposAddress, reach.Axis), Is.EqualTo((TreeJointType.Slide, 8, new Vec3<double>(1, 0, 0))));
            Assert.That(tree.Sites[tree.FindSite("tip")].Position, Is.EqualTo(new Vec3<double>(0.1, 0, 0.02)));
            Assert.That(tree.Sites[1].Rotation.Z, Is.EqualTo(0.8).Within(1e-15));
            Assert.That(tree.Qpos0[7], Is.EqualTo(0.3));
            Assert.That(model.KinematicTree, Is.SameAs(tree));
        });
    }

    [Test]
    public void A_simulation_keeps_a_disposed_model_alive_until_its_own_end()
    {
        int before = MujocoModel.LiveCount;
        MujocoModel model = MujocoModel.LoadXml(TestModels.Pendulum());
        var data = new MujocoData(model);
        model.Dispose();
        model.Dispose();
        data.Step(10);
        Assert.That(MujocoModel.LiveCount, Is.EqualTo(before + 1));
        data.Dispose();
        data.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(MujocoModel.LiveCount, Is.EqualTo(before));
            Assert.That(() => new MujocoData(model), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => model.NameOf(MujocoObject.Body, 0), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => data.Step(), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(() => data.Qpos.Length, Throws.TypeOf<ObjectDisposedException>());
        });
    }

    [Test]
    public void No_temporary_file_is_left_behind()
    {
        using (MujocoModel.LoadXml(TestModels.Mixed)) { }
        Assert.That(Directory.GetFiles(Path.GetTempPath(), $"naf-model-{Environment.ProcessId}-*.xml"), Is.Empty);
    }
}
