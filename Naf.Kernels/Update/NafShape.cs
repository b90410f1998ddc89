using Naf.Kernels.Advantage;
using Naf.Kernels.Network;

namespace Naf.Kernels.Update;

/// <summary>
/// Sizes of a NAF learner: the value V(x), the mean action μ(x) and the matrix L(x) of the advantage, as three separate
/// networks (the paper's choice: 2 × 200 ReLU units each) or as the heads of one shared trunk.
/// </summary>
/// <param name="State">Entries of the observation x.</param>
/// <param name="Action">Entries of the action u, at most 64.</param>
/// <param name="Hidden">Units of the hidden layers of each network, or of the trunk.</param>
internal sealed record NafShape(
    int State, int Action, ImmutableArray<int> Hidden, bool SharedTrunk = false,
    Normalisation Normalisation = Normalisation.None)
{
    /// <summary>Whether the samples of a minibatch are coupled.</summary>
    public bool BatchNorm => Normalisation == Normalisation.Batch;

    /// <summary>Entries of the packed lower triangle L, row by row: (0,0), (1,0), (1,1), (2,0), …</summary>
    public int Packed => AdvantageKernel.Packed(Action, 0);

    /// <summary>Index of the network that computes μ, and of its first output for μ.</summary>
    public (int Network, int Output) Mean => SharedTrunk ? (0, 1) : (1, 0);

    /// <summary>Index of the network that computes L, and of its first output for L.</summary>
    public (int Network, int Output) Triangle => SharedTrunk ? (0, 1 + Action) : (2, 0);

    /// <summary>The networks in the parameter array's order: V, μ, L; or the trunk with outputs [V | μ | L].</summary>
    /// <exception cref="ArgumentException">A size is out of range.</exception>
    public ImmutableArray<MlpShape> Networks()
    {
        if (Action is < 1 or > 64)
            throw new ArgumentException($"an action of {Action} entries is not possible: give 1 to 64");
        return SharedTrunk
            ? [Network(1 + Action + Packed)]
            : [Network(1), Network(Action), Network(Packed)];

        MlpShape Network(int outputs) => new(State, Hidden, outputs, Normalisation);
    }

    public override string ToString() =>
        $"{State}-[{string.Join(',', Hidden)}]-{{1,{Action},{Packed}}}"
        + (SharedTrunk ? " shared trunk" : "")
        + (Normalisation == Normalisation.None ? "" : $" {Normalisation.ToString().ToLowerInvariant()} norm");
}
