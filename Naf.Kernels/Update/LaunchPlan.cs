using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Network;

namespace Naf.Kernels.Update;

/// <summary>
/// How a population's updates are mapped onto a GPU. The plan determines how sums are split, so results are bitwise the
/// same for the same plan; a run records it.
/// </summary>
/// <param name="Rows">Samples of a minibatch that a thread group takes through the networks together.</param>
/// <param name="RowsPerThread">Samples whose products one thread sums: 1, 2, 4 or 8, a divisor of the rows.</param>
/// <param name="Parts">Thread groups that share one learner.</param>
/// <param name="Launch">One launch for all updates of a call, or one for each phase of each update.</param>
internal sealed record LaunchPlan(int Threads, int Rows, int RowsPerThread, int Parts, PlanLaunch Launch)
{
    /// <summary>A plan for a device: few learners are spread over many groups, many get one group each.</summary>
    /// <exception cref="DeviceException">The networks do not fit.</exception>
    public static LaunchPlan Choose(DeviceInfo device, GpuLimits limits, LearnerShape shape, int batch, int learners)
    {
        int threads = Math.Min(device.IsGpu ? 256 : 64, limits.GroupThreads);
        int shares = Math.Max(1, 2 * limits.Units / learners), tasks = shape.Tasks.Forward, rows = 2;
        while (rows < 16 && rows < batch && tasks * ((batch + rows - 1) / rows) > shares) rows *= 2;
        // batch normalisation couples all samples
        if (shape.BatchNorm) rows = (batch + MatrixProduct.Turn - 1) / MatrixProduct.Turn * MatrixProduct.Turn;
        LaunchPlan plan = Make(rows);
        while (plan.SharedBytes(shape) > limits.SharedBytes && rows > 1 && !shape.BatchNorm) plan = Make(rows /= 2);
        if (plan.SharedBytes(shape) <= limits.SharedBytes) return plan;
        throw new DeviceException(
            $"networks {shape} with minibatches of {batch} need {plan.SharedBytes(shape)} bytes of shared memory "
            + $"and {device.Name} has {limits.SharedBytes}; use smaller ones"
            + (shape.BatchNorm ? ", normalisation=layer or device=cpu" : " or device=cpu"));

        LaunchPlan Make(int count) => new(
            threads, count, count % 8 == 0 ? 8 : count % 4 == 0 ? 4 : count % 2 == 0 ? 2 : 1,
            shares == 1 ? 1 : Math.Min(shares, tasks * ((batch + count - 1) / count)),
            limits.Cooperative ? PlanLaunch.Together : PlanLaunch.ByPhase);
    }

    /// <summary>Reads a plan as <c>THREADS,ROWS,ROWS_PER_THREAD,PARTS,together|phases</c>.</summary>
    /// <exception cref="ArgumentException">The plan is not valid, or has no kernels.</exception>
    public static LaunchPlan Parse(string text)
    {
        string[] words = text.Split(',');
        int[] n = [.. words.Take(4).Select(
            w => int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0)];
        bool fits = words.Length == 5 && words[4] is "together" or "phases" && n.All(value => value > 0)
            && n[0] <= 1024 && n[2] is 1 or 2 or 4 or 8 && n[1] % n[2] == 0
            && (n[1] % 8 == 0 || 8 % n[1] == 0);
        return fits
            ? new LaunchPlan(n[0], n[1], n[2], n[3], words[4] == "together" ? PlanLaunch.Together : PlanLaunch.ByPhase)
            : throw new ArgumentException(
                $"the plan '{text}' is not possible; give THREADS,ROWS,ROWS_PER_THREAD,PARTS,together|phases "
                + "with at most 1024 threads and 1, 2, 4 or 8 rows a thread, a divisor of the rows, "
                + "such as 256,2,2,128,together");
    }

    /// <summary>Elements of shared memory for a forward pass: the tile's activations and partial sums.</summary>
    internal static int ForwardLength(int rows, int stride, int sums, int threads) =>
        rows * stride + MatrixProduct.PartialLength(rows, stride, sums, threads);

    /// <summary>Rows of a tile of θ.</summary>
    public int TileRows => MlpWeights.TileRows * RowsPerThread;

    /// <summary>Bytes of shared memory that a forward pass needs.</summary>
    public int ForwardBytes(IReadOnlyList<MlpShape> networks) =>
        sizeof(float) * ForwardLength(Rows, MlpForward.Stride(networks), RowsPerThread, Threads);

    /// <summary>Bytes of shared memory that the gradient and the step of the weights need.</summary>
    public int WeightBytes =>
        sizeof(float) * MatrixProduct.PartialLength(TileRows, MlpWeights.TileColumns, RowsPerThread, Threads);

    /// <summary>Bytes of shared memory that the passes of a learner's forward or backward phase need.</summary>
    public int PassBytes(LearnerShape shape, bool backward) =>
        ForwardBytes(shape.Networks()) + sizeof(float) * shape.Scratch(Rows, backward);

    /// <summary>Bytes of shared memory that a whole update needs.</summary>
    public int SharedBytes(LearnerShape shape) =>
        Math.Max(Math.Max(PassBytes(shape, backward: false), PassBytes(shape, backward: true)), WeightBytes);

    public override string ToString() =>
        $"{Threads} threads, {Rows} samples a group ({RowsPerThread} a thread), {Parts} groups a learner, "
        + (Launch == PlanLaunch.Together ? "one launch a call" : "one launch a phase");
}

/// <summary>What one kernel launch covers.</summary>
internal enum PlanLaunch
{
    /// <summary>
    /// All updates of a call, with barriers between a learner's groups (CUDA). PoCL takes a minute to compile it.
    /// </summary>
    Together,
    /// <summary>One phase of one update.</summary>
    ByPhase,
}
