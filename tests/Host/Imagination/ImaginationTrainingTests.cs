using Naf.Gpu.Accelerators;
using static Naf.Tests.TinyRun;

namespace Naf.Tests;

/// <summary>
/// Training with imagination and planned episodes: bitwise resume, independence of learners and threads, controls, the
/// end of imagination.
/// </summary>
internal sealed class ImaginationTrainingTests
{
    // a fit every two episodes, from a few states and steps
    private static readonly string[] Small =
    [
        "refit_episodes=2", "imagined_steps=3", "imagined_starts=16", "imagined_updates=1", "prior_episodes=4",
        "network_updates=20",
    ];

    private static string[] With(params string[] more) => [.. Small, .. more];

    [Test]
    public void A_run_resumes_bitwise(
        [Values("imagination=fitted", "imagination=true", "imagination=network", "imagination=fitted initial_states=2",
            "imagination=fitted imagined_from_replay=true", "imagination=fitted dynamics_coordinates=observation",
            "plan=ilqg plan_fraction=0.5", "imagination=fitted plan=ilqg plan_fraction=1",
            "imagination=fitted dynamics_around=episode", "imagination=fitted dynamics_around=episode plan=ilqg",
            "imagination=true plan=ilqg", "imagination=network plan=ilqg imagination_off_after=4",
            "initial_states=2 plan=ilqg", "plan=mpc plan_fraction=0.5 mpc_horizon=0.12",
            "imagination=fitted plan=ilqg twin_values=true huber=0.1")] string kind,
        [Values(3, 5)] int stopInEpisode)
    {
        using var folder = new TemporaryFolder();
        Resumes(folder, 7, stopInEpisode, With(kind.Split(' ')));
    }

    [Test]
    public void Learners_are_what_they_are_alone_on_any_number_of_threads(
        [Values("imagination=fitted", "imagination=true", "imagination=network", "imagination=fitted plan=ilqg",
            "imagination=true plan=ilqg", "imagination=fitted imagined_from_replay=true",
            "imagination=fitted initial_states=2", "imagination=fitted dynamics_around=episode",
            "plan=mpc mpc_horizon=0.12 mpc_samples=4", "imagination=fitted twin_values=true huber=0.1")] string kind)
    {
        using var folder = new TemporaryFolder();
        string[] settings = With(kind.Split(' '));
        TinyRun.Train(folder["all"], 5, [.. settings, "learners=2", "seed=5", "threads=2"]);
        Dictionary<string, string>[] all = Rows(folder["all"]);
        for (int k = 0; k < 2; k++)
        {
            TinyRun.Train(folder[$"one{k}"], 5, [.. settings, $"seed={5 + k}"]);
            Dictionary<string, string>[] alone = Rows(folder[$"one{k}"]);
            foreach (Dictionary<string, string> row in alone) row["learner"] = $"{k}";
            Assert.That(all.Where(row => row["learner"] == $"{k}"), Is.EqualTo(alone), $"learner {k}");
        }
    }

    [Test]
    public void Imagination_begins_with_the_first_fit_and_ends_when_it_is_to(
    [Values("fitted", "true", "network")] string kind)
    {
        using var folder = new TemporaryFolder();
        TinyRun.Train(folder["run"], 6, With($"imagination={kind}", "imagination_off_after=4", "imagined_range=1e9"));
        Dictionary<string, string>[] rows = Rows(folder["run"]);
        Assert.That(rows.Select(r => long.Parse(r["imagined"]) > 0),
            Is.EqualTo(new[] { false, false, false, true, true, false, false }));
        // a fit is evaluated on the newest episode before that is included
        Assert.That(rows.Select(r => r["model_error"].Length > 0 && r["model_error_ahead"].Length > 0),
            Is.EqualTo(kind == "true" ? new bool[7] : [false, false, false, false, true, false, kind != "true"]));
        Assert.That(rows.Select(r => r["cut"]), Is.All.EqualTo("0"));
    }

    [Test]
    public void Every_step_makes_the_updates_that_were_asked_for([Values] bool fromReplay)
    {
        using var folder = new TemporaryFolder();
        TinyRun.Train(folder["run"], 6,
            With("imagination=fitted", "imagined_updates=3", "updates_per_step=2", "imagination_off_after=4",
            $"imagined_from_replay={(fromReplay ? "true" : "false")}", "imagined_range=1e9"));
        long[] updates = [.. Rows(folder["run"]).Select(r => long.Parse(r["updates"]))];
        // batch_size = 16: no updates in the first 15 steps
        Assert.That(updates, Is.EqualTo(new[] { 0, 270, 570, 570 + 750, 570 + 1500, 2070 + 300, 2070 + 600 }));
    }

    [Test]
    public void On_an_OpenCL_device_it_trains_and_resumes_bitwise([Values("fitted", "true")] string kind)
    {
        string device;
        using (GpuDevice opened = GpuDevices.Open(GpuDevices.Pocl)) device = $"device={opened.Info.Name}";
        using var folder = new TemporaryFolder();
        Resumes(folder, 5, 3, With($"imagination={kind}", "plan=ilqg", "plan_fraction=0.5", device));
        Assert.That(Rows(folder["parts"]).Sum(r => long.Parse(r["imagined"])), Is.GreaterThan(0));
    }

    [Test]
    public void ILQG_has_dynamics_of_its_own_beside_other_worlds(
    [Values("off", "true", "network", "fitted dynamics_around=episode")] string kind)
    {
        using var folder = new TemporaryFolder();
        string[] planned = ["plan=ilqg", "plan_fraction=1", "imagination_off_after=2", "updates_per_step=0"];
        TinyRun.Train(folder["fitted"], 4, With(["imagination=fitted", .. planned]));
        TinyRun.Train(folder["run"], 4, With([.. $"imagination={kind}".Split(' '), .. planned]));
        // without learning, the planned episodes depend only on the planner's dynamics
        Assert.That(Rows(folder["run"]).Select(r => r["train_score"]),
            Is.EqualTo(Rows(folder["fitted"]).Select(r => r["train_score"])));
        Assert.That(Rows(folder["run"]).Select(r => r["planned"]), Is.EqualTo(new[] { "0", "0", "0", "1", "1" }));
    }

    [Test]
    public void Planned_episodes_are_marked_and_begin_when_there_is_a_plan()
    {
        using var folder = new TemporaryFolder();
        TinyRun.Train(folder["run"], 6, With("plan=ilqg", "plan_fraction=1"));
        Assert.That(Rows(folder["run"]).Select(r => r["planned"]),
            Is.EqualTo(new[] { "0", "0", "0", "1", "1", "1", "1" }));
        TinyRun.Train(folder["mpc"], 2, With("plan=mpc", "plan_fraction=1", "mpc_horizon=0.12"));
        Assert.That(Rows(folder["mpc"]).Select(r => r["planned"]), Is.EqualTo(new[] { "0", "1", "1" }));
    }

    private static void Resumes(TemporaryFolder folder, int episodes, int stopInEpisode, string[] settings)
    {
        TinyRun.Train(folder["straight"], episodes, settings);
        TinyRun.TrainPartly(folder["parts"], episodes, stopInEpisode, settings);
        TinyRun.Resume(folder["parts"]);
        Assert.That(TinyRun.Metrics(folder["parts"]), Is.EqualTo(TinyRun.Metrics(folder["straight"])));
    }
}
