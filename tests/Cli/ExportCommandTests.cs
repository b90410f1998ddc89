namespace Naf.Tests;

internal sealed class ExportCommandTests : FolderFixture
{
    [Test]
    public void It_names_its_files_and_replaces_only_its_own()
    {
        TinyRun.Train(Folder["run"], 2);
        JsonElement json = TinyRun.CliJson("export", Folder["run/"], "--out", Folder["p.onnx"], "--json");
        Assert.That((json.Text("out"), json.Text("q"), json.Text("format"), json.Text("task"), json.Text("policy")),
            Is.EqualTo((Folder["p.onnx"], Folder["p.q.onnx"], "onnx", "cartpole", "last")));
        Assert.That((json.Number("after_episode"), json.Number("observation_size"), json.Number("action_size")),
            Is.EqualTo((2.0, 5.0, 1.0)));
        Assert.That(TinyRun.Cli("export", Folder["run"], "--out", Folder["p.csv"]).Out,
            Does.StartWith($"{Folder["p.csv"]}: cartpole, last policy (after episode 2, test score -"));
        TinyRun.CliError(0, "export", Folder["run"], "--out", Folder["p.csv"]);
        Assert.That(Directory.GetFiles(Folder.Path).Select(f => Path.GetFileName(f)),
            Is.EquivalentTo(new[] { "p.onnx", "p.q.onnx", "p.csv" }), "and nothing unfinished");

        string metrics = Folder["run/metrics.csv"];
        Assert.That(Error("--out", metrics),
            Is.EqualTo($"{metrics} is there already and holds no policy; name another file"));
        Assert.That(Error(), Is.EqualTo("naf export needs --out FILE, whose name ends in .onnx, .safetensors or .csv"));
        Assert.That(Error("--out", "p.pt"),
            Is.EqualTo("--out p.pt: expected a name that ends in .onnx, .safetensors or .csv"));
        Assert.That(Error("--out", "p.onnx", "--format", "torch"),
            Is.EqualTo("--format torch: expected onnx, safetensors or csv"));
        Assert.That(Error("--out", "p.onnx", "--format", "csv"),
            Is.EqualTo("--out p.onnx: expected a name that ends in .csv, as --format says"));
        Assert.That(Error("--out", "p.onnx", "--policy", "mpc"),
            Is.EqualTo("--policy mpc: only a learned policy can be exported; take last or best"));
        Assert.That(Error("--out", "p.onnx", "--learner", "1"), Is.EqualTo("--learner 1: the run has 1 learner: 0"));
        string nowhere = Folder["no/p.onnx"];
        Assert.That(Error("--out", nowhere),
            Is.EqualTo($"{nowhere} can't be written: there is no folder {Folder["no"]}; make it first"));

        string checkpoints = Folder["run/checkpoint"];
        Directory.Delete(checkpoints, recursive: true);
        Assert.That(Error("--out", Folder["none.onnx"]), Is.EqualTo($"there is no checkpoint in {checkpoints}; bring "
            + "it back if it was lost, or else let the run train for longer"));
        Assert.That(File.Exists(Folder["none.onnx"]), Is.False);
    }

    [TestCase("cartpole",
        ExpectedResult = "naf export needs a run's folder, and cartpole is a task; train first (naf train cartpole)")]
    [TestCase("none", ExpectedResult = "naf export needs a run's folder, and none is none; name the folder "
        + "that naf train printed")]
    [TestCase("runs/none", ExpectedResult = "naf export needs a run's folder, and runs/none is none; name the folder "
        + "that naf train printed")]
    public string It_needs_a_run(string name) =>
        TinyRun.CliError(1, "export", name, "--out", "p.onnx").TrimEnd()["naf: ".Length..];

    private string Error(params string[] options) =>
        TinyRun.CliError(1, ["export", Folder["run"], .. options]).TrimEnd()["naf: ".Length..];
}
