using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Advantage;
using Naf.Kernels.Random;

namespace Naf.Checks.Benchmarks;

internal sealed record AdvantageBenchmarkSizes
{
    [Size("M", "samples of a call", 1 << 20)] public int Batch { get; init; } = 65536;

    [Size("N", "entries of the action", 64)] public int Action { get; init; } = 6;
}

/// <summary>
/// V, μ, L, A and Q of many samples, with one diagonal entry of L beyond its bound. On a GPU the samples stay on the
/// device.
/// </summary>
internal sealed class AdvantageBenchmark : KernelBenchmark
{
    // rounding in float32: exponentials of numbers up to B = 5 and sums of some dozen squares
    private const double Bound = 2e-5;

    // maximum number of compared samples, evenly spaced
    private const int Compared = 1000;
    private readonly AdvantageEvaluation _evaluation;

    /// <exception cref="ArgumentException">A size is out of range.</exception>
    public AdvantageBenchmark(Device device, AdvantageBenchmarkSizes sizes) : base(device)
    {
        _evaluation = new AdvantageEvaluation(device, sizes.Action, sizes.Batch);
        (int action, int packed) = (sizes.Action, _evaluation.Packed);
        (Units, Bytes) = (sizes.Batch, sizeof(float) * (3.0 + 3 * action + 2 * packed));
        // two for each entry of L and three for each of its columns; tanh and exp are not counted
        Operations = 2 * packed + 3 * action;
        Inputs = [Drawn(1, 1, 0), Drawn(action, 1, 1), Drawn(packed, 0.7, 2), Drawn(action, 0.5, 3)];
        Outputs = [.. new[] { action, packed, 1, 1 }.Select(row => new HostBuffer((long)row * sizes.Batch))];
        // a diagonal entry beyond the bound
        Inputs[2].Span[0] = 100;

        HostBuffer Drawn(int row, double size, uint lane)
        {
            var buffer = new HostBuffer((long)row * sizes.Batch);
            for (int i = 0; i < buffer.Length; i++)
                buffer.Span[i] = (float)(size * Philox.Normal(7, RandomStream.Exploration, (ulong)i, lane));
            return buffer;
        }
    }

    /// <summary>v, m, l, u.</summary>
    internal HostBuffer[] Inputs { get; }

    /// <summary>μ, L, A, Q.</summary>
    internal HostBuffer[] Outputs { get; }

    public override void Run()
    {
        if (Device is GpuDevice) _evaluation.Launch();
        else Evaluate();
    }

    public override void Finish() => (Device as GpuDevice)?.Synchronize();

    /// <summary>Evaluates, and compares every output with the reference in double precision.</summary>
    public KernelError Compare()
    {
        foreach (HostBuffer output in Outputs) output.Span.Fill(float.NaN);
        Evaluate();
        int samples = _evaluation.Samples, stride = Math.Max(1, samples / Compared);
        double[][] inputs = [.. Inputs.Select(input => Rows(input).Select(value => (double)value).ToArray())];
        double[][] expected = AdvantageOracle.Run(
            _evaluation.Action, _evaluation.Bound, inputs[0], inputs[1], inputs[2], inputs[3]);
        double error = Outputs.Zip(expected, (output, e) => KernelError.Largest<float>(Rows(output), e)).Max();
        return new KernelError("advantage", error, Bound);

        float[] Rows(HostBuffer buffer) => [.. buffer.Span.ToArray()
            .Chunk((int)buffer.Length / samples).Where((_, sample) => sample % stride == 0).SelectMany(row => row)];
    }

    public override void Dispose()
    {
        _evaluation.Dispose();
        foreach (HostBuffer buffer in (HostBuffer[])[.. Inputs, .. Outputs]) buffer.Dispose();
    }

    protected override KernelError[] Check() => [Compare()];

    private void Evaluate() => _evaluation.Evaluate(
        Inputs[0].Span, Inputs[1].Span, Inputs[2].Span, Inputs[3].Span,
        Outputs[0].Span, Outputs[1].Span, Outputs[2].Span, Outputs[3].Span);
}
