using System.Text.RegularExpressions;
using Naf.Cli.Common;
using Naf.Gpu.Cpu;
using Naf.Host.Common;
using Naf.Host.Planning.Mpc;
using Naf.Host.Policies;
using Naf.Host.Settings;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>The planner on MuJoCo tasks.</summary>
internal sealed class MpcPlannerTests
{
    private static readonly MpcSettings Small = new()
    {
        HorizonSeconds = 0.3, Samples = 7, ColdPlans = 5, ColdIterations = 3,
    };

    [TestCase("cheetah")]
    [TestCase("reacher")]
    public void Actions_do_not_depend_on_threads_and_go_on_bitwise_from_what_was_saved(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        double[] one = Play(task, 1, 9, saveAt: -1), three = Play(task, 3, 9, saveAt: -1);
        Assert.That(one, Is.All.InRange(-1, 1));
        Assert.That(three, Is.EqualTo(one));
        Assert.That(Play(task, 2, 9, saveAt: 0), Is.EqualTo(one));
        Assert.That(Play(task, 2, 9, saveAt: 4), Is.EqualTo(one));
    }

    [Test]
    public void Another_seed_or_episode_tries_other_plans()
    {
        using ControlTask task = ControlTask.Load("cheetah");
        double[] plain = Play(task, 2, 3, -1);
        Assert.That(Play(task, 2, 3, -1, seed: 8), Is.Not.EqualTo(plain));
        Assert.That(Play(task, 2, 3, -1, episode: 2), Is.Not.EqualTo(plain));
    }

    [Test]
    public void What_a_plan_foretells_comes_about()
    {
        using ControlTask task = ControlTask.Load("cheetah");
        using var rig = new Rig(task, Small, 2);
        for (int t = 0; t < 8; t++)
        {
            double[] before = rig.State(), came = new double[rig.Environment.Data.StateSize];
            rig.Act();
            Assert.That(rig.State(), Is.EqualTo(before), "the environment is not changed");
            double[] foretold = rig.Planner.Search.Plan.State(1).ToArray();
            rig.Environment.Step(rig.U);
            rig.Environment.SaveSimulation(came);
            Assert.That(came, Is.EqualTo(foretold));
        }
    }

    [Test]
    public void Steps_may_lie_between_two_plans()
    {
        using ControlTask task = ControlTask.Load("reacher");
        using var rig = new Rig(task, Small, 1);
        for (int t = 0; !rig.Environment.Done; t++)
        {
            if (t % 4 == 0) rig.Act();
            rig.Environment.Step(rig.U);
        }
        Assert.That(rig.Environment.Score, Is.GreaterThan(-1.5), "random actions score -2.4");
    }

    [Test]
    public void It_reaches_its_target()
    {
        using ControlTask task = ControlTask.Load("reacher-single");
        using var evaluation = new PlannedEvaluation(task, new MpcSettings { Samples = 0, HorizonSeconds = 0.5 }, 2);
        PlannedResult result = evaluation.Run(seed: 3, episodes: 2);
        Assert.That(result.Scores.Mean, Is.GreaterThan(-0.239), "a sampling planner's mean on the card");
        Assert.That(result.Scores.SuccessRate, Is.EqualTo(1));
        Assert.That(result.Planning.ByLineSearch, Is.GreaterThan(100));
        Assert.That(result.Planning.RealTime,
            Is.EqualTo(20 / result.Planning.MillisecondsPerStep).Within(1e-9).And.GreaterThan(0));
    }

    [Test]
    public void A_plan_keeps_inside_the_bounds_that_end_an_episode()
    {
        // the reward grows as the cart moves right, until the episode ends there
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("cartpole", "  - {quadratic: slider, weight: -0.0005}",
            "  - {linear: slider, weight: 0.01}");
        File.AppendAllText(path, "\ntermination:\n  outside: {slider: [-1, 1]}\n");
        using ControlTask task = ControlTask.Load(path);
        (int steps, double slider) = Drive(boundWeight: 1);
        Assert.That(steps, Is.EqualTo(task.Horizon));
        Assert.That(slider, Is.InRange(0.7, 1), "where the bound begins to cost");
        Assert.That(Drive(boundWeight: 0).Steps, Is.LessThan(task.Horizon), "it would end there without that cost");

        (int Steps, double Slider) Drive(double boundWeight)
        {
            using var rig = new Rig(task, new MpcSettings { HorizonSeconds = 1.2, Samples = 10,
                BoundWeight = boundWeight }, 2);
            while (!rig.Environment.Done) rig.Step();
            return (rig.Environment.StepIndex, rig.Environment.Qpos[0]);
        }
    }

    [Test]
    public void A_simulation_that_breaks_down_is_no_plan_and_no_crash_and_warns_nobody()
    {
        // any push drives the cart beyond MuJoCo's limits
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("cartpole");
        scratch.Write("cartpole.xml", ScratchFolder.BuiltIn("cartpole.xml").Replace("gear=\"10\"", "gear=\"1e13\""));
        using ControlTask task = ControlTask.Load(path);
        using var rig = new Rig(task, Small, 2);
        var warnings = new MujocoWarningReport();
        for (int t = 0; t < 3; t++)
        {
            rig.Step();
            Assert.That(rig.U, Is.All.InRange(-1, 1));
        }
        Assert.That(rig.U, Is.All.Zero);
        Assert.That(warnings.Sentences(), Is.Empty);
    }

    [Test]
    public void Plans_near_the_end_of_an_episode_end_with_it()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(Shortened(scratch, "reacher", 5));
        using var rig = new Rig(task, Small, 1);
        for (int t = 0; t < 5; t++)
        {
            rig.Step();
            Assert.That(rig.Planner.Search.Plan.Length, Is.EqualTo(5 - t));
        }
        // the last action does not affect the reward
        Assert.That(rig.U, Is.All.Zero.Within(1e-9));
        Assert.That(() => rig.Act(), Throws.ArgumentException.With.Message.Contains("nothing to plan"));
    }

    [Test]
    public void What_does_not_belong_to_it_is_refused()
    {
        using ControlTask task = ControlTask.Load("reacher"), other = ControlTask.Load("reacher-single");
        using var rig = new Rig(task, Small, 1);
        using var elsewhere = new Rig(other, Small, 1);
        Assert.That(() => rig.Planner.Act(elsewhere.Environment, rig.U),
            Throws.ArgumentException.With.Message.Contains("of another task"));

        using var longer = new Rig(task, Small with { HorizonSeconds = 0.4 }, 1);
        longer.Act();
        Assert.That(() => rig.Planner.Serialise(Saved.By(longer.Planner.Serialise)),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("20 steps"));
    }

    [Test]
    public void Naf_evaluate_plans_and_says_what_it_took()
    {
        using var scratch = new ScratchFolder();
        string path = Shortened(scratch, "cartpole", 6);
        string[] command = ["evaluate", path, "--policy", "mpc", "--episodes", "2", "--seed", "4"];
        string text = TinyRun.Cli([.. command, "--threads", "1"]).Out;
        Assert.That(text,
            Does.Contain("cartpole, mpc policy: mean -0.0").And.Contain("times real time").And.Contain("not at all"));

        string file = scratch["episode.csv"];
        var json = TinyRun.CliJson([.. command, "--threads", "2", "--trajectory", file, "--json"]);
        var planning = json.GetProperty("planning");
        Assert.That(planning.GetProperty("horizon_seconds").GetDouble(), Is.EqualTo(0.18).Within(1e-9),
            "no longer than the episode");
        Assert.That(planning.GetProperty("real_time").GetDouble(), Is.GreaterThan(0));
        Assert.That(planning.GetProperty("threads").GetInt32(), Is.EqualTo(2));
        Assert.That(text, Does.Contain($"mean {Texts.Score(json.GetProperty("mean").GetDouble())},"));
        Assert.That(File.ReadAllLines(file), Has.Length.EqualTo(8), "names, 6 steps and the last state");
    }

    [Test]
    public void A_task_a_run_and_the_user_say_how_far_to_look_ahead()
    {
        using var scratch = new ScratchFolder();
        string path = Shortened(scratch, "cartpole", 45);
        Assert.That(Horizon(path), Is.EqualTo(1.2).Within(1e-9), "cartpole's own");
        Assert.That(Horizon(path, "--set", "mpc_horizon=0.3", "--set", "mpc_samples=0"), Is.EqualTo(0.3).Within(1e-9));
        Assert.That(TinyRun.Cli("evaluate", path, "--set", "mpc_horizon=1").Error,
            Does.Contain("it goes with --policy mpc"));
        Assert.That(TinyRun.Cli("evaluate", path, "--policy", "mpc", "--set", "mpc_horizon=0").Error,
            Does.Contain("mpc_horizon = '0' is not"));

        using var folder = new TemporaryFolder();
        TinyRun.Train(folder["run"], 1, "mpc_horizon=0.09", "mpc_samples=0");
        Assert.That(Horizon(folder["run"]), Is.EqualTo(0.09).Within(1e-9), "a run's own");

        static double Horizon(string of, params string[] more) =>
            TinyRun.CliJson(["evaluate", of, "--policy", "mpc", "--episodes", "1", "--json", .. more])
                .GetProperty("planning").GetProperty("horizon_seconds").GetDouble();
    }

    private static string Shortened(ScratchFolder scratch, string task, int horizon)
    {
        string path = scratch.Changed(task, "horizon: 150", $"horizon: {horizon}");
        File.WriteAllText(path, Regex.Replace(File.ReadAllText(path), @"\bsteps: [0-9]+", "steps: 2"));
        return path;
    }

    private static double[] Play(
        ControlTask task, int threads, int steps, int saveAt, ulong seed = 7, ulong episode = 1)
    {
        var actions = new List<double>();
        using var rig = new Rig(task, Small, threads, seed, episode);
        using var resumed = new Rig(task, Small, 1, 99, 99);
        for (int t = 0; t < steps; t++)
        {
            if (t == saveAt)
                resumed.Planner.Serialise(Saved.By(rig.Planner.Serialise));
            (saveAt >= 0 && t >= saveAt ? resumed : rig).Planner.Act(rig.Environment, rig.U);
            actions.AddRange(rig.U);
            // a deviation from the plan, so that feedback matters
            rig.U[0] = Math.Clamp(rig.U[0] + 0.05, -1, 1);
            rig.Environment.Step(rig.U);
        }
        return [.. actions];
    }

    private sealed class Rig : IDisposable
    {
        private readonly WorkTeam _team;

        public Rig(ControlTask task, MpcSettings settings, int threads, ulong seed = 7, ulong episode = 1)
        {
            _team = new WorkTeam(threads);
            Planner = new MpcPlanner(task, settings, _team);
            Environment = new ControlEnvironment(task);
            U = new double[task.ActionSize];
            Environment.Reset(7, RandomStream.TestReset, 1);
            Planner.Begin(seed, episode);
        }

        public MpcPlanner Planner { get; }

        public ControlEnvironment Environment { get; }

        public double[] U { get; }

        public void Act() => Planner.Act(Environment, U);

        public void Step()
        {
            Act();
            Environment.Step(U);
        }

        public double[] State()
        {
            double[] state = new double[Environment.StateSize];
            Environment.SaveState(state);
            return state;
        }

        public void Dispose()
        {
            Environment.Dispose();
            Planner.Dispose();
            _team.Dispose();
        }
    }
}
