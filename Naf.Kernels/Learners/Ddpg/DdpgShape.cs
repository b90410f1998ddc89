using Naf.Gpu.Devices;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Kernels.Learners.Ddpg;

/// <summary>
/// A DDPG learner (Lillicrap et al. 2016): the critic Q(x, u), which takes u into its second hidden layer, and the
/// actor μ(x) = tanh m(x). Both have targets.
/// </summary>
/// <param name="State">Entries of the observation x.</param>
/// <param name="Action">Entries of the action u, at most 64.</param>
/// <param name="Hidden">Units of the hidden layers of each network, at least two layers.</param>
/// <param name="Normalisation">None or layer: the critic's two passes would have two minibatches' statistics.</param>
internal sealed record DdpgShape(
    int State, int Action, ImmutableArray<int> Hidden, Normalisation Normalisation = Normalisation.None)
    : LearnerShape(State, Action, Hidden, Normalisation)
{
    /// <summary>Indices of the networks. The critic has the longer rows, whose memory the actor can share.</summary>
    public const int Critic = 0, Actor = 1;

    /// <inheritdoc/>
    public override ImmutableArray<string> Names => ["critic", "actor"];

    /// <inheritdoc/>
    public override int Targets => 2;

    /// <inheritdoc/>
    public override (int Network, int Output) Mean => (Actor, 0);

    /// <summary>The critic, at (x, μ(x)).</summary>
    public override int SecondPass => Critic;

    /// <summary>Q(x, u), y and Q(x, μ(x)); then the critic's gradient and the actor's.</summary>
    public override (int Forward, int Backward) Tasks => (3, 2);

    /// <inheritdoc/>
    public override ImmutableArray<MlpShape> Networks()
    {
        CheckActions();
        if (BatchNorm)
            throw new ArgumentException("DDPG has no batch normalisation; take layer normalisation");
        return [new(State, Hidden, 1, Normalisation, late: Action), new(State, Hidden, Action, Normalisation)];
    }

    /// <summary>u or μ.</summary>
    public override int Scratch(int rows, bool backward) => backward ? 0 : Action * rows;

    /// <inheritdoc/>
    public override WorkerGroup CreateWorkers(float[] inputScale, int batch, int workers) =>
        new DdpgWorkerGroup(this, inputScale, batch, workers);

    /// <inheritdoc/>
    public override UpdateEntries Entries<TSums>() => UpdateEntries.Of<DdpgPhases, TSums>();

    /// <summary>V = Q(x, μ(x)) and A = Q − V; there is no L.</summary>
    public override unsafe LearnerValues Evaluate(
        Device device, LearnerSettings settings, int samples, ReadOnlySpan<float> u, NetworkOutputs outputs)
    {
        (int actions, int all) = (samples * Action, u.Length / Action);
        float[] mean = outputs(Actor), mu = new float[actions], q = new float[all];
        fixed (float* m = mean)
            for (int at = 0; at < actions; at += Action) RowOperations.Tanh(m + at, mu.AsSpan(at, Action));
        float[] v = outputs(Critic, mu);
        for (int first = 0; first < all; first += samples)
            outputs(Critic, u.Slice(first * Action, actions)).CopyTo(q, first);
        return new LearnerValues(v, mu, [], [.. q.Select((value, i) => value - v[i % samples])], q);
    }

    public override string ToString() => $"DDPG {State}-[{string.Join(',', Hidden)}]-{{1,{Action}}}{NormalisationText}";
}
