using Naf.Host.Runs;

namespace Naf.Tests;

/// <summary>A run holds its task: it needs nothing outside its folder.</summary>
internal sealed class RunTaskTests : FolderFixture
{
    private const string Observed = "{sin_cos: pole}, {velocity: pole}",
        Swapped = "{cos: pole}, {sin: pole}, {velocity: pole}";

    private string Run => Folder["run"];

    private string Task => Folder["outside/tasks/t.yaml"];

    [Test]
    public void It_is_used_wherever_the_run_and_the_task_are_moved()
    {
        Train(meshes: Folder["outside/meshes"]);
        string score = Score(Run), moved = Folder["other/moved"];
        Directory.Move(Folder["outside"], Folder["elsewhere"]);
        Directory.CreateDirectory(Folder["other"]);
        Directory.Move(Run, moved);
        Assert.That(Score(moved), Is.EqualTo(score));
        TinyRun.CliJson("evaluate", moved, "--verify", "--json");
        Assert.That(TinyRun.CliError(0, "train", "--resume", moved, "--episodes", "3"), Is.Empty);
    }

    [TestCase("tasks/t.yaml", "horizon: 20", "horizon: 30", "tasks/t.yaml")]
    [TestCase("models/m.xml", "damping=\"1\"", "damping=\"2\"", "models/m.xml")]
    [TestCase("models/i.xml", "300", "400", "models/i.xml")]
    [TestCase("meshes/a.stl", "solid", "SOLID", "meshes/a.stl")]
    [TestCase("tasks/t.yaml", "model:", "modell:", "tasks/t.yaml")]
    public void A_change_outside_is_named_and_has_no_effect(string file, string old, string replacement, string named)
    {
        Train();
        string score = Score(Run);
        Change(Folder[$"outside/{file}"], old, replacement);
        foreach (string[] command in (string[][])
            [["evaluate", Run, "--json"], ["train", "--resume", Run, "--episodes", "2"]])
        {
            (int exitCode, string output, string error) = TinyRun.Cli(command);
            Assert.That(exitCode, Is.Zero, error);
            Assert.That(error, Is.EqualTo($"naf: the task {Task} has changed since the run was begun ({named}); "
                + "the run keeps to its own copy\n"));
            if (command[0] == "evaluate") Assert.That(output, Does.Contain(score));
        }
    }

    [Test]
    public void A_built_in_task_is_kept_too()
    {
        TinyRun.Train(Run, 1);
        Assert.That(Directory.GetFiles(Folder["run/task"]).Select(Path.GetFileName),
            Is.EquivalentTo(new[] { "cartpole.yaml", "cartpole.xml" }));
        Assert.That(RunConfig.Read(Folder["run/config.yaml"]).Files.Select(f => f.Name),
            Is.EqualTo(new[] { "task/cartpole.yaml", "task/cartpole.xml" }));
    }

    [TestCase(true, "is missing; bring it back")]
    [TestCase(false, "is not what it was; bring it back")]
    public void A_changed_copy_is_refused(bool deleted, string message)
    {
        Train();
        string copy = Folder["run/task/models/m.xml"];
        if (deleted) File.Delete(copy);
        else Change(copy, "damping=\"1\"", "damping=\"2\"");
        foreach (string[] command in (string[][])
            [["evaluate", Run], ["evaluate", Run, "--verify"], ["train", "--resume", Run]])
            Assert.That(TinyRun.CliError(1, command), Does.Contain(copy).And.Contain(message)
                .And.Contain("or take a task on purpose (--task FILE)"));
        TinyRun.CliError(0, "evaluate", Run, "--task", Task);
    }

    [Test]
    public void Another_task_is_taken_on_purpose_if_it_fits()
    {
        Train();
        string score = Score(Run);
        Change(Task, "weight: -1", "weight: -2");
        Assert.That(TinyRun.CliJson("evaluate", Run, "--task", Task, "--json").Number("mean"),
            Is.EqualTo(2 * double.Parse(score, CultureInfo.InvariantCulture)).Within(1e-9));
        TinyRun.CliError(0, "train", "--resume", Run, "--task", Task, "--episodes", "2");
        RunConfig config = RunConfig.Read(Folder["run/config.yaml"]);
        Assert.That(config.Files.Select(f => f.Name), Is.All.StartsWith("task-2/"));
        Assert.That(config.History,
            Is.EqualTo(new[] { $"after episode 1: the task is {Task}, kept as task-2/tasks/t.yaml" }));
        Assert.That(TinyRun.CliError(0, "evaluate", Run), Is.Empty);

        Change(Task, Observed, Swapped);
        foreach (string[] command in (string[][])[["evaluate", Run], ["evaluate", Run, "--verify"],
            ["render", Run, "--out", Folder["a.png"]], ["train", "--resume", Run, "--episodes", "3"]])
            Assert.That(TinyRun.CliError(1, [.. command, "--task", Task]), Does.Contain(
                $"{Task} does not fit the run: its observation 1 is 'pole.cos' and the run's 'pole.sin'"));
        Change(Task, Swapped, $"{Observed}, {{constant: c}}");
        Change(Task, "reset", "constants: {c: 1}\nreset");
        Assert.That(TinyRun.CliError(1, "evaluate", Run, "--task", Task),
            Does.Contain("its observation 4 is 'c' and the run's missing"));
        Assert.That(RunConfig.Read(Folder["run/config.yaml"]).Text, Is.EqualTo(config.Text));
    }

    [Test]
    public void A_run_without_copies_goes_by_its_path()
    {
        Train();
        string score = Score(Run), config = File.ReadAllText(Folder["run/config.yaml"]);
        File.WriteAllText(Folder["run/config.yaml"], config[..config.IndexOf("files:", StringComparison.Ordinal)]);
        Directory.Delete(Folder["run/task"], recursive: true);
        Assert.That(Score(Run), Is.EqualTo(score));
        TinyRun.CliError(0, "train", "--resume", Run, "--episodes", "2");
        Directory.Move(Folder["outside"], Folder["moved"]);
        Assert.That(TinyRun.CliError(1, "evaluate", Run), Does.Contain(
            "has no copy of it; bring it back, or name it where it is now (--task FILE)"));
        TinyRun.CliError(0, "evaluate", Run, "--task", Folder["moved/tasks/t.yaml"]);
    }

    [Test]
    [Platform("Linux")]
    public void What_cannot_be_kept_is_refused()
    {
        // the system takes link/.. for the parent of the link's target
        Write();
        Directory.CreateDirectory(Folder["far/deep"]);
        File.Move(Folder["outside/models/i.xml"], Folder["far/i.xml"]);
        Directory.CreateSymbolicLink(Folder["outside/models/link"], Folder["far/deep"]);
        Change(Folder["outside/models/m.xml"], "i.xml", "link/../i.xml");
        Assert.That(TinyRun.CliError(1, Arguments),
            Does.Contain($"{Task} can't be copied into the run: MuJoCo can't load").And
                .Contain("give the files that its model needs by paths relative to the model"));
        Assert.That(Directory.Exists(Run), Is.False, "nothing is left of it");
    }

    private string[] Arguments => ["train", Task, "--out", Run, "--episodes", "1",
        .. TinyRun.Settings.SelectMany(s => new[] { "--set", s })];

    private static string Score(string run) =>
        TinyRun.CliJson("evaluate", run, "--json").GetProperty("mean").GetRawText();

    private static void Change(string file, string old, string replacement)
    {
        string text = File.ReadAllText(file);
        Assert.That(text, Does.Contain(old));
        File.WriteAllText(file, text.Replace(old, replacement));
    }

    private void Train(string meshes = "../meshes")
    {
        Write(meshes);
        Assert.That(TinyRun.CliError(0, Arguments), Is.Empty);
    }

    // a task with an include and a mesh, in three folders
    private void Write(string meshes = "../meshes")
    {
        foreach (string name in (string[])["tasks", "models", "meshes"])
            Directory.CreateDirectory(Folder[$"outside/{name}"]);
        File.WriteAllText(Task, $$$"""
            name: t
            description: a pole
            model: ../models/m.xml
            substeps: 2
            horizon: 20
            reset: [{position: pole, normal: 1}]
            observation: [{{{Observed}}}]
            reward: [{quadratic: [pole.sin, pole.cos, pole.velocity], weight: -1}]
            """);
        File.WriteAllText(Folder["outside/models/m.xml"], $"""
            <mujoco><compiler meshdir="{meshes}"/><include file="i.xml"/><asset><mesh name="a" file="a.stl"/></asset>
            <worldbody>
              <body><joint name="pole" axis="0 1 0" damping="1"/><geom type="mesh" mesh="a"/></body>
            </worldbody>
            <actuator><motor joint="pole" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>
            """);
        File.WriteAllText(Folder["outside/models/i.xml"],
            "<mujocoinclude><default><geom density=\"300\"/></default></mujocoinclude>");
        File.WriteAllBytes(Folder["outside/meshes/a.stl"], Tetrahedron());
    }

    // binary STL; its 80 bytes of title are free
    private static byte[] Tetrahedron()
    {
        float[] at = [0, 0, 0, 0.2f, 0, 0, 0, 0.2f, 0, 0, 0, 0.2f];
        int[] corners = [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3];
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Encoding.ASCII.GetBytes("a solid".PadRight(80)));
        writer.Write(4);
        for (int face = 0; face < 4; face++)
        {
            for (int i = 0; i < 3; i++) writer.Write(0f);
            foreach (int corner in corners.AsSpan(3 * face, 3))
                foreach (float x in at.AsSpan(3 * corner, 3)) writer.Write(x);
            writer.Write((short)0);
        }
        return bytes.ToArray();
    }
}
