namespace Naf.Tests;

/// <summary>
/// Adversarial tasks: a run with imagination and planning finishes, or stops with a reason and resumes.
/// </summary>
internal sealed class FaultTests
{
    // a mass on a repelling spring: its distance grows by e^(30 t)
    private const string Unstable = """
        <mujoco><compiler autolimits="true"/><option gravity="0 0 0" timestep=".005"/>
        <worldbody><body><joint name="x" type="slide" axis="1 0 0" stiffness="-900"/><geom size=".1" mass="1"/></body>
        </worldbody>
        <actuator><motor joint="x" gear="1" ctrlrange="-1 1"/></actuator></mujoco>
        """;

    // the same, slower: states and rewards become huge, but MuJoCo continues
    private static readonly string Huge = Unstable.Replace("-900", "-120");

    // a strong motor drives a ball against a nearly rigid floor
    private const string Stiff = """
        <mujoco><compiler autolimits="true"/><option timestep=".004"/>
        <worldbody><geom type="plane" size="5 5 .1" solref=".0005 .1" solimp=".999 .9999 .0001"/>
        <body pos="0 0 .3"><joint name="x" type="slide" axis="0 0 1"/>
        <geom size=".1" mass="1" solref=".0005 .1"/></body></worldbody>
        <actuator><motor joint="x" gear="2000" ctrlrange="-1 1"/></actuator></mujoco>
        """;

    private const string TaskFile = """
        name: fault
        description: A mass that is hard to hold
        model: fault.xml
        substeps: 2
        horizon: 150
        reset:
          - {position: x, normal: 0.01}
        observation:
          - {position: x}
          - {velocity: x}
        reward:
          - {quadratic: x, weight: -1}
          - {quadratic: action, weight: -0.1}
        """;

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void An_unstable_plant(
    [Values("fitted", "true", "network")] string imagination, [Values("none", "ilqg", "mpc")] string plan)
    {
        (int exitCode, string error) = Train(Unstable, imagination, plan);
        // every episode diverges; if MuJoCo fails, the learner stops with MuJoCo's reason
        Assert.That(exitCode, Is.EqualTo(1), error);
        Assert.That(error, Does.Contain("stopped in episode").And.Match("broke down|not a finite number"));
        Assert.That(error, Does.Contain("every learner stopped before its time, for the reasons above"));
    }

    [Test]
    public void States_that_become_huge(
    [Values("fitted", "true", "network")] string imagination, [Values("none", "ilqg", "mpc")] string plan)
    {
        Finishes(Train(Huge, imagination, plan, "reward_scale=1e-6"), "stopped in episode");
        // the first fit was reached, so imagination has started
        Assert.That(Rows().Sum(r => long.Parse(r["imagined"], CultureInfo.InvariantCulture)), Is.GreaterThan(0));
    }

    [Test]
    public void A_stiff_contact([Values("fitted", "true", "network")] string imagination,
    [Values("none", "ilqg", "mpc")] string plan)
    {
        if (Finishes(Train(Stiff, imagination, plan), "stopped in episode"))
            Assert.That(Rows()[^1]["episode"], Is.EqualTo("6"), "all episodes");
    }

    [Test]
    public void A_reward_scale_of_a_million(
    [Values("fitted", "true", "network")] string imagination, [Values("none", "ilqg", "mpc")] string plan)
    {
        string[] options = Options(imagination, plan, "reward_scale=1e6");
        (int exitCode, string _, string error) = TinyRun.Cli(TinyRun.Arguments(_folder["run"], 6, options));
        Finishes((exitCode, error), "diverged");
    }

    [Test]
    public void A_run_that_its_fault_stopped_says_so_when_it_is_resumed()
    {
        Train(Unstable, "fitted", "ilqg");
        (int exitCode, string _, string error) = TinyRun.Cli("train", "--resume", _folder["run"]);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("every learner stopped before its time"));
    }

    private (int ExitCode, string Error) Train(string model, string imagination, string plan, params string[] more)
    {
        File.WriteAllText(_folder["fault.xml"], model);
        File.WriteAllText(_folder["fault.yaml"], TaskFile);
        string[] options = Options(imagination, plan, more);
        (int exitCode, string _, string error) = TinyRun.Cli(
        [
            "train", _folder["fault.yaml"], "--out", _folder["run"], "--episodes", "6", .. options,
            .. TinyRun.Settings.SelectMany(s => new[] { "--set", s }),
        ]);
        return (exitCode, error);
    }

    private static string[] Options(string imagination, string plan, params string[] more) =>
    [
        "--imagination", imagination, "--plan", plan,
        .. new[]
        {
            "refit_episodes=2", "imagined_steps=5", "imagined_starts=16", "imagined_updates=2", "network_updates=20",
            "imagination_error_limit=0", "imagined_range=1e9",
        }.Concat(plan == "mpc" ? ["mpc_horizon=0.05"] : []).Concat(more).SelectMany(s => new[] { "--set", s }),
    ];

    private Dictionary<string, string>[] Rows() => TinyRun.Rows(_folder["run"]);

    // whether the run finished; otherwise it stopped with its reason; its metrics are finite
    private bool Finishes((int ExitCode, string Error) run, string reason)
    {
        if (run.ExitCode == 1)
            Assert.That(run.Error, Does.Contain(reason).And.Contain("every learner stopped before its time"));
        else
            Assert.That(run.ExitCode, Is.Zero, run.Error);
        foreach (string field in Rows().SelectMany(r => r.Values))
            if (double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
                Assert.That(double.IsFinite(number), field);
        return run.ExitCode == 0;
    }
}
