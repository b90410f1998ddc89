using System.Globalization;
using System.Numerics;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// How a population's updates are laid onto a GPU. Sums are cut by it, so that results are bitwise the same for the same plan; a run records it.
/// </summary>
/// <param name="Threads">Threads of a group.</param>
/// <param name="Rows">Samples of a minibatch that a group takes through the networks together.</param>
/// <param name="RowsPerThread">Samples of which a thread sums the products.</param>
/// <param name="Parts">Groups that share one learner.</param>
/// <param name="Launch">One launch for all updates of a call, or one for each phase of each update.</param>
internal sealed record LaunchPlan(int Threads, int Rows, int RowsPerThread, int Parts, PlanLaunch Launch)
{
    /// <summary>A plan for a device: few learners are spread over many groups, many take one each.</summary>
    /// <exception cref="DeviceException">The networks do not fit.</exception>
    public static LaunchPlan Choose(GpuDevice device, GpuNafNetworks networks, int batch, int learners) =>
        Choose(device.Info, device.Limits, networks, batch, learners);

    /// <inheritdoc cref="Choose(GpuDevice, GpuNafNetworks, int, int)"/>
    public static LaunchPlan Choose(DeviceInfo device, GpuLimits limits, GpuNafNetworks networks, int batch, int learners)
    {
        int threads = device.IsGpu ? Math.Min(256, Power(limits.GroupThreads)) : 64;
        int shares = Math.Max(1, 2 * limits.Units / learners), tasks = networks.Shape.Networks().Length + 1;
        int rows = 2;
        while (rows < 16 && rows < batch && tasks * ((batch + rows - 1) / rows) > shares) rows *= 2;
        // normalisation couples all samples
        if (networks.Shape.BatchNorm) rows = batch;
        LaunchPlan plan = Make(rows);
        while (plan.SharedBytes(networks) > limits.SharedBytes && rows > 1 && !networks.Shape.BatchNorm) plan = Make(rows /= 2);
        if (plan.SharedBytes(networks) <= limits.SharedBytes) return plan;
        throw new DeviceException(
            $"networks {networks.Shape} with minibatches of {batch} need {plan.SharedBytes(networks)} bytes of local memory "
            + $"and {device.Name} has {limits.SharedBytes}; use smaller ones"
            + (networks.Shape.BatchNorm ? ", batch_norm=false or --device cpu" : " or --device cpu"));

        LaunchPlan Make(int count) => new(
            threads, count, count % 8 == 0 ? 8 : count % 4 == 0 ? 4 : count % 2 == 0 ? 2 : 1,
            shares == 1 ? 1 : Math.Min(shares, tasks * ((batch + count - 1) / count)),
            shares == 1 || limits.Cooperative ? PlanLaunch.Together : PlanLaunch.ByPhase);
    }

    /// <summary>Reads a plan as <c>THREADS,ROWS,ROWS_PER_THREAD,PARTS,together|phases</c>.</summary>
    /// <exception cref="ArgumentException">It is not one that the kernels can be made for.</exception>
    public static LaunchPlan Parse(string text)
    {
        string[] words = text.Split(',');
        int[] n = [.. words.Take(4).Select(w => int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0)];
        bool fits = words.Length == 5 && words[4] is "together" or "phases" && n.All(value => value > 0)
            && BitOperations.IsPow2(n[0]) && n[0] is >= 32 and <= 1024 && n[1] % n[2] == 0 && n[2] <= 16;
        return fits
            ? new LaunchPlan(n[0], n[1], n[2], n[3], words[4] == "together" ? PlanLaunch.Together : PlanLaunch.ByPhase)
            : throw new ArgumentException(
                $"the plan '{text}' is not possible; give THREADS,ROWS,ROWS_PER_THREAD,PARTS,together|phases with a power of 2 from 32 to 1024 "
                + "threads and whole shares of the rows for a thread (at most 16), such as 256,2,2,128,together");
    }

    /// <summary>Constants of the kernels.</summary>
    public IEnumerable<KeyValuePair<string, object>> Constants =>
        [new("THREADS", Threads), new("ROWS", Rows), new("ROWS_PER_THREAD", RowsPerThread)];

    /// <summary>Tiles of weights that the gradient is cut in (NafUpdate.gpu.c).</summary>
    public int Tiles(GpuNetworks networks) => networks.Tiles(Threads / 16 * 2, 64);

    /// <summary>Bytes of local memory that a forward pass needs (Mlp.gpu.c).</summary>
    public int ForwardBytes(GpuNetworks networks)
    {
        int activations = networks.MaxWidth * Rows;
        return sizeof(float) * (activations + Math.Max(Threads * 4 * RowsPerThread, activations));
    }

    /// <summary>Bytes of local memory that an update needs (NafUpdate.gpu.c).</summary>
    public int SharedBytes(GpuNafNetworks networks) => ForwardBytes(networks) + sizeof(float) * 7 * networks.Shape.Action * Rows;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Threads} threads, {Rows} samples a group ({RowsPerThread} a thread), {Parts} groups a learner, "
        + (Launch == PlanLaunch.Together ? "one launch a call" : "one launch a phase");

    private static int Power(int atMost) => 1 << BitOperations.Log2((uint)atMost);
}

/// <summary>What one launch holds.</summary>
internal enum PlanLaunch
{
    /// <summary>All updates of a call; the groups of a learner wait for each other inside.</summary>
    Together,
    /// <summary>One phase of one update.</summary>
    ByPhase,
}
