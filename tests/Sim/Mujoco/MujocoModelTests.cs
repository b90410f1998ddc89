using Naf.Kernels.Observation;
using Naf.Sim;
using Naf.Sim.Mujoco;
using Naf.Sim.Mujoco.Layouts;

namespace Naf.Tests;

internal sealed class MujocoModelTests : MujocoFixture
{
    [Test]
    public void Sizes_names_and_ranges_are_those_of_the_file()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed), probe = MujocoModel.LoadXml(ProbeModel.Xml);
        Assert.That((model.Nq, model.Nv, model.Nu, model.Na, model.JointCount), Is.EqualTo((9, 8, 2, 1, 3)));
        Assert.That(model.Timestep, Is.EqualTo(0.002));
        Assert.That(model.Find(MujocoObject.Joint, "reach"), Is.EqualTo(2));
        Assert.That(model.Find(MujocoObject.Site, "tip"), Is.EqualTo(1));
        Assert.That(model.Find(MujocoObject.Body, "rod"), Is.EqualTo(3));
        Assert.That(model.Find(MujocoObject.Joint, "knee"), Is.EqualTo(-1));
        Assert.That(model.NameOf(MujocoObject.Actuator, 1), Is.EqualTo("reach"));
        Assert.That(model.ControlRange.ToArray(), Is.EqualTo(new double[] { -2, 3, 0, 0 }));
        Assert.That(model.ControlLimited.ToArray(), Is.EqualTo(new byte[] { 1, 0 }));
        Assert.That(probe.JointLimited.ToArray(), Is.EqualTo(new byte[] { 0, 0, 1, 0, 1 }));
        Assert.That(probe.JointRange.ToArray(), Is.EqualTo(new[] { 0, 0, 0, 0, -0.71, 0.93, 0, 0, -0.21, 0.35 }));
    }

    [Test]
    public void Cameras_are_listed_by_name_however_many_there_are()
    {
        string cameras = string.Concat(
            Enumerable.Range(0, 300).Select(i => i % 2 == 0 ? "<camera/>" : $"<camera name='c{i}'/>"));
        using MujocoModel model = MujocoModel.LoadXml($"<mujoco><worldbody>{cameras}</worldbody></mujoco>");
        Assert.That(model.CameraNames, Is.EqualTo(Enumerable.Range(0, 150).Select(i => $"c{2 * i + 1}")));
        Assert.That(model.Find(MujocoObject.Camera, "c299"), Is.EqualTo(299));
    }

    [Test]
    public void A_missing_file_is_named_and_an_empty_text_refused()
    {
        Assert.That(() => MujocoModel.Load("no-such-model.xml"),
            Throws.TypeOf<MujocoException>().With.Message.Contains("no-such-model.xml"));
        Assert.That(() => MujocoModel.LoadXml(""), Throws.TypeOf<MujocoException>());
    }

    [TestCase("\n    <bodi/>", "bodi", "line 3")]
    [TestCase("\n    <body>\n      <joint typo=\"hinge\"/>\n    </body>", "typo", "line 4")]
    [TestCase("\n    <body name=\"ghost\">\n      <joint/>\n    </body>", "mass", "")]
    [TestCase(null, "XML", "")]
    public void Bad_models_are_reported_in_MuJoCo_s_words(string? body, string element, string line)
    {
        string xml = body is null ? "this is no XML" : $"<mujoco>\n  <worldbody>{body}\n  </worldbody>\n</mujoco>";
        Assert.That(() => MujocoModel.LoadXml(xml),
            Throws.TypeOf<MujocoException>().With.Message.Contains(element).And.Message.Contains(line));
        Assert.That(Directory.GetFiles(Path.GetTempPath(), $"naf-model-{Environment.ProcessId}-*.xml"), Is.Empty,
            "temporary files");
    }

    [TestCase("<option integrator=\"implicitfaster\"/>", true)]
    [TestCase("<option speed=\"9\"/>", true)]
    [TestCase("<worldbody><flexible/></worldbody>", true)]
    [TestCase("<worldbody><geom size=\"-1\"/></worldbody>", false)]
    public void A_word_of_a_newer_release_is_thought_of(string xml, bool hints)
    {
        string version = MujocoLibrary.Load().Version;
        if (version == MujocoLayout.All[^1].Version) Assert.Ignore("this is the newest release that is known here");
        string message = Assert.Throws<MujocoException>(() => MujocoModel.LoadXml($"<mujoco>{xml}</mujoco>"))!.Message;
        Assert.That(message.Contains($"; correct the model, or set MUJOCO_PATH to the folder of a MuJoCo newer than "
            + $"{version} that knows it"), Is.EqualTo(hints), message);
    }

    [TestCase("<mujoco><body/></mujoco>", "; put it where it belongs, or, if the file is a part of models, name one")]
    [TestCase("<mujocoinclude/>", "; it is a part of models: name one that includes it")]
    public void A_part_of_a_model_is_told_from_a_word_of_a_newer_release(string xml, string remedy) =>
        Assert.That(Assert.Throws<MujocoException>(() => MujocoModel.LoadXml(xml))!.Message,
            Does.Contain(remedy).And.Not.Contain("MUJOCO_PATH"));

    [Test]
    public void The_order_of_actuators_that_old_releases_need_is_said_to_be_theirs()
    {
        const string Xml = "<mujoco><worldbody><body><joint name=\"j\"/><geom size=\"1\"/></body></worldbody><actuator>"
            + "<general joint=\"j\" dyntype=\"filter\"/><motor joint=\"j\"/></actuator></mujoco>";
        // MuJoCo 2.3.1 and newer take actuators in any order
        if (Version.Parse(MujocoLibrary.Load().Version) >= new Version(2, 3, 1))
            Assert.That(() => MujocoModel.LoadXml(Xml).Dispose(), Throws.Nothing);
        else
            Assert.That(() => MujocoModel.LoadXml(Xml), Throws.TypeOf<MujocoException>()
                .With.Message.EndsWith("; reorder them, or set MUJOCO_PATH to the folder of MuJoCo 2.3.1 or newer"));
    }

    [Test]
    public void A_failed_file_load_names_the_file()
    {
        File.WriteAllText(Folder["model.xml"], "<mujoco><bad/></mujoco>");
        Assert.That(() => MujocoModel.Load(Folder["model.xml"]),
            Throws.TypeOf<MujocoException>().With.Message.Contains(Folder["model.xml"]).And.Message.Contains("'bad'"));
    }

    [Test]
    public void The_kinematic_tree_holds_what_the_file_says()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        KinematicTree tree = model.KinematicTree;
        Assert.That((tree.Bodies.Length, tree.Joints.Length, tree.Sites.Length, tree.Nq, tree.Nv),
            Is.EqualTo((4, 3, 2, 9, 8)));
        Assert.That(tree.Bodies[0].Name, Is.EqualTo("world"));
        Assert.That(tree.Bodies[3], Is.EqualTo(new TreeBody("rod", 2, new(0.3, 0, 0), new(1, 0, 0, 0), 2, 1)));
        TreeJoint free = tree.Joints[0], elbow = tree.Joints[1], reach = tree.Joints[2];
        Assert.That((free.Name, free.Type), Is.EqualTo(("float", TreeJointType.Free)));
        Assert.That((elbow.Type, elbow.Body, elbow.QposAddress, elbow.DofAddress),
            Is.EqualTo((TreeJointType.Hinge, 2, 7, 6)));
        Assert.That((elbow.Anchor, elbow.Reference), Is.EqualTo((new Vec3<double>(0.01, 0.02, 0), 0.3)));
        Assert.That((reach.Type, reach.QposAddress, reach.Axis),
            Is.EqualTo((TreeJointType.Slide, 8, new Vec3<double>(1, 0, 0))));
        Assert.That(tree.Sites[tree.FindSite("tip")].Position, Is.EqualTo(new Vec3<double>(0.1, 0, 0.02)));
        Assert.That(tree.Sites[1].Rotation.Z, Is.EqualTo(0.8).Within(1e-15));
        Assert.That(tree.Qpos0[7], Is.EqualTo(0.3));
        Assert.That(model.KinematicTree, Is.SameAs(tree));
        using MujocoModel bare = MujocoModel.LoadXml(TestModels.Pendulum());
        Assert.That(bare.KinematicTree.Sites, Is.Empty);
    }

    [Test]
    public void A_simulation_keeps_a_disposed_model_alive_until_its_own_end()
    {
        MujocoModel model = MujocoModel.LoadXml(TestModels.Pendulum());
        var data = new MujocoData(model);
        model.Dispose();
        model.Dispose();
        data.Step(10);
        Assert.That(NativeObjects.Alive, Is.EqualTo(Before + 2), "model and simulation");
        data.Dispose();
        data.Dispose();
        Assert.That(NativeObjects.Alive, Is.EqualTo(Before));
        Assert.That(() => new MujocoData(model), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => model.NameOf(MujocoObject.Body, 0), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => data.Step(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => data.Qpos.Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void Models_load_on_several_threads_at_once()
    {
        var sizes = new int[16];
        Parallel.For(0, sizes.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            using MujocoModel model = MujocoModel.LoadXml(i % 2 == 0 ? TestModels.Mixed : TestModels.Pendulum());
            sizes[i] = model.Nq;
        });
        Assert.That(sizes, Is.EqualTo(sizes.Select((_, i) => i % 2 == 0 ? 9 : 1)));
    }
}
