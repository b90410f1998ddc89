namespace Naf.Kernels;

/// <summary>Where one learner's fit reads and writes on the CPU, and its prior. Filled before the threads start.</summary>
internal sealed unsafe class FitLearner(int[] lengths)
{
    /// <summary>[maxEpisodes, T, D].</summary>
    public double* Samples;

    /// <summary>[maxEpisodes]: samples of each episode.</summary>
    public readonly int[] Lengths = lengths;

    /// <summary>[T, S, S + A], [T, S], [T, S, S].</summary>
    public double* F, Offset, N;

    /// <summary>[T, PackedStep].</summary>
    public float* Packed;

    /// <summary>[D]: what is added to the diagonal, R of an input and the floor of an output in the data's units; 0: the entry is constant.</summary>
    public double* Diagonal;

    /// <summary>μ₀ and Φ; null: no prior.</summary>
    public double* PriorMean, PriorScatter;

    /// <summary>1 or T; 0 without a prior.</summary>
    public int PriorSteps;

    /// <summary>m and n₀.</summary>
    public double MeanStrength, Strength;

    /// <summary>Grows with every fit.</summary>
    public int Version;

    /// <summary>The time step whose samples step t is fitted to: t itself, or without a prior's strength the last one that has samples.</summary>
    public int Source(int t)
    {
        if (Strength > 0) return t;
        int longest = 0;
        foreach (int length in Lengths) longest = Math.Max(longest, length);
        return Math.Min(t, longest - 1);
    }
}
