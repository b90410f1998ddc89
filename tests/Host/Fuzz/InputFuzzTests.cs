using Naf.Gpu.Devices;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Sweeps;
using Naf.Kernels.Random;
using Naf.Sim;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Processes;
using Naf.Sim.Tasks;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Tests;

/// <summary>Random changes of files and messages that a user writes: each is taken, or refused in a sentence.</summary>
internal sealed class InputFuzzTests : MujocoFixture
{
    private const string Settings = """
        # comment
        hidden: [8, 9]
        tau: 0.01
        noise_scale: 0.3      # more
        imagination: fitted
        algorithm: "ddpg"
        normalisation: batch
        """;

    private const string Hello = """
        {"name": "scripted", "observation": {"low": [null, -1], "high": [null, 1]},
        "action": {"low": [-2], "high": [3]}, "max_episode_steps": 5, "repeatable": true,
        "reward": {"terms": [{"kind": "smooth_norm", "weight": -1, "alpha": 0.1, "index": [0, 2],
        "centre": [0, 0], "scale": [1, 0.01]}],
        "bounds": [{"index": 1, "low": null, "high": 0.9}], "termination_reward": -3}}
        """;

    private const string Answers = """

        {"busy": "homing"}
        {"observation": [0.5, 1e-3]}
        {"observation": [1, 0], "reward": -1, "terminated": false, "truncated": false}
        {"observation": [1, 0], "reward": -1, "terminated": false, "truncated": true}
        """;

    private static readonly string Docs = Path.Combine(Repository.Root, "docs", "examples");

    [Test]
    public void Task_files()
    {
        string[] tasks = [.. TaskLibrary.Files.Select(file => file.Path),
            .. ((string[])["acrobot", "press", "rod"]).Select(name => Path.Combine(Docs, name, $"{name}.yaml"))];
        foreach (string task in tasks)
            foreach (string model in Directory.GetFiles(Path.GetDirectoryName(task)!, "*.xml"))
                File.Copy(model, Folder[Path.GetFileName(model)], overwrite: true);
        AssertHandled(random => Fuzz.Mutated(random, File.ReadAllText(tasks[random.Next(tasks.Length)])), path =>
        {
            using ControlTask task = ControlTask.Load(path);
            if (task.Definition.Substeps > 100) return;
            using var environment = new ControlEnvironment(task);
            environment.Reset(1, RandomStream.Reset, 0);
            environment.Step(new double[task.ActionSize]);
        });
    }

    [Test]
    public void Files_of_settings() => AssertHandled(random => Fuzz.Mutated(random, Settings),
        path => SettingsResolver.Resolve(SettingsFile.Read(path)));

    [Test]
    public void Sweep_files()
    {
        string[] sweeps = [.. Directory.GetFiles(Path.Combine(Docs, "sweeps")).Select(File.ReadAllText),
            SweepFileTests.Grid, SweepFileTests.Random];
        AssertHandled(random => Fuzz.Mutated(random, sweeps[random.Next(sweeps.Length)]),
            path => SweepFile.Read(path));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "a command needs /bin/sh")]
    public void Answers_of_an_environment()
    {
        string answers = Hello.ReplaceLineEndings(" ") + Answers;
        AssertHandled(random => Fuzz.Mutated(random, answers), path =>
        {
            EnvironmentTask task = EnvironmentCommand.Open($"cat {path}", new TrainingSettings());
            using IControlEnvironment environment = ((IControlTask)task).CreateEnvironment();
            environment.Reset(1, RandomStream.Reset, 0);
            var action = new double[task.ActionSize];
            while (!environment.Step(action).Done) ;
        });
    }

    // some inputs are taken, others refused by the exceptions whose message is all that the user sees
    private void AssertHandled(Func<Random, byte[]> draw, Action<string> use)
    {
        (int taken, int refused) = (0, 0);
        Fuzz.Run((random, show) =>
        {
            byte[] input = draw(random);
            show(Encoding.UTF8.GetString(input));
            File.WriteAllBytes(Folder["input.yaml"], input);
            try
            {
                use(Folder["input.yaml"]);
                taken++;
            }
            catch (Exception e) when (e is UserException or DeviceException or MujocoException or SimulationException
                or EnvironmentException or TaskFormatException or FileNotFoundException)
            {
                Fuzz.AssertSentence(e.Message, $"{e}");
                refused++;
            }
        });
        Assert.That((taken > 0, refused > 0), Is.EqualTo((true, true)), "some of both");
        TestContext.Out.WriteLine($"{taken} taken, {refused} refused");
    }
}
