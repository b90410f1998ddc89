using System.Text.RegularExpressions;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Rendering;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>Pictures show the state, the target and the path; everything native is freed.</summary>
[Needs(Need.Egl)]
internal sealed class StateRendererTests : MujocoFixture
{
    private const int Width = 160, Height = 120;
    private static readonly double[] Stretched = [0, 0, 0], Bent = [1.2, -0.8, 0.5], Target = [-0.4, 0.5],
        OtherTarget = [0.3, -0.6];

    [Test]
    public void Target_and_arm_are_where_they_are()
    {
        using StateRenderer renderer = Reacher(Width, Height);
        PixelImage image = Draw(renderer, Stretched, Target), other = Draw(renderer, Stretched, OtherTarget);
        (int x, int y) = PictureProbe.InReacher(image, Target[0], Target[1]);
        (int armX, int armY) = PictureProbe.InReacher(image, 0.5, 0);
        Assert.That(PictureProbe.IsTarget(image.At(x, y)), $"{image.At(x, y)} at the target");
        Assert.That(PictureProbe.IsTarget(other.At(x, y)), Is.False, "where no target is");
        Assert.That(image.At(armX, armY).Blue, Is.GreaterThan(1.5 * image.At(armX, armY).Red), "the arm");
        Assert.That(image.At(armX, armY - 15).Blue, Is.LessThan(1.2 * image.At(armX, armY - 15).Red),
            "the table beside it");
        Assert.That(PictureProbe.Targets(image), Is.InRange(20, 120), "pixels of a ball");
    }

    [Test]
    public void Same_state_has_the_same_bytes_and_another_has_others()
    {
        using StateRenderer renderer = Reacher(31, 17);
        using StateRenderer second = Reacher(31, 17);
        byte[] first = Draw(renderer, Bent, Target).Rgb;
        Assert.That(first, Has.Length.EqualTo(31 * 17 * 3));
        Assert.That(Draw(renderer, Stretched, Target).Rgb, Is.Not.EqualTo(first));
        Assert.That(Draw(renderer, Bent, Target).Rgb, Is.EqualTo(first));
        Assert.That(Draw(second, Bent, Target).Rgb, Is.EqualTo(first));
        Assert.That(Task.Run(() => Draw(second, Bent, Target).Rgb).Result, Is.EqualTo(first), "on another thread");
    }

    [Test]
    public void Path_grows_until_another_episode_begins()
    {
        using StateRenderer renderer = Reacher(Width, Height);
        PixelImage alone = Draw(renderer, Bent, Target);
        renderer.ClearPath();
        for (int i = 0; i <= 20; i++) renderer.AddState([1.2 - 0.05 * (20 - i), -0.8, 0.5], Target);
        int travelled = PictureProbe.Path(renderer.Draw());
        Assert.That(travelled, Is.GreaterThan(PictureProbe.Path(alone) + 40));
        Assert.That(Draw(renderer, Bent, Target).Rgb, Is.EqualTo(alone.Rgb));
    }

    [TestCaseSource(typeof(TaskLibrary), nameof(TaskLibrary.Names))]
    public void Built_in_task_shows_its_marks(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        using var environment = new ControlEnvironment(task);
        using var renderer = new StateRenderer(task, Width, Height, task.Model.CameraNames[0]);
        environment.Reset(3, RandomStream.TestReset, 0);
        for (int step = 0; step < 40 && !environment.Done; step++)
        {
            renderer.AddState(environment.Qpos, environment.Constants);
            environment.Step(Episodes.RandomAction(task.ActionSize, 0, step));
        }
        PixelImage image = renderer.Draw();
        Assert.That(PictureProbe.Colours(image), Is.GreaterThan(200));
        Assert.That(PictureProbe.Targets(image),
            task.Definition.Picture.Targets.IsEmpty ? Is.Zero : Is.GreaterThan(10));
        Assert.That(task.Definition.Picture.Path, Is.Not.Empty);
        Assert.That(PictureProbe.Path(image), Is.GreaterThan(3));
    }

    [Test]
    public void Size_of_the_picture_does_not_depend_on_the_models()
    {
        // the model says 1280 x 960
        using StateRenderer large = Reacher(1402, 1050);
        PixelImage image = Draw(large, Stretched, Target);
        Assert.That(image.Rgb, Has.Length.EqualTo(1402 * 1050 * 3));
        Assert.That(image.At(1401, 0).Red, Is.GreaterThan(100), "the table reaches the corner");
        using StateRenderer small = Reacher(20, 10);
        Assert.That(Draw(small, Stretched, Target).Rgb, Has.Length.EqualTo(600));
    }

    [Test]
    public void Fifty_pictures_leave_nothing_behind()
    {
        for (int round = 0; round < 5; round++)
        {
            using (StateRenderer renderer = Reacher(32, 24))
            {
                for (int i = 0; i < 10; i++) Draw(renderer, [0.1 * i, 0, 0], Target);
                // model, simulation, context with its buffer, and the four buffers of a scene
                Assert.That(NativeObjects.Alive, Is.EqualTo(Before + 8));
            }
            Assert.That(NativeObjects.Alive, Is.EqualTo(Before));
        }
    }

    [Test]
    public void Model_without_cameras_is_seen_whole()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher");
        scratch.ChangeModel("reacher", Regex.Match(ScratchFolder.BuiltIn("reacher.xml"), "<camera[^>]*>").Value, "");
        using ControlTask task = ControlTask.Load(path);
        Assert.That(task.Model.CameraNames, Is.Empty);
        using var renderer = new StateRenderer(task, Width, Height);
        Assert.That(PictureProbe.Targets(Draw(renderer, Stretched, Target)), Is.GreaterThan(20));
        Assert.That(() => new StateRenderer(task, 8, 8, "top"), Throws.TypeOf<RenderingException>()
            .With.Message.EqualTo("reacher's model has no camera 'top'; it names none"));
    }

    [Test]
    public void Floor_does_not_decide_the_view_and_zoom_enlarges_it([Values("free", "top")] string camera)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher");
        double near = Apart(1);
        Assert.That(near, Is.GreaterThan(20));
        Assert.That(Apart(2), Is.EqualTo(2 * near).Within(5).Percent);
        Assert.That(Apart(0.5), Is.EqualTo(near / 2).Within(5).Percent);
        scratch.ChangeModel("reacher", "<worldbody>", "<worldbody><geom type='plane' size='90 90 1' pos='0 0 -9'/>");
        Assert.That(Apart(1), Is.EqualTo(near).Within(5).Percent, "with a large floor");

        // pixels between two targets
        double Apart(double zoom)
        {
            using ControlTask task = ControlTask.Load(path);
            using var renderer = new StateRenderer(task, 4 * Width, 4 * Height, camera, zoom);
            (double x, double y) = PictureProbe.Target(Draw(renderer, Stretched, [0.4, 0.05]));
            (double otherX, double otherY) = PictureProbe.Target(Draw(renderer, Stretched, [0.2, 0.05]));
            return double.Hypot(x - otherX, y - otherY);
        }
    }

    [Test]
    public void What_cannot_be_drawn_is_refused_in_a_sentence()
    {
        Assert.That(() => Reacher(8, 8, "tip"), Throws.TypeOf<RenderingException>()
            .With.Message.EqualTo("reacher's model has no camera 'tip'; did you mean 'top'?"));
        Assert.That(() => Reacher(0, 8),
            Throws.TypeOf<RenderingException>().With.Message.Contains("sizes go from 1 to 16384"));
        Assert.That(() => Reacher(16384, 16385), Throws.TypeOf<RenderingException>());
    }

    [Test]
    public void A_state_of_another_size_is_refused()
    {
        using StateRenderer renderer = Reacher(Width, Height);
        Assert.That(() => renderer.AddState([0, 0], Target), Throws.ArgumentException
            .With.Message.EqualTo("2 positions and 2 constants are not a state of this task; give 3 and 2"));
        Assert.That(() => renderer.AddState(Stretched, [0, 0, 0]), Throws.ArgumentException
            .With.Message.StartsWith("3 positions and 3 constants"));
    }

    [Test]
    public void Renderers_of_two_sizes_may_be_made_at_once()
    {
        using ControlTask task = ControlTask.Load("reacher");
        (int, int) frame = Frame(task);
        using var together = new Barrier(2);
        int[][] lengths = [.. new[] { 31, 158 }.Select(width => Task.Run(() =>
        {
            var found = new int[10];
            try
            {
                for (int i = 0; i < found.Length; i++)
                {
                    together.SignalAndWait();
                    using var renderer = new StateRenderer(task, width, 17);
                    found[i] = Draw(renderer, Bent, Target).Rgb.Length;
                }
                return found;
            }
            finally
            {
                together.RemoveParticipant(); // the other continues alone
            }
        })).ToArray().Select(t => t.Result)];
        Assert.That(lengths[0], Is.All.EqualTo(3 * 31 * 17));
        Assert.That(lengths[1], Is.All.EqualTo(3 * 158 * 17));
        Assert.That(Frame(task), Is.EqualTo(frame), "the model is as it was");
    }

    private static unsafe (int Width, int Height) Frame(ControlTask task) =>
        *(ValueTuple<int, int>*)(task.Model.Native + VisualFunctions.Load(task.Model.Library).FrameAt);

    private static StateRenderer Reacher(int width, int height, string? camera = null)
    {
        using ControlTask task = ControlTask.Load("reacher");
        return new StateRenderer(task, width, height, camera);
    }

    private static PixelImage Draw(StateRenderer renderer, double[] qpos, double[] constants)
    {
        renderer.ClearPath();
        renderer.AddState(qpos, constants);
        return renderer.Draw();
    }
}
