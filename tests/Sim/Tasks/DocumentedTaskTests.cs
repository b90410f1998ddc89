using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Naf.Kernels;
using Naf.Sim;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The example of docs/tasks.md is the one that is tested here, and its fragments are of the format.</summary>
public sealed class DocumentedTaskTests : MujocoFixture
{
    [TestCase("crane.xml")]
    [TestCase("crane.yaml")]
    public void Documentation_shows_the_example_word_for_word(string file) =>
        Assert.That(Documentation(), Does.Contain($"```{Path.GetExtension(file)[1..]}\n{File.ReadAllText(Here($"Example/{file}"))}```"));

    [Test]
    public void Example_loads_resets_and_steps()
    {
        using ControlTask task = ControlTask.Load(Here("Example/crane.yaml"));
        using var environment = new ControlEnvironment(task);
        foreach (string name in task.ObservationNames) Assert.That(Documentation(), Does.Contain($"`{name}`"));
        double[] goals = new double[20];
        for (ulong episode = 0; episode < 20; episode++)
        {
            Episodes.Play(environment, 1, episode, (_, result) => Assert.That(double.IsFinite(result.Reward)));
            Assert.That(environment.StepIndex, Is.EqualTo(200));
            goals[episode] = environment.Constants[0];
            Assert.That(goals[episode], Is.InRange(-1, 1));
        }
        Assert.That(goals.Distinct().Count(), Is.EqualTo(20));
        Assert.That(environment.WarningCount, Is.Zero);
    }

    [Test]
    public void Every_key_and_word_of_the_format_is_documented()
    {
        string[] words =
        [
            "name", "description", "model", "substeps", "horizon",
            "constants", "reset", "observation", "reward", "termination", "measures", "success", "training",
            "position", "sin", "cos", "sin_cos", "velocity", "point", "axis", "linear_velocity", "angular_velocity", "constant",
            "minus", "of", "frame",
            "components", "input_scale", "at", "normal", "uniform", "polar", "radius", "angle", "by", "area", "linear", "quadratic", "smooth_norm",
            "log_quadratic", "bump", "sigmoid", "weight", "alpha", "offset", "centre", "scale", "outside", "value", "norm", "take", "steps", "bound",
            "end", "mean", "deviation", "minimum", "maximum", "first_below", "first_above", "above", "below",
            "algorithm", "seed", "learners", "device", "threads",
        ];
        string text = Documentation();
        Assert.That(words.Where(word => !Regex.IsMatch(text, $@"`[^`]*\b{word}\b[^`]*`")), Is.Empty);
    }

    [Test]
    public void Table_of_the_built_in_tasks_is_what_their_files_say()
    {
        foreach (string name in TaskLibrary.Names)
        {
            using ControlTask task = ControlTask.Load(name);
            IReadOnlyDictionary<string, string> training = task.Training.Values;
            Assert.That(training.Keys, Is.EqualTo(new[] { "tau", "reward_scale", "noise_scale" }));
            Assert.That(Documentation(), Does.Contain(FormattableString.Invariant(
                $"\n| `{name}` | {task.ObservationSize} | {task.ActionSize} | {task.ControlStep:0.###} s | {task.Horizon} | {training["tau"]} | ")
                + $"{training["reward_scale"]} | {training["noise_scale"]} |\n"));
        }
    }

    private static string Documentation() => File.ReadAllText(Here("../../../docs/tasks.md"));

    private static string Here(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
