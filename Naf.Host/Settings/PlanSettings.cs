using Naf.Kernels.Settings;

namespace Naf.Host.Settings;

/// <summary>The planner of the planned episodes.</summary>
public enum PlanKind
{
    /// <summary>No episode is planned.</summary>
    None,
    /// <summary>iLQG under the fitted dynamics (paper, section 3 and appendix 8.1).</summary>
    Ilqg,
    /// <summary>iLQG under the true dynamics, planned anew at every step (paper, appendix 8.6).</summary>
    Mpc,
}

/// <summary>Exploration by a planner (paper, section 5.1).</summary>
public sealed record PlanSettings
{
    /// <summary>Who plans the planned episodes.</summary>
    [Setting("plan", "", "who plans the planned episodes")]
    public PlanKind Kind { get; init; } = PlanKind.None;

    /// <summary>Share 1 − p of the episodes that are planned, drawn for each.</summary>
    [Setting("plan_fraction", "[0, 1]",
        "share 1 − p of the episodes that are planned, drawn for each", "Paper, figures 2 and 5: 0.5 and 1.")]
    public double Fraction { get; init; } = 0.5;

    /// <summary>iLQG under the fitted dynamics.</summary>
    public IlqgSettings Ilqg { get; init; } = new();

    /// <summary>iLQG under the true dynamics.</summary>
    public MpcSettings Mpc { get; init; } = new();
}
