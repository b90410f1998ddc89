using Naf.Sim;
using Naf.Sim.Mujoco;
using Naf.Sim.Mujoco.Layouts;

namespace Naf.Tests;

internal sealed class LayoutTests : MujocoFixture
{
    private static MujocoLibrary Library => MujocoLibrary.Load();

    [Test]
    public void The_loaded_library_agrees_with_its_own_layout() =>
        Assert.That(LayoutCheck.Mismatch(Library, MujocoLayout.Find(Library.Version)), Is.Null);

    [Test]
    public void Every_other_layout_is_refused_without_a_crash()
    {
        string own = Row(Library.Version)[Library.Version.Length..];
        IEnumerable<MujocoLayout> others = MujocoLayout.All.Where(l => Row(l.Version)[l.Version.Length..] != own);
        string[] accepted = [.. others.Where(l => LayoutCheck.Mismatch(Library, l) == null).Select(l => l.Version)];
        Assert.That(accepted, Is.Empty);
    }

    [Test]
    public void A_layout_that_is_wrong_in_one_field_only_is_refused([Values(8, -8, 4, -4, 16, -16)] int shift)
    {
        if (Library.Version[0] != '2')
            Assert.Ignore(
                "later releases have arrays that MJCF of 2.2.2 leaves empty, at the address of their neighbour");
        string[] lines = [.. LayoutTable.Text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0)];
        string[] names = lines[0].Split(','), own = lines.Single(l => l.StartsWith(Library.Version + ',')).Split(',');
        var missed = new List<string>();
        for (int column = 2; column < names.Length; column++)
        {
            if (names[column].StartsWith("enum")) continue;
            // the preceding field is the buffer, whose first array this is
            if (names[column] is "mjModel.qpos0" or "mjData.qpos" && shift < 0) continue;
            string[] wrong = [.. own];
            wrong[column] = $"{Math.Max(0, int.Parse(own[column]) + shift)}";
            if (wrong[column] == own[column]) continue;
            MujocoLayout layout = MujocoLayout.Parse(lines[0] + "\n" + string.Join(',', wrong)).Single();
            if (LayoutCheck.Mismatch(Library, layout)?.Contains(names[column]) != true) missed.Add(names[column]);
        }
        Assert.That(missed, Is.Empty);
    }

    [Test]
    public void An_unknown_version_is_refused_with_the_known_ones_and_the_remedy() =>
        Assert.That(() => MujocoLayout.Find("9.9.9"), Throws.TypeOf<MujocoException>()
            .With.Message.Contains("9.9.9").And.Message.Contains("2.2.2, 2.3.0")
            .And.Message.Contains("make-layout.sh"));

    [Test]
    public void Sizes_are_four_bytes_before_3_5_0_and_eight_from_it()
    {
        Assert.That(MujocoLayout.Find("3.4.0").SizeWidth, Is.EqualTo(4));
        Assert.That(MujocoLayout.Find("3.5.0").SizeWidth, Is.EqualTo(8));
        Assert.That(MujocoLayout.All, Has.Count.EqualTo(44));
    }

    [Test]
    public void A_short_row_is_refused() =>
        Assert.That(() => MujocoLayout.Parse("version,a,b\n1.0.0,3"),
            Throws.TypeOf<FormatException>().With.Message.Contains("1.0.0"));

    [Test]
    public void The_generator_prints_the_row_of_the_installed_headers()
    {
        if (!File.Exists("/usr/include/mujoco/mujoco.h") || !File.Exists("/usr/bin/cc"))
            Assert.Ignore("needs a C compiler and libmujoco-dev");
        string script = Path.Combine(Repository.Root, "Naf.Sim/Mujoco/Layouts/make-layout.sh");
        using Process process = Process.Start(new ProcessStartInfo("sh", [script]) { RedirectStandardOutput = true })!;
        string row = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.That(row, Is.EqualTo(Row(row.Split(',')[0])));
    }

    private static string Row(string version) =>
        LayoutTable.Text.Split('\n').Select(l => l.Trim()).Single(l => l.StartsWith(version + ','));
}
