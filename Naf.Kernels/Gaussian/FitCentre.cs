namespace Naf.Kernels;

/// <summary>The first stage of a block: its samples, about their mean, as the rows x whose products are Σ.</summary>
internal static unsafe class FitCentre<TLanes, TVector>
    where TLanes : struct, IDoubleLanes<TVector>
    where TVector : struct
{
    /// <summary>
    /// R of the inputs and the floor of the outputs. A pivot is at least half of it; an input without one has a pivot of 1, an output of 0.
    /// </summary>
    public static void SetDiagonal(FitRows<TLanes, TVector> rows, DynamicsShape shape, FitLearner learner)
    {
        double* diagonal = rows.Diagonal;
        new Span<double>(diagonal, rows.Count).Clear();
        new Span<double>(learner.Diagonal, shape.Input).CopyTo(new Span<double>(diagonal, rows.Inputs));
        new Span<double>(learner.Diagonal + shape.Input, shape.State).CopyTo(new Span<double>(diagonal + rows.Inputs, rows.Outputs));
        for (int i = 0; i < rows.Count; i++) rows.Least[i] = i < rows.Inputs && !(diagonal[i] > 0) ? 1 : diagonal[i] / 2;
    }

    /// <summary>z̄; the rows x whose products are Σ − Φ / (n + n₀): (z − z̄) / √(n + n₀), and (z̄ − μ₀) √(n m / (n + m) / (n + n₀)).</summary>
    /// <param name="priorMean">[rows] vectors, μ₀.</param>
    public static void Run(FitRows<TLanes, TVector> rows, DynamicsShape shape, FitSteps steps, double* priorMean, FitLearner learner)
    {
        int w = TLanes.Width, episodes = rows.Episodes;
        double* valid = stackalloc double[rows.Terms * w], empty = stackalloc double[w], count = rows.Samples, weight = rows.Weight;
        for (int l = 0; l < w; l++) count[l] = 0;
        for (int e = 0; e < episodes; e++)
        {
            double* x = rows.A + e * w;
            if (steps.ReadEpisode(e))
            {
                LaneTranspositions.GatherRow<TLanes, TVector>(steps.Lanes, 0, shape.Input, x, rows.Row);
                LaneTranspositions.GatherRow<TLanes, TVector>(steps.Lanes, shape.Input, shape.State, x + rows.Inputs * rows.Row, rows.Row);
            }
            else
                for (int i = 0; i < rows.Count; i++) TLanes.Store(x + i * rows.Row, TLanes.All(0));
            for (int l = 0; l < w; l++)
            {
                valid[e * w + l] = steps.Source[l] < learner.Lengths[e] ? 1 : 0;
                count[l] += valid[e * w + l];
            }
        }
        for (int l = 0; l < w; l++)
        {
            double n = count[l], m = learner.MeanStrength;
            weight[l] = 1 / (n + learner.Strength);
            (count[l], empty[l]) = (Math.Max(n, 1), n > 0 ? 0 : 1);
            for (int e = 0; e < episodes; e++) valid[e * w + l] *= Math.Sqrt(weight[l]);
            valid[episodes * w + l] = n * m > 0 ? Math.Sqrt(n * m / (n + m) * weight[l]) : 0;
        }
        for (int i = 0; i < rows.Count; i++)
        {
            double* x = rows.A + i * rows.Row;
            TVector sum = TLanes.All(0), prior = TLanes.Load(priorMean + (nint)i * w), live = TLanes.All(rows.Diagonal[i] > 0 ? 1 : 0);
            for (int e = 0; e < episodes; e++) sum = TLanes.Add(sum, TLanes.Load(x + e * w));
            TVector mean = TLanes.MultiplyAdd(prior, TLanes.Load(empty), TLanes.Divide(sum, TLanes.Load(count)));
            TLanes.Store(rows.Mean + (nint)i * w, mean);
            TLanes.Store(x + episodes * w, prior);
            for (int e = 0; e <= episodes; e++)
            {
                // −x
                TVector centred = TLanes.Add(mean, TLanes.Negate(TLanes.Load(x + e * w)));
                TLanes.Store(x + e * w, TLanes.Multiply(TLanes.Multiply(centred, TLanes.Load(valid + e * w)), live));
            }
        }
    }
}
