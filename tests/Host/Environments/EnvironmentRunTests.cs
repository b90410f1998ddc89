using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Training;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>Runs of `naf train --env` on environments in Python.</summary>
[Needs(Need.Python)]
[Platform(Exclude = "Win", Reason = "a command needs /bin/sh")]
internal sealed class EnvironmentRunTests : FolderFixture
{
    private static readonly string Examples = Path.Combine(Repository.Root, "docs/examples/environments");

    private string Run => Folder["run"];

    private static string Point => $"exec python3 {Repository.Root}/tests/Host/Environments/environment.py {Examples}";

    [Test]
    public void The_documented_example_learns_to_swing_up()
    {
        JsonElement result = TinyRun.CliJson(
            "train", "--env", $"python3 {Examples}/pendulum.py", "--out", Run, "--episodes", "40", "--device", "cpu",
            "--set", "reward_scale=0.1", "--set", "hidden=[64, 64]", "--set", "verification_episodes=20", "--json");
        Assert.That(result.Text("task"), Is.EqualTo("pendulum"));
        Assert.That(result.Number("best_test_score"), Is.GreaterThan(-250), "a random policy has about -600");
    }

    [Test]
    public void A_killed_run_goes_on_bitwise_and_leaves_no_process()
    {
        Assert.That(TinyRun.Cli(Train(Point, Folder["straight"], 6, "--seeds", "0..1")).ExitCode, Is.Zero);
        string pids = Folder["pids"];
        using (var child = new ChildProcess(Train($"{Point} {pids}", Run, 1_000_000, "--seeds", "0..1")))
        {
            child.WaitUntil(() => Directory.Exists(Path.Combine(Run, "checkpoint")));
            Assert.That(child.HasExited, Is.False, "it trains until it is killed");
            child.Kill();
        }
        string[] all = File.ReadAllLines(pids);
        Assert.That(all, Has.Length.GreaterThan(3));
        Assert.That(() => all.Any(ProcessEnvironmentTests.IsAlive), Is.False.After(20_000, 50));

        int episodes = TinyRun.Rows(Run).Max(row => int.Parse(row["episode"])) / 2 * 2 + 2;
        Assert.That(TinyRun.CliError(1, "train", "--resume", Run), Does.Contain(
            $"the run's environment is the command '{Point} {pids}', which would run with your rights: add --env "
            + "stored if you trust it, or name another command (--env COMMAND)"));
        TinyRun.CliError(0, "train", "--resume", Run, "--env", "stored", "--episodes", $"{episodes}");
        Assert.That(TinyRun.Cli(Train(Point, Folder["longer"], episodes, "--seeds", "0..1")).ExitCode, Is.Zero);
        Assert.That(TinyRun.Metrics(Run), Is.EqualTo(TinyRun.Metrics(Folder["longer"])));
        Assert.That(() => File.ReadAllLines(pids).Any(ProcessEnvironmentTests.IsAlive), Is.False.After(20_000, 50));
    }

    [TestCase("KILL", 137)]
    [TestCase("INT", 130)]
    public void A_machine_is_left_at_its_safe_action(string signal, int exitCode)
    {
        string safe = Folder["safe"];
        using var child = new ChildProcess(
            Train($"SAFE={safe} {Point}", Run, 1_000_000, "--set", "test_every=1000000"));
        child.WaitUntil(() => HasRows(4));
        child.Signal(signal);
        Assert.That(child.Wait(), Is.EqualTo(exitCode), child.Error.Result);
        Assert.That(() => File.ReadLines(safe).Last(), Is.EqualTo("0.25").After(10_000, 50));
    }

    [Test]
    public void A_machine_is_put_to_its_safe_action_while_naf_sends_nothing()
    {
        string safe = Folder["safe"];
        using ChildProcess shell = ChildProcess.Of("sh", "-c",
            "(echo '{\"hello\": 1}'; echo '{\"reset\": 1}'; sleep 2; "
            + $"echo '{{\"close\": true}}') | (export SAFE={safe} REQUEST_TIMEOUT=0.5; {Point})");
        Assert.That(shell.Wait(), Is.Zero, shell.Error.Result);
        Assert.That(File.ReadAllLines(safe), Is.EqualTo(new[] { "0.25", "0.25" }), "then, and at its end");
    }

    [Test]
    public void A_step_outside_an_episode_does_not_move_a_machine()
    {
        string safe = Folder["safe"];
        using ChildProcess shell = ChildProcess.Of("sh", "-c", "(echo '{\"hello\": 1}'; echo '{\"reset\": 1}'; "
            + $"echo '{{\"stop\": [0.25]}}'; echo '{{\"step\": [1]}}') | SAFE={safe} {Point["exec ".Length..]}");
        Assert.That(shell.Wait(), Is.EqualTo(1));
        Assert.That(shell.Error.Result, Does.Contain("naf_env: a step was asked for outside an episode"));
        Assert.That(File.ReadAllLines(safe), Is.EqualTo(new[] { "0.25" }));
    }

    [TestCase("{\"stop\": [0.25]}", 1)]
    [TestCase("{\"step\": [1]}", 20, TestName = "A_safe_action_that_fails_is_tried_again(end of an episode)")]
    public void A_safe_action_that_fails_is_tried_again(string last, int count)
    {
        string safe = Folder["safe"];
        using ChildProcess shell = ChildProcess.Of("sh", "-c", "(echo '{\"hello\": 1}'; echo '{\"reset\": 1}'; "
            + $"for i in $(seq {count}); do echo '{last}'; done) | FAIL_STOP=1 SAFE={safe} {Point["exec ".Length..]}");
        Assert.That(shell.Wait(), Is.EqualTo(7));
        Assert.That(File.ReadLines(safe).Where(line => line != "moves"), Is.EqualTo(new[] { "0.25", "0.25" }));
    }

    [Test]
    public void Ctrl_C_ends_an_evaluation_at_the_safe_action()
    {
        const string Hello = "{\"name\": \"point\", \"observation\": {\"low\": [-10, -10], \"high\": [10, 10]}, "
            + "\"action\": {\"low\": [-1], \"high\": [1], \"safe\": [0.25]}, \"max_episode_steps\": 1000000}";
        const string Next = "{\"observation\": [0, 0], \"reward\": 0, \"terminated\": false, \"truncated\": false}";
        const string Steps = $"while read r; do echo '{Next}'; done";
        const string Pause = "read r; echo '{\"pause\": \"lunch\"}'; sleep 60";
        TinyRun.CliError(0, Train(Point, Run, 1));
        foreach ((string what, string rest, string[] words) in ((string, string, string[])[])
            [("evaluation", Steps, ["evaluate"]), ("evaluation", Steps, ["evaluate", Run]),
            ("evaluation", Pause, ["evaluate"]), ("verification", Pause, ["verify", Run]),
            ("evaluation", Pause, ["evaluate", Run, "--verify"])])
        {
            string told = Folder["told"];
            File.Delete(told);
            using var child = new ChildProcess([.. words, "--threads", "1", "--env",
                $"tee {told} | {{ read r; echo '{Hello}'; {rest}; }}"]);
            child.WaitUntil(() => File.Exists(told)
                && File.ReadLines(told).SkipWhile(line => !line.Contains("reset")).Count() >= (rest == Steps ? 9 : 1));
            child.Signal("INT");
            Assert.That(child.Wait(), Is.EqualTo(130), child.Error.Result);
            Assert.That(child.Error.Result, Does.Contain($"naf: stopped before the end of the {what}\n"));
            Assert.That(File.ReadLines(told), Has.One.EqualTo("{\"stop\": [0.25]}"), string.Join(' ', words));
        }
    }

    [Test]
    public void Ctrl_C_saves_the_run_although_its_process_is_sent_it_too()
    {
        string pids = Folder["pids"];
        using var child =
            new ChildProcess(Train($"{Point} {pids}", Run, 1_000_000, "--set", "checkpoint_every=1000000"));
        child.WaitUntil(() => HasRows(4));
        foreach (string pid in File.ReadAllLines(pids).Where(ProcessEnvironmentTests.IsAlive))
            Process.Start("kill", ["-INT", pid]).WaitForExit();
        child.Signal("INT");
        Assert.That(child.Wait(), Is.EqualTo(130), child.Error.Result);
        Assert.That(child.Error.Result, Does.Contain($"go on with naf train --resume {Run} --env stored")
            .And.Contain("this is not an answer"), "what the environment prints");
        Assert.That(TinyRun.Cli("evaluate", Run, "--env", "stored", "--episodes", "2").ExitCode, Is.Zero);
    }

    [Test]
    public void A_process_that_ends_ends_training_which_goes_on_with_another()
    {
        string error = TinyRun.CliError(1, Train($"FAIL_AT=110 {Point}", Run, 20));
        Assert.That(error, Does.Contain("ended with exit code 7 when asked for step ").And.Contain(
            $"the run is saved: put that right, then resume it (naf train --resume {Run} --env stored)"));
        Assert.That(error.Split('\n').Count(line => line.StartsWith("naf: ")), Is.EqualTo(1));

        string other = $"python3 {Examples}/pendulum.py";
        Assert.That(TinyRun.CliError(1, "train", "--resume", Run, "--env", other), Does.Contain(
            "the run trains environment:point (2 observations, 1 actions), not environment:pendulum (3"));
        TinyRun.CliError(0, "train", "--resume", Run, "--env", Point);
        Assert.That(RunConfig.Read(RunFolder.ConfigOf(Run)).Command, Is.EqualTo(Point));
        Assert.That(TinyRun.Cli(Train(Point, Folder["straight"], 20)).ExitCode, Is.Zero);
        Assert.That(TinyRun.Metrics(Run), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
    }

    // the process of the tests takes 40 steps before the first episode and after each second one
    [TestCase("FAIL_AT=50", "step 10 of the episode", "2", TestName = "What_failed_is_made_again(test)")]
    [TestCase("FAIL_RESET=4", "reset", "3", TestName = "What_failed_is_made_again(start of an episode)")]
    [TestCase("FAIL_AT=67", "step 7 of the episode", "3", TestName = "What_failed_is_made_again(step)")]
    [TestCase("ABORT_AT=67", "aborted ('the arm hit its stop') when asked for step 7 of the episode", "3",
        TestName = "What_failed_is_made_again(abort)")]
    public void What_failed_is_made_again(string fault, string message, string ended)
    {
        string[] more = [.. ended == "2" ? Array.Empty<string>() : ["--set", "test_every=1000"], "--set", "n_step=3",
            "--set", "checkpoint_every=1000"];
        string safe = Folder["safe"];
        string error = TinyRun.CliError(1, Train($"SAFE={safe} {fault} {Point}", Run, 5, more));
        Assert.That(error, Does.Contain($"{message}").And.Contain("the run is saved: put that right, then resume it"));
        Assert.That(File.ReadLines(safe).Last(), Is.EqualTo("0.25"), "where the machine is left");
        TinyRun.CliError(0, "train", "--resume", Run, "--env", $"SAFE={safe} {Point}");
        Assert.That(TinyRun.Cli(Train($"SAFE={safe} {Point}", Folder["straight"], 5, more)).ExitCode, Is.Zero);
        Assert.That(TinyRun.Metrics(Run), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
    }

    [TestCase("huber=0")]
    [TestCase("imagination=network refit_episodes=2 n_step=3")]
    public void What_cannot_be_repeated_begins_a_new_episode(string more)
    {
        TrainingSettings settings = TinyRun.Resolve(1000, more.Split(' ')) with { Device = "cpu" };
        EnvironmentTask task = EnvironmentCommand.Open($"UNREPEATABLE=1 {Point}", settings);
        TinyRun.TrainPartly(TrainingRun.Begin(task, settings, Run), 5);
        int ended = TinyRun.Rows(Run).Length - 1;
        string error = TinyRun.CliError(0, "train", "--resume", Run, "--env", "stored", "--episodes", $"{ended + 3}");
        Assert.That(error,
            Does.Contain($"an episode of point can't be repeated, so that episode {ended + 1} begins anew"));
        Assert.That(TinyRun.Rows(Run).Select(row => int.Parse(row["episode"])),
            Is.EqualTo(Enumerable.Range(0, ended + 4)));
        Assert.That(TinyRun.CliError(1, "train", "--resume", Run, "--env", Point), Does.Contain(
            "the simulation of the task (checksum) was none when the run was made and is "));
        // the episode that began anew has all its steps, and the lost one's count too
        Dictionary<string, string>[] rows = TinyRun.Rows(Run);
        long lost = long.Parse(rows[ended + 1]["step"]) - long.Parse(rows[ended]["step"]) - 20;
        Assert.That(lost, Is.InRange(0, 19));
    }

    [TestCase(4, 0, TestName = "A_program_that_has_the_loop_trains_and_goes_on(between episodes)")]
    [TestCase(4, 7, TestName = "A_program_that_has_the_loop_trains_and_goes_on(within an episode)")]
    [TestCase(3, 7, TestName = "A_program_that_has_the_loop_trains_and_goes_on(within a test)")]
    [TestCase(4, -7, TestName = "A_program_that_has_the_loop_trains_and_goes_on(killed)")]
    public void A_program_that_has_the_loop_trains_and_goes_on(int episodes, int steps)
    {
        // each second episode of training is followed by one of a test, as is the start
        string[] first = [.. TinyRun.Arguments(Run, 6, "--set", "test_episodes=1", "--set", "checkpoint_every=1",
            "--set", "verification_episodes=0").Where(word => word != "cartpole")];
        using (ChildProcess loop = Loop(episodes, steps, first))
        {
            Assert.That(loop.Wait(), steps < 0 ? Is.EqualTo(137) : Is.Zero, loop.Error.Result);
            Assert.That(loop.Output.Result, steps < 0 ? Is.Empty : Is.EqualTo($"{episodes} episodes, exit code 0\n"));
            Assert.That(loop.Error.Result, Does.Contain(
                $"stopped in episode 3; go on with naf train --resume {Run} --env -").And.Not.Contain("   at "));
        }
        bool inTest = episodes == 3;
        Assert.That(TinyRun.Rows(Run).Select(row => row["episode"]),
            Is.EqualTo(inTest ? ["0", "1"] : new[] { "0", "1", "2" }));
        Assert.That(TinyRun.CliError(1, "train", "--resume", Run, "--env", "stored"),
            Does.Contain("the run's environment is the program that starts naf: let it resume the run"));
        using ChildProcess rest = Loop(1000, 0, "train", "--resume", Run);
        Assert.That(rest.Wait(), Is.Zero, rest.Error.Result);
        Assert.That(rest.Output.Result, Does.EndWith("exit code 0\n"));
        Assert.That(rest.Error.Result, Does.Contain("best test score"));
        Assert.That(rest.Error.Result.Contains("an episode of push can't be repeated, so that episode 3 begins"),
            Is.EqualTo(steps != 0 && !inTest), "of one that had begun");
        Dictionary<string, string>[] rows = TinyRun.Rows(Run);
        Assert.That(rows.Select(row => row["episode"]), Is.EqualTo(Enumerable.Range(0, 7).Select(e => $"{e}")));
        Assert.That(rows[^1]["step"], Is.EqualTo($"{6 * 15 + (inTest ? 0 : Math.Abs(steps))}"));
        Assert.That(rows[2]["test_score"], Is.Not.Empty, "a test that was cut off is made again");
    }

    [Test]
    public void Evaluation_takes_the_program_that_starts_naf()
    {
        using ChildProcess loop = Loop(1000, 0, "evaluate", "--episodes", "2");
        Assert.That(loop.Wait(), Is.Zero, loop.Error.Result);
        Assert.That(loop.Output.Result, Is.EqualTo("2 episodes, exit code 0\n"));
        Assert.That(loop.Error.Result, Does.Contain("push, random policy: mean -"));
        TinyRun.CliError(0, Train(Point, Run, 1));
        foreach (string[] words in (string[][])[["evaluate"], ["verify", Run], ["evaluate", Run, "--verify"]])
            Assert.That(TinyRun.CliError(1, [.. words, "--env", "-", "--threads", "2"]),
                Does.Contain("--threads 2: --env - is one environment, which one thread plays; leave it out"));
    }

    [Test]
    public void A_terminal_is_not_waited_for()
    {
        string words = string.Join(", ", ((string[])[.. ChildProcess.Command, "train", "--env", "-"])
            .Select(word => $"'{word}'"));
        using ChildProcess naf = ChildProcess.Of("python3", "-c",
            $"import pty, sys, os; sys.exit(os.waitstatus_to_exitcode(pty.spawn([{words}])))");
        Assert.That(naf.Wait(), Is.EqualTo(1));
        Assert.That(naf.Output.Result, Does.Contain("standard input is a terminal; let that program start naf"));
    }

    [Test]
    public void A_policy_is_exported_without_its_environment()
    {
        TinyRun.CliError(0, Train($"python3 {Examples}/pendulum.py", Run, 1, "--set", "verification_episodes=0"));
        TinyRun.CliError(0, "export", Run, "--out", Folder["p.csv"]);
        (Dictionary<string, float[]> table, _) = ExportedFile.Csv(Folder["p.csv"]);
        Assert.That((table["control_middle"][0], table["control_half"][0]), Is.EqualTo((0f, 2f)), "its torques");
        Assert.That(TinyRun.CliJson("export", Run, "--out", Folder["p.onnx"], "--json").Text("task"),
            Is.EqualTo("pendulum"));
        Assert.That(TinyRun.CliError(1, "export", Run, "--out", Folder["p.csv"], "--task", "cartpole"),
            Does.Contain("--task cartpole takes a task file, and the run's environment has none; leave it out"));
    }

    // slips with Gymnasium, of which there is as much here as these need
    [TestCase("nothing:Pendulum-v1", "naf_env: nothing:Pendulum-v1: there is no module nothing; install it, or")]
    [TestCase("Pendulm-v1", "naf_env: Pendulm-v1: Environment `Pendulm` doesn't exist. Did you mean: `Pendulum`?")]
    [TestCase("Taxi-v3", "naf_env: the observation space is Discrete(500), and naf takes a box of numbers; wrap the")]
    public void Slips_in_Python_are_said_in_a_sentence(string id, string message)
    {
        File.WriteAllText(Folder["gymnasium.py"], """
            import types
            class Error(Exception): pass
            error = types.SimpleNamespace(Error=Error)
            class Discrete:
                def __repr__(self): return "Discrete(500)"
            class Taxi:
                spec = types.SimpleNamespace(id="Taxi-v3", max_episode_steps=200)
                observation_space = action_space = Discrete()
            def make(id):
                print("pygame 2.5")
                if ":" in id: __import__(id.split(":")[0])
                if id == "Taxi-v3": return Taxi()
                raise Error("Environment `Pendulm` doesn't exist.\nDid you mean: `Pendulum`?")
            """);
        using ChildProcess naf = new("", [("PYTHONPATH", Folder.Path)],
            "train", "--env", $"python3 {Examples}/naf_env.py {id}", "--out", Run);
        Assert.That(naf.Wait(), Is.EqualTo(1));
        Assert.That(naf.Error.Result, Does.Contain(message).And.Not.Contain("Traceback"));
        Assert.That(Directory.Exists(Run), Is.False);
    }

    [Test]
    public void Evaluation_takes_a_command()
    {
        JsonElement zero =
            TinyRun.CliJson("evaluate", "--env", Point, "--policy", "zero", "--episodes", "3", "--json");
        Assert.That((zero.Text("task"), zero.Number("episodes")), Is.EqualTo(("point", 3)));
        Assert.That(TinyRun.CliError(1, "evaluate", "--env", Point, "--policy", "mpc"),
            Does.Contain("--policy mpc needs the state of MuJoCo's simulation, and point is an environment of your"));
        Assert.That(TinyRun.CliError(1, "evaluate", "cartpole", "--env", Point), Does.Contain("exclude each other"));
        Assert.That(TinyRun.CliError(1, Train(Point, Run, 2, "--imagination", "true")),
            Does.Contain("imagination=true needs the state of MuJoCo's simulation").And.Not.Contain("not happen"));

        TinyRun.CliError(0, Train(Point, Run, 2));
        string values = Folder["values.csv"];
        JsonElement last = TinyRun.CliJson("evaluate", Run, "--env", "stored", "--values", values, "--json");
        Assert.That(last.GetProperty("values").Number("steps"), Is.EqualTo(2 * 20));
        Assert.That(TinyRun.CliJson("evaluate", Run, "--env", "stored", "--verify", "--json").Number("episodes"),
            Is.EqualTo(2));
        Assert.That(TinyRun.CliError(1, "evaluate", Run), Does.Contain("add --env stored if you trust it"));
        Assert.That(TinyRun.CliError(1, "verify", Run), Does.Contain("add --env stored if you trust it"));
        JsonElement verified = TinyRun.CliJson("verify", Run, "--env", "stored", "--episodes", "2", "--json");
        Assert.That(verified.Number("mean"), Is.EqualTo(double.Parse(
            TinyRun.Table(Path.Combine(Run, "verification.csv"))[0]["score"])), "its starts too, by default");

        Assert.That(TinyRun.Cli("report", Run, "--out", Folder["report"]).ExitCode, Is.Zero);
        Assert.That(Directory.GetFiles(Folder["report"]).Select(File.ReadAllText),
            Has.Some.Contains($"naf train --env '{Point}' --seeds 0"));
    }

    // the file may be there without its header
    private bool HasRows(int count) =>
        Path.Combine(Run, "metrics.csv") is var file && File.Exists(file) && File.ReadLines(file).Count() > count;

    private static ChildProcess Loop(int episodes, int steps, params string[] arguments) => ChildProcess.Of("python3",
        [$"{Repository.Root}/tests/Host/Environments/loop.py", Examples, $"{episodes}", $"{steps}",
            .. ChildProcess.Command, .. arguments]);

    private static string[] Train(string command, string folder, int episodes, params string[] more) =>
        ["train", "--env", command, .. TinyRun.Arguments(folder, episodes, more).Skip(2)];
}
