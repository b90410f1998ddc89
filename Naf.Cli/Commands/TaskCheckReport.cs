using Naf.Host.Checks;
using Naf.Cli.Common;
using Naf.Host.Common;

namespace Naf.Cli.Commands;

/// <summary>Prints the results of <c>naf tasks --check</c> as text, in 80 columns if the names are short.</summary>
internal sealed class TaskCheckReport(Terminal terminal)
{
    private const int Width = 79, Label = 12;

    public void Write(TaskCheckResult r)
    {
        ModelSummary m = r.Model;
        Line("task", r.Task);
        Line("model", $"{Short(m.File)}, MuJoCo {m.Mujoco}");
        List("joints", m.Joints.Select(j => $"{j.Name} ({j.Type}{Range(j.Low, j.High)})"));
        List("bodies", m.Bodies);
        List("sites", m.Sites);
        List("geoms", m.Geoms);
        List("cameras", m.Cameras);
        List("actuators",
            m.Actuators.Select(a => a.Name + (a.Low is null ? "" : $" ({Range(a.Low, a.High)[2..]}"
                + (a.Zero == 0 ? ")" : $", {Texts.Number(a.Zero)} at u = 0)"))));
        List("sensors", m.Sensors);
        if (m.Keyframes.Count > 0) List("keyframes", m.Keyframes);
        if (m.Mocaps.Count > 0) List("mocap", m.Mocaps);
        Line("time", $"control step {Texts.Number(m.ControlStep)} s ({m.Substeps} x {Texts.Number(m.Timestep)} s), "
            + $"episode {Texts.Count(m.Horizon, "step")} = {Texts.Number(m.Seconds)} s");

        string many = Texts.Count(r.RandomScore.Episodes, "random episode");
        Table($"observation, over {many}", ["", "name", "entry", "least", "most", "sd", "scale", "scaled sd"],
            r.Observation.Select(x => (string[])[
                $"{x.Index}", x.Name, x.Entry, Texts.Number(x.Minimum), Texts.Number(x.Maximum),
                Texts.Number(x.Deviation), Texts.Number(x.InputScale),
                Texts.Number(x.ScaledDeviation)]));
        Table("reward, its sums in a random episode", ["kind", "of", "weight", "mean", "share"],
            r.Reward.Select(t => (string[])[
                t.Kind, t.Of + (t.ModelFree ? " (model-free)" : ""), Texts.Number(t.Weight), Texts.Number(t.Mean),
                Percent(t.Share)]));
        if (r.Measures.Count > 0)
            Table("measures", ["name", "least", "mean", "most", "measured"], r.Measures.Select(x => (string[])[
                x.Name, Texts.Number(x.Minimum), Texts.Number(x.Mean), Texts.Number(x.Maximum), Percent(x.Rate)]));

        terminal.Out.WriteLine();
        Line("ends early", Ends(r.Termination));
        Line("success", r.RandomScore.SuccessRate is { } rate ? $"{Percent(rate)} of random episodes" : "not measured");
        Line("score", $"{Texts.Score(r.RandomScore.Mean)} at random (standard deviation "
            + $"{Texts.Score(r.RandomScore.StandardDeviation)}, {Texts.Count(r.RandomScore.Episodes, "episode")})");
        Line("reward size",
            $"{Texts.Number(r.RewardSize.PerStep)} a step (95% of them up to "
            + $"{Texts.Number(r.RewardSize.Percentile95)}), times reward_scale "
            + $"{Texts.Number(r.RewardSize.RewardScale)} "
            + $"= {Texts.Number(r.RewardSize.PerStep * r.RewardSize.RewardScale)} in the learner");
        if (r.ModelFreeReason is { } reason) Line("model-free", $"imagination and planners refuse the task: {reason}");
        terminal.Out.WriteLine();
        foreach (string warning in r.Warnings) Wrap("warning: ", 9, warning.Split(' '), " ");
        terminal.Out.WriteLine(r.Warnings.Count == 0
            ? "nothing found wrong" : Texts.Count(r.Warnings.Count, "warning"));
    }

    private static string Ends(EarlyEnds? ends)
    {
        if (ends is null) return "never";
        if (ends.MeanStep is not { } step) return "in no random episode";
        IEnumerable<string> bounds = ends.Bounds.Where(b => b.Rate > 0).Select(b => $"{b.Name} in {Percent(b.Rate)}");
        return $"{Percent(ends.Rate)} of random episodes, after {step:F0} steps on average, by "
            + string.Join(", ", bounds);
    }

    private void Table(string title, string[] heading, IEnumerable<string[]> rows)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(title);
        terminal.WriteTable([heading, .. rows]);
    }

    private void Line(string label, string text) => Wrap(label.PadRight(Label), Label, text.Split(' '), " ");

    private void List(string label, IEnumerable<string> items) =>
        Wrap(label.PadRight(Label), Label, [.. items.DefaultIfEmpty("none")], ", ");

    // breaks lines between items, and aligns them under the first one
    private void Wrap(string start, int indent, IReadOnlyList<string> items, string separator)
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

    // relative to the current folder if the file is below it
    private static string Short(string file) =>
        Path.GetRelativePath(".", file) is var relative && relative.StartsWith("..", StringComparison.Ordinal)
        ? file : relative;

    private static string Range(double? low, double? high) =>
        low is { } a && high is { } b ? $", {Texts.Number(a)} .. {Texts.Number(b)}" : "";

    private static string Percent(double share) => (100 * share).ToString(share is > 0 and < 0.01 ? "0.##" : "0") + "%";
}
