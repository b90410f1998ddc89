namespace Naf.Tests;

/// <summary>
/// A suite's task in plain code: what its source computes, from MuJoCo's own numbers for the states before and after a
/// step.
/// </summary>
/// <param name="Observe">The observation in a state.</param>
/// <param name="Reward">The reward from the states before and after the step, and the actions in [−1, 1].</param>
/// <param name="Ends">Whether the state after the step is terminal; null if none is.</param>
/// <param name="ControlStep">Seconds between observations, in the source.</param>
/// <param name="Steps">Steps of an episode, in the source.</param>
internal sealed partial record SuiteOracle(
    double ControlStep, int Steps, Func<SuiteState, double[]> Observe,
    Func<SuiteState, SuiteState, double[], double> Reward, Func<SuiteState, bool>? Ends = null)
{
    /// <summary>The oracle of a task.</summary>
    public static SuiteOracle Of(string task) =>
        Gymnasium.TryGetValue(task, out SuiteOracle? oracle) || DmControl.TryGetValue(task, out oracle)
        ? oracle : throw new NotSupportedException($"write out the observation and reward of {task}");

    private static double Squares(IEnumerable<double> values) => values.Sum(v => v * v);

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(Squares(values));

    private static double[] Minus(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x - y)];
}
