using System.Globalization;
using Naf.Host.Checks;
using Naf.Cli.Common;
using Naf.Host.Common;

namespace Naf.Cli.Commands;

/// <summary>What <c>naf tasks --check</c> prints for people to read, in 80 columns where the names are short.</summary>
internal static class TaskCheckReport
{
    private const int Width = 79, Label = 12;

    public static void Write(Terminal terminal, TaskCheckResult r)
    {
        ModelSummary m = r.Model;
        Line(terminal, "task", r.Task);
        Line(terminal, "model", $"{Short(m.File)}, MuJoCo {m.Mujoco}");
        List(terminal, "joints", m.Joints.Select(j => $"{Named(j.Name)} ({j.Type}{Range(j.Low, j.High)})"));
        List(terminal, "bodies", m.Bodies.Select(Named));
        List(terminal, "sites", m.Sites.Select(Named));
        List(terminal, "actuators", m.Actuators.Select(a => Named(a.Name) + (a.Low is null ? "" : $" ({Range(a.Low, a.High)[2..]})")));
        Line(terminal, "time", $"control step {Texts.Number(m.ControlStep)} s ({m.Substeps} x {Texts.Number(m.Timestep)} s), "
            + $"episode {m.Horizon} steps = {Texts.Number(m.Seconds)} s");

        string many = $"{r.RandomScore.Episodes} random episode{(r.RandomScore.Episodes == 1 ? "" : "s")}";
        Table(terminal, $"observation, over {many}", ["", "name", "entry", "least", "most", "sd", "scale", "scaled sd"],
            r.Observation.Select(x => (string[])[
                $"{x.Index}", x.Name, x.Entry, Texts.Number(x.Minimum), Texts.Number(x.Maximum), Texts.Number(x.Deviation),
                Texts.Number(x.InputScale), Texts.Number(x.ScaledDeviation)]));
        Table(terminal, "reward, its sums in a random episode", ["kind", "of", "weight", "mean", "share"],
            r.Reward.Select(t => (string[])[t.Kind, t.Of, Texts.Number(t.Weight), Texts.Number(t.Mean), Percent(t.Share)]));
        if (r.Measures.Count > 0)
            Table(terminal, "measures", ["name", "least", "mean", "most", "measured"], r.Measures.Select(x => (string[])[
                x.Name, Texts.Number(x.Minimum), Texts.Number(x.Mean), Texts.Number(x.Maximum), Percent(x.Rate)]));

        terminal.Out.WriteLine();
        Line(terminal, "ends early", Ends(r.Termination));
        Line(terminal, "success", r.RandomScore.SuccessRate is { } rate ? $"{Percent(rate)} of random episodes" : "not measured");
        Line(terminal, "score", $"{Texts.Score(r.RandomScore.Mean)} at random (standard deviation {Texts.Score(r.RandomScore.StandardDeviation)}, "
            + $"{r.RandomScore.Episodes} episodes)");
        Line(terminal, "reward size", $"{Texts.Number(r.RewardSize.PerStep)} a step, times reward_scale {Texts.Number(r.RewardSize.RewardScale)} "
            + $"= {Texts.Number(r.RewardSize.PerStep * r.RewardSize.RewardScale)} in the learner");
        terminal.Out.WriteLine();
        foreach (string warning in r.Warnings) Wrap(terminal, "warning: ", 9, warning.Split(' '), " ");
        terminal.Out.WriteLine(r.Warnings.Count == 0 ? "nothing found wrong" : r.Warnings.Count == 1 ? "1 warning" : $"{r.Warnings.Count} warnings");
    }

    private static string Ends(EarlyEnds? ends)
    {
        if (ends is null) return "never";
        if (ends.MeanStep is not { } step) return "in no random episode";
        IEnumerable<string> bounds = ends.Bounds.Where(b => b.Rate > 0).Select(b => $"{b.Name} in {Percent(b.Rate)}");
        return $"{Percent(ends.Rate)} of random episodes, after {step.ToString("F0", CultureInfo.InvariantCulture)} steps on average, by "
            + string.Join(", ", bounds);
    }

    private static void Table(Terminal terminal, string title, string[] heading, IEnumerable<string[]> rows)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(title);
        terminal.WriteTable([heading, .. rows]);
    }

    private static void Line(Terminal terminal, string label, string text) => Wrap(terminal, label.PadRight(Label), Label, text.Split(' '), " ");

    private static void List(Terminal terminal, string label, IEnumerable<string> items)
    {
        string[] all = [.. items];
        Wrap(terminal, label.PadRight(Label), Label, all.Length == 0 ? ["none"] : all, ", ");
    }

    // breaks between items, and goes on under the first one
    private static void Wrap(Terminal terminal, string start, int indent, IReadOnlyList<string> items, string separator)
    {
        string line = start;
        for (int i = 0; i < items.Count; i++)
        {
            string item = i + 1 < items.Count ? items[i] + separator : items[i];
            if (line.Length > indent && line.Length + item.TrimEnd().Length > Width)
            {
                terminal.Out.WriteLine(line.TrimEnd());
                line = new string(' ', indent);
            }
            line += item;
        }
        terminal.Out.WriteLine(line.TrimEnd());
    }

    // as seen from here, where that is below
    private static string Short(string file) => Path.GetRelativePath(".", file) is var relative && relative.StartsWith("..", StringComparison.Ordinal)
        ? file : relative;

    private static string Named(string name) => name.Length > 0 ? name : "(no name)";

    private static string Range(double? low, double? high) =>
        low is { } a && high is { } b ? $", {Texts.Number(a)} .. {Texts.Number(b)}" : "";

    private static string Percent(double share) => (100 * share).ToString(share is > 0 and < 0.01 ? "0.##" : "0", CultureInfo.InvariantCulture) + "%";
}
