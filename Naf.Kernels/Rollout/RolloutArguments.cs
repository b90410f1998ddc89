using System.Numerics;
using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Network;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;
using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout;

/// <summary>Per-learner arguments of a call: the settings of its rollouts, and where they start and go.</summary>
internal struct RolloutLearner
{
    /// <summary>Seed of the learner, and the running number of its first rollout.</summary>
    public ulong Seed, Number;

    /// <summary>Rollouts, steps of each, whether the dynamics have noise, and the next row of R_f to write.</summary>
    public int Count, Steps, Samples, NextRow;

    /// <summary>σ.</summary>
    public float Sigma;

    public static RolloutLearner Of(Learner learner, RolloutSettings settings, RolloutStarts starts) => new()
    {
        Seed = learner.Settings.Seed, Number = starts.FirstNumber, Count = learner.Active ? starts.Count : 0,
        Steps = settings.Steps, Samples = settings.SampleDynamics ? 1 : 0, Sigma = settings.ActionNoise,
        NextRow = (learner.Imagined.Newest + 1) % Math.Max(learner.Imagined.Capacity, 1),
    };
}

/// <summary>The policies of a population: the network of μ in each learner's row.</summary>
internal struct RolloutPolicy<T> where T : unmanaged, INumber<T>
{
    /// <summary>[learners, Row], laid out by <see cref="LearnerLayout"/>.</summary>
    public ArrayView<T> Learners;

    public ArrayView<LayerShape> Layers;

    /// <summary>Length of a row, offset of the input scale in it, first output of μ, stride of activations.</summary>
    public int Row, InputScale, Output, Stride;

    /// <param name="learners">[learners, row].</param>
    /// <param name="layers">As <see cref="LearnerLayout.Layers"/>.</param>
    public static RolloutPolicy<T> Create(
        LearnerShape shape, LearnerSizes sizes, ArrayView<T> learners, ArrayView<LayerShape> layers) => new()
    {
        Learners = learners, Layers = layers.SubView(shape.Mean.Network * sizes.Layers, sizes.Layers),
        Row = sizes.Row, InputScale = sizes.InputScale, Output = shape.Mean.Output, Stride = sizes.Stride,
    };
}

/// <summary>Arguments of the rollout kernels.</summary>
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

    /// <summary>[learners, Rollouts], the time step at the start, and the end (exclusive).</summary>
    public ArrayView<int> Time, End;

    /// <summary>[learners, Rollouts, Steps, RowLength], output rows [x | u | r | b | x′].</summary>
    public ArrayView<T> Rows;

    /// <summary>
    /// Outputs: [learners, Rollouts], 2 × rows of a rollout, + 1 if it was cut; [learners, Rollouts], rows of the
    /// rollouts before it; [learners, 2], rows and cuts of a learner.
    /// </summary>
    public ArrayView<int> Lengths, Places, Totals;

    /// <summary>[learners, Capacity, RowLength], R_f.</summary>
    public ArrayView<T> Imagined;

    /// <summary>h.</summary>
    public ObservationTable<T> Observation;

    /// <summary>r and the bounds of x.</summary>
    public RewardTable<T> Reward;

    public RolloutSizes Sizes;

    /// <summary>Capacity of a learner in rollouts, steps of a rollout and rows of R_f; tiles of a learner.</summary>
    public int Rollouts, Steps, Capacity, Tiles;
}

/// <summary>Sizes of a task, and of the tile of rollouts that a thread group computes.</summary>
internal struct RolloutSizes
{
    /// <summary>Sizes of s, u, x and c; time steps of a model, floats of a packed step and of a packed row.</summary>
    public int State, Action, Observation, Constants, Horizon, PackedStep, PackedRow;

    /// <summary>Rollouts of a tile; scratch for its policy, or for body frames and reward terms.</summary>
    public int Rows, Scratch;

    /// <param name="stride">Row stride of the policy's activations.</param>
    /// <param name="sums">Rows that a thread sums in a matrix product.</param>
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

    /// <summary>Blocks of normals per step, those of the action first.</summary>
    public readonly int Blocks => RolloutNormals.Blocks(Action) + RolloutNormals.Blocks(State);

    /// <summary>First entry of x in a tile before the step; x and x′ swap at every step, and so do s and s′.</summary>
    public readonly int X(int step) => step % 2 * Observation;

    public readonly int U => 2 * Observation;

    /// <summary>The entry r; b follows.</summary>
    public readonly int Reward => U + Action;

    /// <summary>First entry of s before the step.</summary>
    public readonly int S(int step) => Reward + 2 + step % 2 * State;

    public readonly int Normals => Reward + 2 + 2 * State;

    /// <summary>Stride between entries of a tile: odd, so that a rollout's entries lie in different banks.</summary>
    public readonly int Stride => Rows + 1;

    /// <summary>Elements of a tile: scratch, entries, and five integers per rollout.</summary>
    public readonly int Memory => Scratch + Stride * (Normals + 4 * Blocks) + 5 * Rows;
}
