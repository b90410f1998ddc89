using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;
using Naf.Kernels.Settings;

namespace Naf.Kernels.Update;

/// <summary>
/// Sizes and algorithm of a learner: its networks, its update on a CPU and on GPUs, and its values. A folder of
/// <c>Learners</c> has one.
/// </summary>
/// <param name="State">Entries of the observation x.</param>
/// <param name="Action">Entries of the action u, at most 64.</param>
/// <param name="Hidden">Units of the hidden layers of each network.</param>
/// <param name="Normalisation">Normalisation of the hidden layers.</param>
internal abstract record LearnerShape(
    int State, int Action, ImmutableArray<int> Hidden, Normalisation Normalisation)
{
    /// <summary>Whether normalisation couples the samples of a minibatch.</summary>
    public bool BatchNorm => Normalisation == Normalisation.Batch;

    /// <summary>The normalisation in the text of a shape, such as " layer norm"; empty without one.</summary>
    protected string NormalisationText =>
        Normalisation == Normalisation.None ? "" : $" {Normalisation.ToString().ToLowerInvariant()} norm";

    /// <summary>Names of the networks in a checkpoint.</summary>
    public abstract ImmutableArray<string> Names { get; }

    /// <summary>How many of the first networks have a target.</summary>
    public abstract int Targets { get; }

    /// <summary>Index of the network that computes μ = tanh m, and of its first output for m.</summary>
    public abstract (int Network, int Output) Mean { get; }

    /// <summary>Entries of L, row by row: (0,0), (1,0), (1,1), …; 0 without one.</summary>
    public virtual int Packed => 0;

    /// <summary>Index of the network that computes L, and of its first output for L.</summary>
    public virtual (int Network, int Output) Triangle => Mean;

    /// <summary>Index of a network that makes a second training pass; −1 for none.</summary>
    public virtual int SecondPass => -1;

    /// <summary>Tasks of the forward and of the backward phase on a GPU, for each tile of samples.</summary>
    public abstract (int Forward, int Backward) Tasks { get; }

    /// <summary>The networks in the parameter array's order; all have the same number of layers.</summary>
    /// <exception cref="ArgumentException">A size is out of range.</exception>
    public abstract ImmutableArray<MlpShape> Networks();

    /// <summary>
    /// Adam's settings for a network; that of μ has its own step size. A shared trunk, whose first output is V, has
    /// not.
    /// </summary>
    public AdamSettings Adam(int network, LearnerSettings settings) => (network, 0) == Mean
        ? settings.Adam with { Rate = (float)settings.ActorLearningRate }
        : settings.Adam;

    /// <summary>
    /// Elements of shared memory that a phase needs for a tile of samples, beside those of its passes.
    /// </summary>
    public abstract int Scratch(int rows, bool backward);

    /// <summary>The update on the CPU.</summary>
    public abstract WorkerGroup CreateWorkers(float[] inputScale, int batch, int workers);

    /// <summary>The kernels of the update.</summary>
    public abstract UpdateEntries Entries<TSums>() where TSums : struct, IRowSums<float>;

    /// <summary>V, μ, A and Q of samples.</summary>
    /// <param name="u">[k, samples, action].</param>
    /// <param name="outputs">The networks' outputs at the samples' x.</param>
    public abstract LearnerValues Evaluate(
        Device device, LearnerSettings settings, int samples, ReadOnlySpan<float> u, NetworkOutputs outputs);

    /// <summary>The layout of a learner's row on a GPU.</summary>
    /// <exception cref="DeviceException">The row is too long.</exception>
    public LearnerLayout Layout(int batch, int rows, int tileRows, int tileColumns) =>
        new(Networks(), Targets, batch, Action, rows, tileRows, tileColumns, SecondPass);

    /// <summary>Offsets of a network's parameters and statistics in the learner's arrays.</summary>
    public (int Parameters, int Statistics) Place(int network)
    {
        ImmutableArray<MlpShape> before = Networks()[..network];
        return (before.Sum(n => n.Parameters), before.Sum(n => n.Statistics));
    }

    /// <exception cref="ArgumentException">An action has no entry, or more than 64.</exception>
    protected void CheckActions()
    {
        if (Action is < 1 or > 64)
            throw new ArgumentException($"an action of {Action} entries is not possible: give 1 to 64");
    }
}

/// <summary>[samples, outputs] of a network at the samples' x.</summary>
/// <param name="late">[samples, action], the late input of a network that has one.</param>
internal delegate float[] NetworkOutputs(int network, ReadOnlySpan<float> late = default);

/// <summary>The passes of a learner's update in kernels, for a tile of samples from <c>first</c> on.</summary>
internal interface ILearnerPhases
{
    /// <summary>
    /// Task <paramref name="task"/> of the forward phase. Together they store the minibatch
    /// (<see cref="MinibatchTile"/>), the activations of every network, and y.
    /// </summary>
    static abstract void Forward<T, TMath, TSums, TDraw, TGroup>(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int task, int first, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TDraw : struct, IMinibatchDraw where TGroup : struct, IThreadGroup;

    /// <summary>
    /// Task <paramref name="task"/> of the backward phase. Together they store ∂loss/∂z of every unit, the TD errors
    /// and Q.
    /// </summary>
    static abstract void Backward<T, TMath, TSums, TGroup>(
        in UpdateArguments<T> at, in UpdateLearner<T> learner, int task, int first, ArrayView<T> memory, TGroup group)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> where TSums : struct, IRowSums<T>
        where TGroup : struct, IThreadGroup;
}
