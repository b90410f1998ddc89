namespace Naf.Host.Planning.Ilqg;

/// <summary>Fitted dynamics s′ ~ N(F_t [s; u] + f_t, N_t), t = 0 … T − 1, of <c>GaussianFit.Model</c>.</summary>
/// <param name="Horizon">Time steps T.</param>
/// <param name="State">Entries S of the state.</param>
/// <param name="Action">Entries A of the action.</param>
/// <param name="F">[T, S, S + A].</param>
/// <param name="Offset">[T, S], f.</param>
/// <param name="N">[T, S, S].</param>
internal sealed record TimeVaryingModel(int Horizon, int State, int Action, double[] F, double[] Offset, double[] N)
{
    /// <summary>Entries of [s; u].</summary>
    public int Input => State + Action;

    /// <summary>F_t, [S, S + A].</summary>
    public ReadOnlySpan<double> FAt(int t) => F.AsSpan(t * State * Input, State * Input);

    /// <summary>f_t, [S].</summary>
    public ReadOnlySpan<double> OffsetAt(int t) => Offset.AsSpan(t * State, State);

    /// <summary>N_t, [S, S].</summary>
    public ReadOnlySpan<double> NAt(int t) => N.AsSpan(t * State * State, State * State);

    /// <summary>Why nothing can be planned under this model, in one sentence; null: it is sound.</summary>
    public string? Problem()
    {
        if (Horizon < 1 || State < 1 || Action < 1) return $"a model of {Horizon} steps, {State} states and {Action} actions has no size";
        if (F.Length != Horizon * State * Input || Offset.Length != Horizon * State || N.Length != Horizon * State * State)
            return $"the model's F, f and N have {F.Length}, {Offset.Length} and {N.Length} numbers, "
                + $"and need {Horizon * State * Input}, {Horizon * State} and {Horizon * State * State}";
        for (int t = 0; t < Horizon; t++)
            if (!PlanningMatrix.IsFinite(FAt(t)) || !PlanningMatrix.IsFinite(OffsetAt(t)) || !PlanningMatrix.IsFinite(NAt(t)))
                return $"the fitted model is not finite at time step {t}";
        return null;
    }
}
