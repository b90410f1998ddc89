using Naf.Host.Settings;

namespace Naf.Tests;

internal sealed class CommandLineTests : MujocoFixture
{
    [Test]
    public void Tasks_have_their_sizes()
    {
        JsonElement cartpole = TinyRun.CliJson("tasks", "--json").GetProperty("tasks").EnumerateArray()
            .Single(t => t.Text("name") == "cartpole");
        Assert.That(cartpole.Number("observation_size"), Is.EqualTo(5));
        Assert.That(cartpole.Number("action_size"), Is.EqualTo(1));
        Assert.That(cartpole.Number("horizon"), Is.EqualTo(150));
        Assert.That(TinyRun.Cli("tasks").Out,
            Does.Contain("cartpole").And.Contain("peg").And.Contain("reacher-single"));
    }

    [TestCase("gamma=1", true)]
    [TestCase("gamma=0.99", false)]
    public void The_summary_says_where_Q_is_not_watched(string setting, bool says) => Assert.That(
        TinyRun.Cli(TinyRun.Arguments(Folder["run"], 1, "--set", setting)).Out
            .Contains("Q was not watched for divergence: with gamma=1 the rewards allow any value"), Is.EqualTo(says));

    [Test]
    public void Train_ends_with_the_names_that_scripts_rely_on()
    {
        JsonElement json = TinyRun.CliJson(TinyRun.Arguments(Folder["run"], 2, "--seeds", "4..5", "--json"));
        Assert.Multiple(() =>
        {
            Assert.That(json.Text("run"), Is.EqualTo(Folder["run"]));
            Assert.That(json.Text("task"), Is.EqualTo("cartpole"));
            Assert.That(json.Text("algorithm"), Is.EqualTo("naf"));
            Assert.That(json.Number("episodes"), Is.EqualTo(2));
            Assert.That(json.Number("updates"), Is.EqualTo(2 * 285));
            foreach (string name in (string[])
                ["best_test_score", "final_test_score", "verified_best", "verified_last", "updates_per_second",
                    "seconds"])
                Assert.That(json.GetProperty(name).ValueKind, Is.EqualTo(JsonValueKind.Number), name);
            Assert.That(json.GetProperty("learners").EnumerateArray().Select(l => l.Number("seed")),
                Is.EqualTo(new[] { 4, 5 }));
        });
        JsonElement one = TinyRun.CliJson(TinyRun.Arguments(Folder["one"], 2, "--seeds", "5", "--json"));
        Assert.That(one.GetProperty("learners").EnumerateArray().Select(l => (l.Number("seed"), l.Number("updates"))),
            Is.EqualTo(new[] { (5.0, 285.0) }));
        string config = File.ReadAllText(Folder["run/config.yaml"]);
        Assert.That(config, Does.Contain("seed: 4").And.Contain("learners: 2").And.Contain("reward_scale: 10"),
            "the last is the task's own");
    }

    [Test]
    public void Evaluate_has_the_names_that_scripts_rely_on()
    {
        JsonElement json = TinyRun.CliJson("evaluate", "cartpole", "--policy", "zero", "--episodes", "3", "--json");
        foreach (string name in (string[])["mean", "standard_deviation", "episodes", "success_rate"])
            Assert.That(json.GetProperty(name).ValueKind, Is.EqualTo(JsonValueKind.Number), name);
        Assert.That(json.Text("policy"), Is.EqualTo("zero"));
        Assert.That(json.Number("mean"), Is.EqualTo(-2.1).Within(0.001), "the pole hangs still");
    }

    [TestCase("", "cartpole, random policy: mean -2.13", "first episode")]
    [TestCase("--json", "{\"target\":\"cartpole\"", "t.csv")]
    [Platform("Linux")]
    public void A_result_is_printed_though_its_trajectory_cannot_be_written(string option, string start, string unsaid)
    {
        // limit files to 8 KiB; the trajectory has 20 (as .NET's memory for code would, if it were a file)
        string naf = Path.Combine(AppContext.BaseDirectory, "naf.dll"), file = Folder["t.csv"];
        string[] limited = ["-c", "trap '' XFSZ; ulimit -f 16; exec dotnet \"$@\"", "sh"];
        string[] asked = ["evaluate", "cartpole", "--episodes", "2", "--trajectory", file,
            .. option.Length > 0 ? [option] : Array.Empty<string>()];
        using Process shell = Process.Start(new ProcessStartInfo("sh", [.. limited, naf, .. asked])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["DOTNET_EnableWriteXorExecute"] = "0" },
        })!;
        Task<string> error = shell.StandardError.ReadToEndAsync();
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.That(shell.ExitCode, Is.EqualTo(1), error.Result);
        Assert.That(output, Does.StartWith(start).And.Not.Contain(unsaid));
        Assert.That(error.Result,
            Does.StartWith($"naf: {file} can't be written: ").And.Not.Contain("should not happen"));
        Assert.That(Directory.GetFiles(Folder.Path), Is.Empty);
    }

    [Test]
    public void Bench_sim_gives_the_same_checksum_each_time()
    {
        string[] command = ["bench", "sim", "--task", "cartpole", "--threads", "2", "--seconds", "0.05", "--json"];
        JsonElement first = TinyRun.CliJson(command), second = TinyRun.CliJson(command);
        foreach (string name in (string[])["steps_per_second", "microseconds_per_step", "mujoco_microseconds",
            "over_mujoco", "over_one_thread"])
            Assert.That(first.Number(name), Is.Positive, name);
        Assert.That(second.Text("checksum"), Is.EqualTo(first.Text("checksum")));
    }

    [TestCase("", ExpectedResult = "Required command was not provided; naf --help shows what there is")]
    [TestCase("tran",
        ExpectedResult = "there is no command 'tran' (did you mean train?); naf --help shows what there is")]
    [TestCase("train cartpole --episdes 3",
        ExpectedResult = "there is no option --episdes (did you mean --episodes?); naf train --help shows "
            + "what there is")]
    [TestCase("train a b", ExpectedResult = "'b' is one argument too many; naf train --help shows what there is")]
    [TestCase("train",
        ExpectedResult = "naf train needs a task, such as cartpole (naf tasks lists them), or --resume DIR")]
    [TestCase("train cartpole --episodes x",
        ExpectedResult = "--episodes: episodes = 'x' is not a whole number from 1 to 100000000")]
    [TestCase("train cartpole --imagination dreams",
        ExpectedResult = "--imagination: imagination = 'dreams' is not off, fitted, true or network")]
    [TestCase("train cartpole --imagination fitted --set imagined_shifted=true --set imagined_from_replay=true",
        ExpectedResult = "imagined_from_replay and imagined_shifted are two controls that exclude each other; give "
            + "one of them")]
    [TestCase("train gripper-single --imagination fitted --set dynamics_prior=none",
        ExpectedResult = "dynamics_around=episode fits each model to one episode, which needs a prior; add "
            + "dynamics_around=batch")]
    [TestCase("train cartpole --imagination true --set imagined_shifted=true",
        ExpectedResult = "imagined_shifted fits the dynamics to the wrong phase; it goes with imagination=fitted")]
    [TestCase("train cartpole --plan ilqg --set dynamics_coordinates=observation",
        ExpectedResult = "plan=ilqg plans over the simulator's state; leave out dynamics_coordinates=observation")]
    [TestCase("train cartpole --plan lqr", ExpectedResult = "--plan: plan = 'lqr' is not none, ilqg or mpc")]
    [TestCase("train cartpole --plan mpc --plan-fraction 2",
        ExpectedResult = "--plan-fraction: plan_fraction = '2' is not a number in [0, 1]")]
    [TestCase("train cartpole --device gpu",
        ExpectedResult = "device 'gpu' is unknown; use auto, cpu, cuda:N, opencl:N or emulated (naf devices lists "
            + "what is here)")]
    [TestCase("train cartpole --seed 1 --seeds 0..3",
        ExpectedResult = "--seed and --seeds exclude each other; give one of them")]
    [TestCase("train cartpole --seeds 3..0",
        ExpectedResult = "--seeds 3..0: expected A..B with A not above B, such as 0..7, or one seed, such as 5")]
    [TestCase("train cartpole --seeds 1..2..3",
        ExpectedResult = "--seeds 1..2..3: expected A..B with A not above B, such as 0..7, or one seed, such as 5")]
    [TestCase("train cartpole --seeds -1",
        ExpectedResult = "--seeds -1: expected A..B with A not above B, such as 0..7, or one seed, such as 5")]
    [TestCase("train cartpole --set batch_norm=true",
        ExpectedResult = "--set: there is no batch_norm any more; write normalisation, with none for false and batch "
            + "for true")]
    [TestCase("train cartpole --checkpoint previous",
        ExpectedResult = "--checkpoint says where to resume from; it needs --resume DIR")]
    [TestCase("train cartpole --accept-changes",
        ExpectedResult = "--accept-changes says what a resumed run may differ in; it needs --resume DIR")]
    [TestCase("train cartpole --task t.yaml",
        ExpectedResult = "--task t.yaml is what a resumed run goes on with; it needs --resume DIR")]
    [TestCase("evaluate cartpole --task t.yaml",
        ExpectedResult = "--task t.yaml takes another task for a run's policy, and cartpole is a task; leave out "
            + "either")]
    [TestCase("train cartpole --seeds 5..4101",
        ExpectedResult = "--seeds 5..4101 is more than 4096 learners, the limit of a run; begin several runs")]
    [TestCase("train cartpole --config .", ExpectedResult = "--config . is a folder; name the file")]
    [TestCase("zzzzzz",
        ExpectedResult = "there is no command 'zzzzzz' (known: train, sweep, evaluate, verify, render, export, report, "
            + "watch, reproduce, tasks, devices, check, bench); naf --help shows what there is")]
    [TestCase("train cartpole --env x",
        ExpectedResult = "--env COMMAND and the task 'cartpole' exclude each other; give one of them")]
    [TestCase("train --env stored",
        ExpectedResult = "--env stored takes the command of a run, and there is no run; name the command")]
    [TestCase("train --env - --seeds 0..1",
        ExpectedResult = "--env - is one environment, and learners = 2; train one")]
    [TestCase("train --env ", ExpectedResult = "--env: expected a command on one line; put a longer one into a script")]
    [TestCase("evaluate", ExpectedResult = "naf evaluate needs a run's folder, a task, or --env COMMAND")]
    [TestCase("evaluate cartpole --env x",
        ExpectedResult = "--env COMMAND and the task 'cartpole' exclude each other; give one of them")]
    [TestCase("train cartpole --resume x", ExpectedResult = "--resume x knows its task; leave out 'cartpole'")]
    [TestCase("train --resume no-such-folder",
        ExpectedResult = "there is no folder 'no-such-folder'; name the folder of a run")]
    [TestCase("train cartpole --config none.yaml", ExpectedResult = "--config none.yaml: there is no such file")]
    [TestCase("evaluate cartpole --policy run",
        ExpectedResult = "--policy run needs a run's folder, and cartpole is a task; train first (naf train cartpole), "
            + "or use --policy random")]
    [TestCase("evaluate .",
        ExpectedResult = ". is not a run's folder: it has no config.yaml; name a run's folder or a task")]
    [TestCase("evaluate cartpole --policy good",
        ExpectedResult = "--policy good: expected last, best, random, zero or mpc")]
    [TestCase("evaluate cartpole --policy best",
        ExpectedResult = "--policy best needs a run's folder, and cartpole is a task; train first (naf train "
            + "cartpole), or use --policy random")]
    [TestCase("evaluate cartpole --verify",
        ExpectedResult = "--verify needs a run's folder, and cartpole is a task; train first (naf train cartpole)")]
    [TestCase("evaluate cartpole --verify --policy best",
        ExpectedResult = "--verify scores the best and the last policy of every learner from starts of its own; "
            + "leave out --policy")]
    [TestCase("evaluate cartpole --verify --set mpc_samples=3",
        ExpectedResult = "--verify scores the best and the last policy of every learner from starts of its own; "
            + "leave out --set")]
    [TestCase("verify cartpole",
        ExpectedResult = "naf verify needs a run's folder, and cartpole is a task; train first (naf train cartpole)")]
    [TestCase("verify no-such-run",
        ExpectedResult = "naf verify needs a run's folder, and no-such-run is none; name the folder that naf train "
            + "printed")]
    [TestCase("evaluate cartpole --trajectory t.txt",
        ExpectedResult = "t.txt: expected a name that ends in .csv, as a trajectory is")]
    [TestCase("evaluate cartpole --learner 1",
        ExpectedResult = "--learner 1 chooses a learner of a run; it goes with --policy last or best")]
    [TestCase("evaluate cartpole --episodes 0",
        ExpectedResult = "--episodes 0: expected a whole number from 1 to 1000000")]
    [TestCase("bench sim", ExpectedResult = "naf bench sim needs either --task TASK or --model FILE.xml")]
    [TestCase("bench update --seconds -1", ExpectedResult = "--seconds -1: expected a number of seconds above 0")]
    [TestCase("render cartpole", ExpectedResult = "naf render needs --out FILE, a picture (.png) or a video (.mp4)")]
    [TestCase("render cartpole --out a.gif",
        ExpectedResult = "--out a.gif: expected a name that ends in .png (a picture) or .mp4 (a video)")]
    [TestCase("render cartpole --out a.mp4 --height 241",
        ExpectedResult = "--height 241: the size of a video is even; take 240 or 242")]
    [TestCase("render cartpole --out a.png --width 8",
        ExpectedResult = "--width 8: expected a whole number from 16 to 8192")]
    [TestCase("render cartpole --out a.mp4 --step 3",
        ExpectedResult = "--step 3 chooses the state of a picture (.png); a video shows them all")]
    [TestCase("render cartpole --out a.png --step 151",
        ExpectedResult = "--step 151: the episode has 150 steps; take 0 to 150")]
    [TestCase("render cartpole --out a.png --policy good",
        ExpectedResult = "--policy good: expected last, best, random, zero or mpc")]
    [TestCase("render cartpole --out a.png --policy best",
        ExpectedResult = "--policy best needs a run's folder, and cartpole is a task; train first (naf train "
            + "cartpole), or use --policy random")]
    [TestCase("render cartpole --out a.png --policy run",
        ExpectedResult = "--policy run needs a run's folder, and cartpole is a task; train first (naf train cartpole), "
            + "or use --policy random")]
    [TestCase("render cartpole --out a.png --learner 1",
        ExpectedResult = "--learner 1 chooses a learner of a run; it goes with --policy last or best")]
    [TestCase("render cartpole --out a.png --camera sid",
        ExpectedResult = "cartpole's model has no camera 'sid'; did you mean 'side'?")]
    [TestCase("render cartpole --out a.png --trajectory t.csv --seed 1",
        ExpectedResult = "--seed chooses an episode to play, and --trajectory is one; leave out either")]
    [TestCase("render cartpole --out a.png --trajectory no.csv",
        ExpectedResult = "there is no trajectory no.csv; naf evaluate TASK --trajectory no.csv writes one")]
    [TestCase("render cartpole --out a.png --trajectory ",
        ExpectedResult = "--trajectory '': expected the name of a file")]
    [TestCase("render cartpole --out a.png --trajectory .", ExpectedResult = ". is a folder; name a trajectory's file")]
    [TestCase("render cartpole --out ", ExpectedResult = "--out '': expected the name of a file")]
    [TestCase("watch no-such-folder",
        ExpectedResult = "there is no folder 'no-such-folder'; name the folder of a run")]
    [TestCase("watch .",
        ExpectedResult = ". is not a run's folder: it has no config.yaml; name the folder of a run")]
    [TestCase("watch . --port 65536", ExpectedResult = "--port 65536: expected a whole number from 1 to 65535")]
    [TestCase("render . --out a.png",
        ExpectedResult = ". is not a run's folder: it has no config.yaml; name a run's folder or a task")]
    public string An_error_is_one_sentence_with_the_remedy(string arguments)
    {
        (int exitCode, string output, string error) = TinyRun.Cli(arguments.Length == 0 ? [] : arguments.Split(' '));
        Assert.That(exitCode, Is.EqualTo(error.Contains("--help shows") ? 2 : 1));
        Assert.That(output, Is.Empty, "standard output is for results");
        Assert.That(error, Does.StartWith("naf: "));
        return error.TrimEnd()["naf: ".Length..];
    }

    [TestCase("train no-such-task", "no built-in task 'no-such-task'")]
    [TestCase("train carpole", "did you mean 'cartpole'?")]
    [TestCase("evaluate no/such.yaml", "no/such.yaml")]
    [TestCase("bench sim --model no-such.xml", "no-such.xml")]
    public void A_missing_task_is_named(string arguments, string message)
    {
        (int exitCode, _, string error) = TinyRun.Cli(arguments.Split(' '));
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain(message).And.Not.Contain("   at "), "no stack trace");
    }

    [TestCase("--help")]
    [TestCase("train --help")]
    [TestCase("sweep --help")]
    [TestCase("evaluate --help")]
    [TestCase("verify --help")]
    [TestCase("render --help")]
    [TestCase("export --help")]
    [TestCase("report --help")]
    [TestCase("watch --help")]
    [TestCase("reproduce --help")]
    [TestCase("tasks -h")]
    [TestCase("devices -h")]
    [TestCase("bench --help")]
    [TestCase("bench update --help")]
    [TestCase("bench rollout --help")]
    [TestCase("bench fit --help")]
    [TestCase("bench advantage --help")]
    [TestCase("bench sim --help")]
    public void Help_ends_with_an_example(string arguments)
    {
        (int exitCode, string output, _) = TinyRun.Cli(arguments.Split(' '));
        Assert.That(exitCode, Is.Zero);
        string[] lines = output.TrimEnd().Split('\n');
        Assert.That(lines[^2].Trim(), Is.EqualTo("Example:"));
        Assert.That(lines[^1], Does.StartWith($"  naf {arguments[..arguments.LastIndexOf('-')].TrimEnd('-')}"));
    }

    [Test]
    public void Train_help_lists_the_settings_that_most_users_need_and_all_of_them_when_asked()
    {
        string help = TinyRun.Cli("train", "--help").Out, all = TinyRun.Cli("train", "--help", "all").Out;
        foreach (Setting setting in Setting.All)
        {
            Assert.That(all, Does.Contain($"\n  {setting.Key} "));
            Assert.That(help.Contains($"\n  {setting.Key} "), Is.EqualTo(setting.IsBasic), setting.Key);
        }
        Assert.That(help, Does.Contain("auto, cpu, cuda:N, opencl:N or emulated [auto]")
            .And.Contain("naf or ddpg [naf]").And.Contain("--help all"));
    }

    [Platform("Linux")]
    [TestCase("> /dev/full")]
    [TestCase(">&-")]
    public void An_output_that_cannot_be_written_is_said_to_be_so(string redirection)
    {
        using var naf = ChildProcess.OfShell($"--version {redirection}");
        Assert.That(naf.Wait(), Is.EqualTo(1));
        Assert.That(naf.Error.Result,
            Does.Match("^naf: standard output can't be written: .*; send it to another place\n$"));
    }

    [Test]
    [Platform("Linux")]
    public void A_missing_folder_for_temporary_files_has_its_remedy()
    {
        using var naf = new ChildProcess("", [("TMPDIR", Folder["none"])], "tasks");
        Assert.That(naf.Wait(), Is.EqualTo(1));
        Assert.That(naf.Error.Result, Does.Match("^naf: the folder for temporary files can't be written: .*; free "
            + "space there, or set TMPDIR to another folder\n$"));
    }

    [Test]
    public void A_taken_folder_is_not_overwritten()
    {
        TinyRun.Train(Folder["run"], 1);
        byte[] metrics = TinyRun.Metrics(Folder["run"]);
        (int exitCode, _, string error) = TinyRun.Cli(TinyRun.Arguments(Folder["run"], 1));
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("already holds a run; choose another, or resume it (naf train --resume"));
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(metrics));
    }

    [Test]
    public void A_folder_with_something_else_is_left_alone()
    {
        File.WriteAllText(Folder["metrics.csv"], "mine");
        (int exitCode, _, string error) = TinyRun.Cli(TinyRun.Arguments(Folder.Path, 1));
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain($"{Folder.Path} is not empty and holds no run; choose an empty or new folder"));
        Assert.That(Directory.GetFiles(Folder.Path), Has.Length.EqualTo(1));
        Assert.That(File.ReadAllText(Folder["metrics.csv"]), Is.EqualTo("mine"));
    }

    [Test]
    public void A_folder_that_cannot_be_written_has_a_remedy_that_fits()
    {
        TinyRun.Train(Folder["run"], 1);
        File.Delete(Folder["run/.lock"]);
        Directory.CreateDirectory(Folder["run/.lock"]); // no file can be opened there, not even by root
        string error = TinyRun.Cli("train", "--resume", Folder["run"]).Error;
        Assert.That(error,
            Does.Contain("can't be written").And.Contain("allow writing there").And.Not.Contain("--out"));
    }

    [Test]
    public void A_folders_last_slash_is_not_echoed()
    {
        JsonElement json = TinyRun.CliJson(TinyRun.Arguments(Folder["run/"], 1, "--json"));
        Assert.That(json.Text("run"), Is.EqualTo(Folder["run"]));
        Assert.That(TinyRun.CliJson("evaluate", Folder["run/"], "--json").Text("target"), Is.EqualTo(Folder["run"]));
    }
}
