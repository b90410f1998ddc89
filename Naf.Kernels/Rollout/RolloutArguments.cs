using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Network;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;
using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout;

/// <summary>What differs between the learners of a call: how one imagines, and from where its rollouts start.</summary>
internal struct RolloutLearner
{
    /// <summary>Seed of the learner, and the running number of its first rollout.</summary>
    public ulong Seed, Number;

    /// <summary>
    /// Rollouts, steps of each, whether the dynamics have noise, and the first place of R_f that takes a row.
    /// </summary>
    public int Count, Steps, Samples, NextRow;

    /// <summary>σ.</summary>
    public float Sigma;

    public static RolloutLearner Of(Learner learner, RolloutSettings settings, RolloutStarts starts) => new()
    {
        Seed = learner.Settings.Seed, Number = starts.FirstNumber, Count = learner.Active ? starts.Count : 0,
        Steps = settings.Steps,
        Samples = settings.SampleDynamics ? 1 : 0, Sigma = settings.ActionNoise,
        NextRow = (learner.Imagined.Newest + 1) % Math.Max(learner.Imagined.Capacity, 1),
    };
}

/// <summary>The policies of a population: the network that holds μ, in each learner's row.</summary>
internal struct RolloutPolicy<T> where T : unmanaged, INumber<T>
{
    /// <summary>[learners, Row], as <see cref="LearnerLayout"/> has them.</summary>
    public ArrayView<T> Learners;

    public ArrayView<LayerShape> Layers;

    /// <summary>
    /// Numbers of a row, the place of the input's factors in it, the first output that is μ's, and numbers from one row
    /// of activations to the next.
    /// </summary>
    public int Row, InputScale, Output, Stride;

    /// <param name="learners">[learners, row].</param>
    /// <param name="layers">[networks + 1, layers], as <see cref="LearnerLayout.Layers"/>.</param>
    public static RolloutPolicy<T> Create(
        NafShape shape, LearnerSizes sizes, ArrayView<T> learners, ArrayView<LayerShape> layers) => new()
    {
        Learners = learners, Layers = layers.SubView(shape.Mean.Network * sizes.Layers, sizes.Layers),
        Row = sizes.Row, InputScale = sizes.InputScale, Output = shape.Mean.Output, Stride = sizes.Stride,
    };
}

/// <summary>What rollouts read and write.</summary>
internal struct RolloutArguments<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    public RolloutPolicy<T> Policy;

    /// <summary>[learners].</summary>
    public ArrayView<RolloutLearner> Learners;

    /// <summary>[learners, Horizon, PackedStep], the packed models (<see cref="DynamicsShape"/>).</summary>
    public ArrayView<T> Dynamics;

    /// <summary>[learners, 2, State], the lower and the upper bounds of s.</summary>
    public ArrayView<T> Bounds;

    /// <summary>[learners, Rollouts, State], s at the start; [learners, Rollouts, Constants], c.</summary>
    public ArrayView<T> Starts, Constants;

    /// <summary>[learners, Rollouts], the time step at the start, and the one before which a rollout ends.</summary>
    public ArrayView<int> Time, End;

    /// <summary>[learners, Rollouts, Steps, RowLength], takes the rows [x | u | r | b | x′].</summary>
    public ArrayView<T> Rows;

    /// <summary>
    /// [learners, Rollouts], takes twice the rows of a rollout, and one more where it was cut; and the rows of the
    /// rollouts before it. [learners, 2], takes a learner's rows and cuts.
    /// </summary>
    public ArrayView<int> Lengths, Places, Totals;

    /// <summary>[learners, Capacity, RowLength], R_f.</summary>
    public ArrayView<T> Imagined;

    /// <summary>h.</summary>
    public ObservationTable<T> Observation;

    /// <summary>r and the bounds of x.</summary>
    public RewardTable<T> Reward;

    public RolloutSizes Sizes;

    /// <summary>Room for a learner's rollouts, for the steps of one and in R_f; and tiles of a learner.</summary>
    public int Rollouts, Steps, Capacity, Tiles;
}

/// <summary>Sizes of a task, and of the tile of rollouts that a group takes through all their steps.</summary>
internal struct RolloutSizes
{
    /// <summary>Entries of s, u, x and c; time steps of a model, and numbers of one of them and of its rows.</summary>
    public int State, Action, Observation, Constants, Horizon, PackedStep, PackedRow;

    /// <summary>
    /// Rollouts of a tile; numbers that its policy, or its frames of bodies and its terms of the reward, need.
    /// </summary>
    public int Rows, Scratch;

    /// <param name="stride">Numbers from one row of the policy's activations to the next.</param>
    /// <param name="sums">Rows that a thread sums in a product.</param>
    public static RolloutSizes Of(RolloutDefinition definition, int rows, int stride, int sums, int threads)
    {
        DynamicsShape dynamics = definition.Dynamics;
        using var host = new HostArrays();
        int frames = ObservationTable<float>.Create(definition.Observation, definition.Coordinates, host).Frames
            * BodyFrame<float>.Size;
        return new RolloutSizes
        {
            State = dynamics.State, Action = dynamics.Action, Observation = definition.Observation.Size,
            Constants = definition.Observation.ConstantSize,
            Horizon = dynamics.Horizon, PackedStep = dynamics.PackedStep, PackedRow = dynamics.PackedRow,
            Rows = rows,
            Scratch = Math.Max(
                rows * stride + MatrixProduct.PartialLength(rows, stride, sums, threads),
                rows * (frames + definition.Reward.Terms.Length)),
        };
    }

    public readonly int RowLength => 2 * Observation + Action + 2;

    /// <summary>Blocks of normals of a step, those of the action first.</summary>
    public readonly int Blocks => RolloutNormals.Blocks(Action) + RolloutNormals.Blocks(State);

    /// <summary>
    /// First entry of x in a tile, before the step; x and x′ change places with every step, and so do s and s′.
    /// </summary>
    public readonly int X(int step) => step % 2 * Observation;

    public readonly int U => 2 * Observation;

    /// <summary>The entry r, after which stands b.</summary>
    public readonly int Reward => U + Action;

    /// <summary>First entry of s, before the step.</summary>
    public readonly int S(int step) => Reward + 2 + step % 2 * State;

    public readonly int Normals => Reward + 2 + 2 * State;

    /// <summary>
    /// Numbers from one entry of a tile to the next: an odd count, so that a rollout's entries lie in different
    /// memory banks.
    /// </summary>
    public readonly int Stride => Rows + 1;

    /// <summary>Numbers of a tile: scratch, entries, and five integers a rollout.</summary>
    public readonly int Memory => Scratch + Stride * (Normals + 4 * Blocks) + 5 * Rows;
}
