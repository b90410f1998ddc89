using Naf.Host.Common;
using Naf.Host.Evaluation;

namespace Naf.Host.Policies;

/// <summary>What a number of planned episodes came to.</summary>
/// <param name="Scores">Their scores.</param>
/// <param name="Planning">What planning took.</param>
internal sealed record PlannedResult(EvaluationResult Scores, PlanningReport Planning);

/// <summary>What planning took, and how it went.</summary>
/// <param name="MillisecondsPerStep">Mean time of planning at a control step, without the first of each episode.</param>
/// <param name="ControlStepMilliseconds">Duration of a control step.</param>
/// <param name="RealTime">Duration of a control step over the time of planning it: above 1 the robot would not wait.</param>
/// <param name="FirstStepMilliseconds">Mean time of planning at an episode's first step, which has more iterations.</param>
/// <param name="HorizonSeconds">How far a plan looks ahead.</param>
/// <param name="Iterations">Iterations at each control step.</param>
/// <param name="Threads">Threads that planned together.</param>
/// <param name="ByLineSearch">Iterations that improved the plan by iLQG's line search.</param>
/// <param name="ByRandomChange">Iterations that improved it by a random change.</param>
/// <param name="NotAtAll">Iterations that left it as it was.</param>
internal sealed record PlanningReport(
    double MillisecondsPerStep, double ControlStepMilliseconds, double RealTime, double FirstStepMilliseconds, double HorizonSeconds, int Iterations,
    int Threads, long ByLineSearch, long ByRandomChange, long NotAtAll)
{
    /// <summary>The same in two lines.</summary>
    public string Describe()
    {
        double count = Math.Max(1, ByLineSearch + ByRandomChange + NotAtAll);
        return $"planning: {Texts.Number(MillisecondsPerStep)} ms for a control step of {Texts.Number(ControlStepMilliseconds)} ms "
            + $"({Texts.Number(RealTime)} times real time), {Texts.Number(FirstStepMilliseconds)} ms for an episode's first; "
            + $"{Texts.Number(HorizonSeconds)} s ahead, threads {Threads}{Environment.NewLine}"
            + $"plans improved by the line search {Share(ByLineSearch)}, by a random change {Share(ByRandomChange)}, not at all {Share(NotAtAll)}";

        string Share(long iterations) => $"{Texts.Number(100 * iterations / count)} %";
    }
}
