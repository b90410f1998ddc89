using Naf.Gpu.Devices;
using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Kernels.Learners.Naf;

/// <summary>
/// A NAF learner (paper, section 4): the value V(x), the mean action μ(x) and the matrix L(x) of the advantage, as
/// three separate networks (the paper's choice: 2 × 200 ReLU units each) or as the heads of one shared trunk. With twin
/// values there is a second V, whose network follows the first: targets take the smaller V′
/// (<see cref="TwinTarget"/>), and Q, the policy and reports are of the first.
/// </summary>
/// <param name="State">Entries of the observation x.</param>
/// <param name="Action">Entries of the action u, at most 64.</param>
/// <param name="Hidden">Units of the hidden layers of each network, or of the trunk.</param>
internal sealed record NafShape(
    int State, int Action, ImmutableArray<int> Hidden, bool SharedTrunk = false,
    Normalisation Normalisation = Normalisation.None, bool TwinValues = false)
    : LearnerShape(State, Action, Hidden, Normalisation)
{
    /// <summary>Entries of the packed lower triangle L, row by row: (0,0), (1,0), (1,1), (2,0), …</summary>
    public override int Packed => AdvantageKernel.Packed(Action, 0);

    /// <inheritdoc/>
    public override ImmutableArray<string> Names => SharedTrunk ? ["trunk"]
        : TwinValues ? ["value", "value2", "policy", "advantage"] : ["value", "policy", "advantage"];

    /// <summary>The first network holds V; of twin values the second holds V₂.</summary>
    public override int Targets => TwinValues ? 2 : 1;

    /// <inheritdoc/>
    public override (int Network, int Output) Mean => SharedTrunk ? (0, 1) : (Targets, 0);

    /// <inheritdoc/>
    public override (int Network, int Output) Triangle => SharedTrunk ? (0, 1 + Action) : (Targets + 1, 0);

    /// <summary>Every network, and V′ or both; then every network.</summary>
    public override (int Forward, int Backward) Tasks => SharedTrunk ? (2, 1) : (Targets + 3, Targets + 2);

    /// <summary>V, μ, L, with twin values V, V₂, μ, L; or the trunk with outputs [V | μ | L].</summary>
    public override ImmutableArray<MlpShape> Networks()
    {
        CheckActions();
        if (SharedTrunk && TwinValues)
            throw new ArgumentException("twin values have a network each, and a shared trunk has one; leave out one");
        return SharedTrunk
            ? [Network(1 + Action + Packed)]
            : [.. Enumerable.Repeat(Network(1), Targets), Network(Action), Network(Packed)];

        MlpShape Network(int outputs) => new(State, Hidden, outputs, Normalisation);
    }

    /// <inheritdoc/>
    public override int Scratch(int rows, bool backward) => backward ? 6 * Action * rows : 0;

    /// <inheritdoc/>
    public override WorkerGroup CreateWorkers(float[] inputScale, int batch, int workers) =>
        new NafWorkerGroup(this, inputScale, batch, workers);

    /// <inheritdoc/>
    public override UpdateEntries Entries<TSums>() => UpdateEntries.Of<NafPhases, TSums>();

    /// <inheritdoc/>
    public override LearnerValues Evaluate(
        Device device, LearnerSettings settings, int samples, ReadOnlySpan<float> u, NetworkOutputs outputs)
    {
        (int actions, int all) = (samples * Action, u.Length / Action);
        float[] v = Part((0, 0), 1), mean = Part(Mean, Action), triangle = Part(Triangle, Packed);
        var values = new LearnerValues(
            v, new float[actions], new float[samples * Packed], new float[all], new float[all]);
        using var evaluation =
            new AdvantageEvaluation(device, Action, samples, (float)settings.LogDiagonalBound);
        for (int first = 0; first < all; first += samples)
            evaluation.Evaluate(v, mean, triangle, u.Slice(first * Action, actions), values.Mu, values.Lower,
                values.Advantage.AsSpan(first, samples), values.Q.AsSpan(first, samples));
        return values;

        // some of a network's outputs
        float[] Part((int Network, int Output) from, int count)
        {
            float[] all = outputs(from.Network);
            int each = all.Length / samples;
            return each == count ? all
                : [.. all.Chunk(each).SelectMany(row => row[from.Output..(from.Output + count)])];
        }
    }

    public override string ToString() =>
        $"{State}-[{string.Join(',', Hidden)}]-{{1,{Action},{Packed}}}"
        + (SharedTrunk ? " shared trunk" : "") + (TwinValues ? " twin values" : "")
        + NormalisationText;
}
