using System.Text.RegularExpressions;
using Naf.Kernels.Reward;
using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>The example of docs/tasks.md is the one tested here, and every key of the format is documented.</summary>
internal sealed class DocumentedTaskTests : MujocoFixture
{
    [Test]
    public void Documentation_shows_the_example_word_for_word()
    {
        Assert.That(TaskDocument.Task, Is.EqualTo(File.ReadAllText(TaskDocument.Example("acrobot.yaml"))));
        Assert.That(TaskDocument.Model,
            Is.EqualTo(File.ReadAllText(TaskDocument.Example("acrobot.xml"))).And.Not.EqualTo(TaskDocument.FoundModel));
    }

    [Test]
    public void Names_that_the_example_observes_are_told()
    {
        using ControlTask task = ControlTask.Load(TaskDocument.Example("acrobot.yaml"));
        foreach (string name in task.ObservationNames)
            Assert.That(TaskDocument.Text, Does.Match($@"(?m)^ *\d+  {Regex.Escape(name)} "));
    }

    [Test]
    public void Every_key_and_word_of_the_format_is_documented()
    {
        string[] words =
        [
            "name", "description", "model", "substeps", "horizon",
            "constants", "reset", "observation", "reward", "termination", "measures", "success", "training",
            "picture", "camera", "path",
            "position", "sin", "cos", "sin_cos", "velocity", "point", "axis", "linear_velocity",
            "angular_velocity", "constant",
            "sensor", "activation", "actuator_force", "previous_action", "time", "elapsed", "remaining", "phase", "all",
            "minus", "of", "frame",
            "components", "input_scale", "at", "normal", "uniform", "polar", "radius", "angle", "by", "area", "weight",
            "clip", "log1p", "range", "settle", "signals", "actions", "keyframe", "mocap", "mass", "friction",
            "damping",
            "alpha", "offset", "centre", "scale", "outside", "value", "norm", "take", "steps", "bound",
            "end", "mean", "deviation", "minimum", "maximum", "first_below", "first_above", "above", "below",
            "algorithm", "seed", "learners", "device", "threads", "naf", "ddpg",
            .. Enum.GetValues<RewardKind>().Select(kind => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{kind}")),
        ];
        string text = TaskDocument.Text;
        Assert.That(words.Where(word => !Regex.IsMatch(text, $@"`[^`]*\b{word}\b[^`]*`")), Is.Empty);
    }

    [TestCaseSource(typeof(TaskLibrary), nameof(TaskLibrary.Names))]
    public void Table_of_the_built_in_tasks_has_their_sizes_and_settings(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        string start = FormattableString.Invariant(
            $"| `{name}` | {task.ObservationSize} | {task.ActionSize} | {task.ControlStep:0.###} s |");
        string? row = TaskDocument.Text.Split('\n')
            .SingleOrDefault(line => line.StartsWith(start, StringComparison.Ordinal));
        Assert.That(row, Is.Not.Null, $"a row that starts with {start}");
        foreach ((string key, string value, _) in task.Training.Of("naf").Where(
            setting => setting is not { Key: "noise_scale" or "noise_least", Text: "1" }))
            Assert.That(row, Does.Match($@"\b{key} {Regex.Escape(value)}(?![.\d])"));
    }
}
