using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Host.Agents;
using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Host.Training;
using Naf.Kernels.Population;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>Training on an OpenCL device: the same algorithm, runs, checkpoints and evaluation as on the CPU.</summary>
internal sealed class GpuTrainingTests : FolderFixture
{
    [Test]
    public void The_first_updates_of_cartpole_are_those_of_the_processor([Values] bool twin)
    {
        string[] values = twin ? ["twin_values=true", "huber=0.1"] : [];
        TrainingSettings settings =
            TinyRun.Resolve(2, ["hidden=[64, 64]", "batch_size=32", "updates_per_step=5", .. values]);
        using ControlTask task = ControlTask.Load("cartpole");
        using var cpu = new CpuDevice(1);
        using GpuDevice gpu = GpuDevices.Open(GpuDevices.Pocl);
        using var team = new WorkTeam(1);
        var (onCpu, onGpu) = (new List<EpisodeResult>(), new List<EpisodeResult>());
        using var expected = new TrainingAgent(task, settings, cpu, team) { EpisodeEnded = onCpu.Add };
        using var actual = new TrainingAgent(task, settings, gpu, team) { EpisodeEnded = onGpu.Add };
        using LearnerPopulation saved = TrainingAgent.CreatePopulation(task, settings, cpu);
        float[] probe = [0.1f, -0.2f, 0.9f, 0.4f, 0.3f], u = [float.NaN];
        Assert.That(task.ObservationSize, Is.EqualTo(probe.Length));
        foreach (TrainingAgent agent in (TrainingAgent[])[expected, actual]) agent.Begin();

        // the same episode until a minibatch is available, then five updates per step
        for (int step = 1; step <= 40; step++)
        {
            expected.Step();
            actual.Step();
            double within = step < 32 ? Tolerances.PolicyAction : Tolerances.FirstUpdates;
            Assert.That(Act(actual), Is.EqualTo(Act(expected)).Within(within), $"step {step}");
        }
        foreach (TrainingAgent agent in (TrainingAgent[])[expected, actual])
            while (agent.Running) agent.Step();
        Assert.That(onGpu.Select(e => (e.Episode, e.Step, e.Report.Updates, e.Report.Finite)),
            Is.EqualTo(onCpu.Select(e => (e.Episode, e.Step, e.Report.Updates, e.Report.Finite))));
        double loss = onCpu[1].Report.Loss;
        Assert.That(onGpu[1].Report.Loss, Is.EqualTo(loss).Within(Tolerances.LossOfEpisode * loss),
            "from much the same transitions");

        float Act(TrainingAgent agent)
        {
            saved.LoadNetworks(0, Saved.By(agent.Serialise), 0);
            saved.Act(0, probe, u);
            return u[0];
        }
    }

    [Test]
    public void A_run_resumes_bitwise_moves_between_devices_and_is_evaluated()
    {
        string name;
        using (GpuDevice device = GpuDevices.Open(GpuDevices.Pocl)) name = device.Info.Name;
        string[] more =
            ["updates_per_step=2", "learners=2", "n_step=3", "noise_precision_after=200", $"device={name}"];
        TinyRun.Train(Folder["whole"], 3, more);
        TinyRun.TrainPartly(Folder["parts"], 3, 2, more);
        TinyRun.Resume(Folder["parts"]);
        Assert.That(TinyRun.Metrics(Folder["parts"]), Is.EqualTo(TinyRun.Metrics(Folder["whole"])));
        string config = File.ReadAllText(Folder["whole/config.yaml"]);
        Assert.That(config,
            Does.Match("plan: \".*groups a learner").And.Match("driver: \"Portable Computing Language"));

        // to the CPU: only on request, and with a notice
        Assert.That(() => TinyRun.Resume(Folder["parts"], false, "device=cpu", "episodes=4"),
            Throws.TypeOf<UserException>().With.Message.Contains("the device was opencl:")
                .And.Message.Contains("accept the change"));
        var warnings = new List<string>();
        using (TrainingRun run = TrainingRun.Resume(
            Folder["parts"], stored => stored with { Device = "cpu", Episodes = 4 }, accept: true, warn: warnings.Add))
        {
            Assert.That(run.Train(), Has.Property("Device")
                .EqualTo("cpu").And.Property("Finished").True.And.Property("Episodes").EqualTo(4));
        }
        Assert.That(warnings, Has.Some.Contains("the metrics are not those of an uninterrupted run"));

        (int exitCode, string output, string error) = TinyRun.Cli(
            "evaluate", Folder["whole"], "--episodes", "2", "--json");
        Assert.That((exitCode, error), Is.EqualTo((0, "")));
        Assert.That(output, Does.Contain("\"episodes\":2"));
    }
}
