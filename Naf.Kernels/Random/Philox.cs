using System.Runtime.CompilerServices;

namespace Naf.Kernels.Random;

/// <summary>Purposes of random numbers; each has its own stream, so that they do not affect one another.</summary>
internal enum RandomStream : uint
{
    /// <summary>Initial weights of the networks.</summary>
    Weights = 1,
    /// <summary>Rows of the replay sampled for a minibatch.</summary>
    Minibatch = 2,
    Exploration = 3,
    /// <summary>Initial states of training episodes.</summary>
    Reset = 4,
    /// <summary>Initial states of test episodes.</summary>
    TestReset = 5,
    RandomPolicy = 6,
    /// <summary>Real states from which imagination rollouts start.</summary>
    ImaginationStart = 7,
    ImaginationAction = 8,
    ImaginationDynamics = 9,
    /// <summary>Initial components of a Gaussian mixture.</summary>
    Mixture = 10,
    /// <summary>Initial weights and minibatches of the dynamics network.</summary>
    Regression = 11,
    /// <summary>Action noise of a planned controller, and the choice of planned episodes.</summary>
    Plan = 12,
    /// <summary>Candidate plans of a planner.</summary>
    PlanSearch = 13,
    /// <summary>Initial states of verification episodes.</summary>
    VerificationReset = 14,
    /// <summary>Each training episode's share of the exploration noise.</summary>
    NoiseShare = 15,
    /// <summary>Resampled scores of a report's confidence intervals.</summary>
    Bootstrap = 16,
    /// <summary>Settings of the candidates of a sweep.</summary>
    Sweep = 17,
}

internal readonly record struct PhiloxBlock(uint A, uint B, uint C, uint D)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Word(int word) => word == 0 ? A : word == 1 ? B : word == 2 ? C : D;

    /// <summary>Uniform in [0, 1) with 53 random bits.</summary>
    public double Uniform => ((((ulong)A << 32) | B) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Standard normal by the Box-Muller transform: √(−2 ln a) cos(2π b), a in (0, 1].</summary>
    public double Normal
    {
        get
        {
            double a = (((((ulong)A << 32) | B) >> 11) + 1) * (1.0 / (1UL << 53));
            double b = ((((ulong)C << 32) | D) >> 11) * (1.0 / (1UL << 53));
            return Math.Sqrt(-2 * Math.Log(a)) * Math.Cos(2 * Math.PI * b);
        }
    }
}

/// <summary>
/// Philox4x32-10, a counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"):
/// block = f(key = seed, counter = (index, lane, stream)). It is stateless and gives the same numbers on every device.
/// Each learner has its own seed, so that learner k of a population draws the numbers of a single run with that seed.
/// </summary>
internal static class Philox
{
    private const uint M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85;

    /// <summary>The generator: ten rounds over counter (c0..c3) with key (k0, k1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxBlock Rounds(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = (ulong)M0 * c0, p1 = (ulong)M1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += W0;
            k1 += W1;
        }
        return new PhiloxBlock(c0, c1, c2, c3);
    }

    /// <summary>Block (index, lane) of a seed's stream.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxBlock At(ulong seed, RandomStream stream, ulong index, uint lane = 0) =>
        Rounds((uint)index, (uint)(index >> 32), lane, (uint)stream, (uint)seed, (uint)(seed >> 32));

    public static double Uniform(ulong seed, RandomStream stream, ulong index, uint lane = 0) =>
        At(seed, stream, index, lane).Uniform;

    public static double Normal(ulong seed, RandomStream stream, ulong index, uint lane = 0) =>
        At(seed, stream, index, lane).Normal;

    /// <summary>Maps a word to 0 … count − 1 without division: ⌊word · count / 2³²⌋, bias below count / 2³².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Index(uint word, int count) => (int)(((ulong)word * (ulong)count) >> 32);
}
