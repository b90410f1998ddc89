using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;

namespace Naf.Tests;

internal sealed class RunConfigTests : FolderFixture
{
    private static readonly Versions Made =
        new("0.1", "abc", "2.2.2", "10.0", "an \"OS\" \\ system: #1", "cpu", "", "AVX2", "256", "driver 1",
            "64 threads", "0123456789abcdef");

    private string Config => Folder["config.yaml"];

    [Test]
    public void It_is_read_back_as_written()
    {
        var config = new RunConfig("/some where/my: task.yaml", TinyRun.Resolve(7, "seed=18446744073709551615"), Made)
        {
            Files = [("task/my: task.yaml", "01"), ("task/a \"b\"/m.xml", "ab")],
            History = ["after episode 3: x was \"a\" and is \\", "- another"],
        };
        config.Write(Config);
        var read = RunConfig.Read(Config);
        Assert.That(read.Files, Is.EqualTo(config.Files));
        Assert.That(read.History, Is.EqualTo(config.History));
        Assert.That(read.Text, Is.EqualTo(config.Text));
        Assert.That(read.Task, Is.EqualTo(config.Task));
        Assert.That(read.Versions, Is.EqualTo(Made));
        foreach (Setting setting in Setting.All)
            Assert.That(setting.Show(read.Settings), Is.EqualTo(setting.Show(config.Settings)), setting.Key);
    }

    [Test]
    public void A_full_disk_leaves_what_was_there()
    {
        File.WriteAllText(Config, "older");
        PlaceFullDisk("config.yaml.partial");
        var config = new RunConfig("cartpole", TinyRun.Resolve(7), Made);
        Assert.That(() => config.Write(Config), Throws.InstanceOf<IOException>());
        Assert.That(File.ReadAllText(Config), Is.EqualTo("older"));
        Assert.That(Directory.GetFiles(Folder.Path), Has.Length.EqualTo(1), "nothing is left beside it");
    }

    [Test]
    public void It_serves_as_a_file_of_settings()
    {
        new RunConfig("cartpole", TinyRun.Resolve(7), Made).Write(Config);
        TrainingSettings settings = SettingsResolver.Resolve(SettingsFile.Read(Config));
        Assert.That((settings.Episodes, settings.Learner.BatchSize), Is.EqualTo((7, 16)));
    }

    [TestCase("", "is empty")]
    [TestCase("format: 99\ntask: cartpole\n",
        "has format 99 and this naf reads format 1; use the version of naf that made it")]
    [TestCase("format: 1\n", "has no task")]
    [TestCase("format: 1\ntask: a\nsettings: 3\nversions: {}\n", "line 3: expected a mapping under settings")]
    public void Another_file_is_refused(string text, string message)
    {
        File.WriteAllText(Config, text);
        Assert.That(() => RunConfig.Read(Config), Throws.TypeOf<UserException>().With.Message.Contains(message));
    }

    [Test]
    public void Where_bits_cannot_hold_resuming_is_refused_or_warns()
    {
        var warnings = new List<string>();
        ResumeCheck.Compare(Made, Made, accept: false, warnings.Add);
        Assert.That(warnings, Is.Empty);

        // the last digits may differ
        ResumeCheck.Compare(Made, Made with { Dotnet = "10.1", Instructions = "AVX-512" }, accept: false, warnings.Add);
        Assert.That(warnings, Has.Count.EqualTo(2).And.All.Contains("may differ in their last digits"));

        // another simulator
        Versions other = Made with { Mujoco = "3.3.7" };
        Assert.That(() => ResumeCheck.Compare(Made, other, accept: false, warnings.Add), Throws.TypeOf<UserException>()
            .With.Message.EqualTo("MuJoCo was 2.2.2 when the run was made and is 3.3.7 now; "
                + "bring back what it was, or accept the change"));
        warnings.Clear();
        ResumeCheck.Compare(Made, other, accept: true, warnings.Add);
        Assert.That(warnings, Has.Count.EqualTo(1).And.All.Contains("not those of an uninterrupted run"));
    }
}
