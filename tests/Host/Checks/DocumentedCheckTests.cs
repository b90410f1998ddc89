using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>The walk-through of docs/tasks.md, followed in an empty folder, prints the documented output.</summary>
internal sealed class DocumentedCheckTests : FolderFixture
{
    // the last bits of a step depend on MuJoCo's version and the CPU's sine, and a tumbling pendulum amplifies them to
    // visible digits
    private static bool SameNumbers => MujocoLibrary.Load().Version == "2.2.2" && Fma.IsSupported;

    [Test]
    public void Walk_through_prints_what_it_shows()
    {
        string[] shown = TaskDocument.Commands("naf tasks --check");
        Assert.That(shown, Has.Length.EqualTo(3));

        // the contents of the model
        File.WriteAllText(Folder["acrobot.xml"], TaskDocument.FoundModel);
        File.WriteAllText(Folder["first.yaml"], TaskDocument.FirstTask);
        (int exitCode, string printed) = Check(Folder.Path, "first.yaml");
        Assert.That(exitCode, Is.Zero, printed);
        Assert.That(printed, Does.Match("(?m)^sites +none$"));
        if (SameNumbers) Assert.That(printed, Is.EqualTo(shown[0]));

        // the task, before the site is added to the model
        File.WriteAllText(Folder["acrobot.yaml"], TaskDocument.Task);
        Assert.That(Check(Folder.Path, "acrobot.yaml"), Is.EqualTo((1, shown[1])));

        // the check
        File.WriteAllText(Folder["acrobot.xml"], TaskDocument.Model);
        (exitCode, printed) = Check(Folder.Path, "acrobot.yaml");
        Assert.That(exitCode, Is.Zero, printed);
        Assert.That(printed, Does.EndWith("\nnothing found wrong\n"));
        if (SameNumbers) Assert.That(printed, Is.EqualTo(shown[2]));

        string score = Regex.Match(shown[2], "(?m)^score +-([0-9.]+) at random").Groups[1].Value;
        Assert.That(TaskDocument.Text, Does.Contain($"from −{score} at random to −"));
    }

    // formatted as on a terminal
    private static (int ExitCode, string Text) Check(string folder, string file)
    {
        using ChildProcess naf = new(folder, [], "tasks", "--check", file);
        int exitCode = naf.Wait();
        return (exitCode, $"$ naf tasks --check {file}\n{naf.Output.Result}{naf.Error.Result}");
    }
}
