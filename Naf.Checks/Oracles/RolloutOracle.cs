using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;
using Naf.Kernels.Rollout;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;

namespace Naf.Checks.Oracles;

/// <summary>One learner's rollouts by the kernel's body on the host, in double precision: the oracle.</summary>
internal static class RolloutOracle
{
    /// <summary>A rollout's rows [x | u | r | b | x′], and whether it was cut.</summary>
    public sealed record Result(double[][] Rows, bool Cut);

    /// <param name="inputScale">[observation]: multiplies x before the networks.</param>
    /// <param name="dynamics">[Horizon, PackedStep], the learner's packed model.</param>
    public static Result[] Run(
        RolloutDefinition definition, LearnerShape shape, float[] inputScale, Learner learner,
        ReadOnlySpan<float> dynamics, RolloutSettings settings, RolloutStarts starts)
    {
        using var host = new HostArrays();
        int count = starts.Count, state = definition.Dynamics.State, rowLength = definition.RowLength;
        LearnerLayout layout = shape.Layout(batch: 1, OracleRow.Sums, 64, 64);
        using var row = new OracleRow(layout);
        row.Put(learner.Parameters.Span, layout.Sizes.Parameters);
        row.Put(learner.Statistics.Span, layout.Sizes.Statistics);
        row.Put(inputScale, layout.Sizes.InputScale);
        row.CopyWeights();
        RolloutSizes sizes = RolloutSizes.Of(definition, rows: 1, layout.Sizes.Stride, OneRow<double>.Rows, threads: 1);
        var bounds = new float[2 * state];
        settings.Bounds(bounds.AsSpan(0, state), bounds.AsSpan(state));
        var rows = host.Add(new HostArray<double>(count * settings.Steps * rowLength));
        var lengths = host.Add(new HostArray<int>(count));
        rows.Span.Fill(double.NaN);
        var arguments = new RolloutArguments<double>
        {
            Policy = RolloutPolicy<double>.Create(shape, layout.Sizes, row.View, row.Layers),
            Learners = host.Put<RolloutLearner>([RolloutLearner.Of(learner, settings, starts)]),
            Dynamics = Put(dynamics), Bounds = Put(bounds), Rows = rows.View, Lengths = lengths.View,
            Starts = Put(starts.State), Constants = Put(starts.Constants),
            Time = host.Put<int>(starts.Time), End = host.Put<int>(starts.End),
            Observation = ObservationTable<double>.Create(definition.Observation, definition.Coordinates, host),
            Reward = RewardTable<double>.Create<DoubleMath>(definition.Reward, host),
            Sizes = sizes, Rollouts = count, Steps = settings.Steps, Tiles = count,
        };
        ArrayView<double> memory = host.Put<double>([.. Enumerable.Repeat(double.NaN, sizes.Memory)]);
        var results = new Result[count];
        for (int m = 0; m < count; m++)
        {
            RolloutBody<double, DoubleMath, OneRow<double>, SingleThread>.Run(m, arguments, memory, default);
            int first = m * settings.Steps * rowLength, length = lengths.Span[m] >> 1;
            results[m] = new Result([.. rows.Span.Slice(first, length * rowLength).ToArray().Chunk(rowLength)],
                (lengths.Span[m] & 1) != 0);
        }
        return results;

        ArrayView<double> Put(ReadOnlySpan<float> numbers) =>
            host.Put<double>([.. numbers.ToArray().Select(n => (double)n)]);
    }
}
