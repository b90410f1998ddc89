using Naf.Gpu.Cpu;
using Naf.Host.Agents;
using Naf.Host.Settings;
using Naf.Host.Training;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>A learner's results depend neither on other learners nor on threads; a step allocates nothing.</summary>
internal sealed class PopulationTests
{
    [Test]
    public void Learners_are_what_they_are_alone([Values(1, 2)] int threads)
    {
        using var folder = new TemporaryFolder();
        TinyRun.Train(folder["all"], 3, "learners=3", "seed=5", $"threads={threads}");
        Dictionary<string, string>[] all = TinyRun.Rows(folder["all"]);
        for (int k = 0; k < 3; k++)
        {
            TinyRun.Train(folder[$"one{k}"], 3, $"seed={5 + k}");
            Dictionary<string, string>[] alone = TinyRun.Rows(folder[$"one{k}"]);
            foreach (Dictionary<string, string> row in alone) row["learner"] = $"{k}";
            Assert.That(all.Where(row => row["learner"] == $"{k}"), Is.EqualTo(alone), $"learner {k}");
        }
    }

    [Test]
    public void Rows_are_in_the_order_of_learners_with_one_test_schedule_for_all()
    {
        using var folder = new TemporaryFolder();
        TinyRun.Train(folder["run"], 3, "learners=2");
        Dictionary<string, string>[] rows = TinyRun.Rows(folder["run"]);
        Assert.That(rows.Select(r => (r["episode"], r["learner"], r["seed"], r["step"])), Is.EqualTo(new[]
        {
            ("0", "0", "0", "0"), ("0", "1", "1", "0"), ("1", "0", "0", "150"), ("1", "1", "1", "150"),
            ("2", "0", "0", "300"), ("2", "1", "1", "300"), ("3", "0", "0", "450"), ("3", "1", "1", "450"),
        }));
        Assert.That(rows.Select(r => r["train_score"].Length > 0), Is.EqualTo(rows.Select(r => r["episode"] != "0")));
        bool[] tested = [true, true, false, false, true, true, true, true];
        Assert.That(rows.Select(r => r["test_score"].Length > 0), Is.EqualTo(tested),
            "before training, every second episode, and at the end");
        Assert.That(rows[0]["loss"], Is.Empty, "no loss before the first update");
    }

    [Test]
    public void A_step_allocates_nothing(
        [Values(1, 3)] int learners, [Values(1, 2)] int threads, [Values(1, 3)] int nStep)
    {
        string shaped = $"noise_precision_after={(nStep > 1 ? 100 : 0)}";
        TrainingSettings settings = TinyRun.Resolve(10, $"learners={learners}", $"n_step={nStep}", shaped);
        using ControlTask task = ControlTask.Load("cartpole");
        using var device = new CpuDevice(threads);
        using var agent = new TrainingAgent(task, settings, device, device.Team);
        agent.Begin();
        for (int t = 0; t < 160; t++) agent.Step(); // one episode and part of the next
        // on all threads; the test runner allocates occasionally, so take the minimum over some rounds
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int t = 0; t < 20; t++) agent.Step();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.That(least, Is.Zero);
    }

    [Test]
    public void Warmup_steps_hold_back_updates()
    {
        using var folder = new TemporaryFolder();
        TrainingResult result = TinyRun.Train(folder["run"], 2, "warmup_steps=201");
        Assert.That(result.Updates, Is.EqualTo(100), "300 steps, updates in those from the 201st");
        TrainingResult standard = TinyRun.Train(folder["standard"], 2);
        Assert.That(standard.Updates, Is.EqualTo(285), "updates begin with a full minibatch of 16");
    }

    [Test]
    public void Everything_is_given_back()
    {
        long buffers = HostBuffer.LiveBuffers;
        int simulations = NativeObjects.Alive;
        using (var folder = new TemporaryFolder()) TinyRun.Train(folder["run"], 1, "learners=2");
        Assert.That((HostBuffer.LiveBuffers, NativeObjects.Alive), Is.EqualTo((buffers, simulations)));
    }
}
