using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;

namespace Naf.Tests;

public sealed class RunConfigTests
{
    private static readonly Versions Made =
        new("0.1", "abc", "2.2.2", "10.0", "an \"OS\" \\ system: #1", "cpu", "", "AVX2", "256", "driver 1", "64 threads", "0123456789abcdef");

    [Test]
    public void It_is_read_back_as_written()
    {
        using var folder = new TemporaryFolder();
        var config = new RunConfig("/some where/my: task.yaml", TinyRun.Resolve(7, "seed=18446744073709551615"), Made);
        config.Write(folder["config.yaml"]);
        var read = RunConfig.Read(folder["config.yaml"]);
        Assert.That(read.Task, Is.EqualTo(config.Task));
        Assert.That(read.Versions, Is.EqualTo(Made));
        foreach (Setting setting in Setting.All)
            Assert.That(setting.Show(read.Settings), Is.EqualTo(setting.Show(config.Settings)), setting.Key);
    }

    [Test]
    public void A_full_disk_leaves_what_was_there()
    {
        if (!File.Exists("/dev/full")) Assert.Ignore("this system has no /dev/full, which stands for a full disk");
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.yaml"], "older");
        File.CreateSymbolicLink(folder["config.yaml.partial"], "/dev/full");
        Assert.That(
            () => new RunConfig("cartpole", TinyRun.Resolve(7), Made).Write(folder["config.yaml"]), Throws.InstanceOf<IOException>());
        Assert.That(File.ReadAllText(folder["config.yaml"]), Is.EqualTo("older"));
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1), "nothing is left beside it");
    }

    [Test]
    public void It_serves_as_a_file_of_settings()
    {
        using var folder = new TemporaryFolder();
        new RunConfig("cartpole", TinyRun.Resolve(7), Made).Write(folder["config.yaml"]);
        TrainingSettings settings = SettingsResolver.Resolve(SettingsFile.Read(folder["config.yaml"]));
        Assert.That((settings.Episodes, settings.Naf.BatchSize), Is.EqualTo((7, 16)));
    }

    [TestCase("", "is empty")]
    [TestCase("format: 99\ntask: cartpole\n", "has format 99 and this naf reads format 1; use the version of naf that made it")]
    [TestCase("format: 1\n", "has no task")]
    [TestCase("format: 1\ntask: a\nsettings: 3\nversions: {}\n", "line 3: expected a mapping under settings")]
    public void Another_file_is_refused(string text, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.yaml"], text);
        Assert.That(() => RunConfig.Read(folder["config.yaml"]), Throws.TypeOf<UserException>().With.Message.Contains(message));
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
            .With.Message.EqualTo("MuJoCo was 2.2.2 when the run was made and is 3.3.7 now; bring back what it was, or go on with --accept-changes"));
        warnings.Clear();
        ResumeCheck.Compare(Made, other, accept: true, warnings.Add);
        Assert.That(warnings, Has.Count.EqualTo(1).And.All.Contains("not those of an uninterrupted run"));
    }
}
