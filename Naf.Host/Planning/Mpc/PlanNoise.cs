using Naf.Kernels.Random;

namespace Naf.Host.Planning.Mpc;

/// <summary>Smooth random sequences of actions: standard normal at knots, straight between them.</summary>
/// <param name="episode">Number of the episode; its lower 40 bits count.</param>
/// <param name="step">Number of the control step; its lower 24 bits count.</param>
/// <param name="knot">Steps between knots, at least 1.</param>
internal readonly struct PlanNoise(ulong seed, ulong episode, int step, int knot)
{
    private const int SequenceBits = 12;

    private readonly ulong _index = (episode << 24) | (uint)(step & 0xFFFFFF);

    /// <summary>Adds the values of a sequence at one step of the plan, times a deviation.</summary>
    /// <param name="sequence">Number of the sequence; its lower 20 bits count.</param>
    /// <param name="k">The step of the plan.</param>
    /// <param name="deviation">The factor.</param>
    /// <param name="u">[actions], is added to.</param>
    public void Add(int sequence, int k, double deviation, Span<double> u)
    {
        int before = k / knot;
        double share = (double)(k % knot) / knot;
        for (int j = 0; j < u.Length; j++)
            u[j] += deviation * ((1 - share) * At(sequence, before * u.Length + j) + share * At(sequence, (before + 1) * u.Length + j));
    }

    private double At(int sequence, int number) => Philox.Normal(
        seed, RandomStream.PlanSearch, _index, ((uint)sequence << SequenceBits) | (uint)(number & ((1 << SequenceBits) - 1)));
}
