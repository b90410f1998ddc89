namespace Naf.Host.Planning.Mpc;

/// <summary>What the iterations of a planner came to.</summary>
/// <param name="ByLineSearch">How many improved the plan by the line search along iLQG's change.</param>
/// <param name="ByRandomChange">How many by a random change that was better still.</param>
/// <param name="NotAtAll">How many left it as it was.</param>
public readonly record struct MpcStatistics(long ByLineSearch, long ByRandomChange, long NotAtAll)
{
    /// <summary>Iterations.</summary>
    public long Count => ByLineSearch + ByRandomChange + NotAtAll;

    /// <summary>One more iteration.</summary>
    /// <param name="byLineSearch">Who improved the plan; null for nobody.</param>
    internal MpcStatistics With(bool? byLineSearch) => byLineSearch switch
    {
        true => this with { ByLineSearch = ByLineSearch + 1 },
        false => this with { ByRandomChange = ByRandomChange + 1 },
        null => this with { NotAtAll = NotAtAll + 1 },
    };
}
