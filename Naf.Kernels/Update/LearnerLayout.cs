using System.Collections.Immutable;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// The places of a learner's arrays in its row of a GPU's memory, as constants NAME_AT of the kernels (NafLearner.gpu.c): what it is, then the
/// work memory of an update.
/// </summary>
internal sealed class LearnerLayout : DeviceRow
{
    /// <exception cref="DeviceException">The row is too long.</exception>
    public LearnerLayout(GpuNafNetworks networks, int batch, int tiles)
    {
        NafShape shape = networks.Shape;
        ImmutableArray<MlpShape> nets = shape.Networks();
        int heads = 1 + shape.Action + shape.Packed;
        long hidden = (long)nets.Length * batch * networks.TotalWidth, normal = shape.BatchNorm ? 1 : 0;
        // θ, Adam's moments, θ′ and the running statistics, as the host has them
        Parameters = Take("THETA", networks.Parameters);
        First = Take("FIRST", networks.Parameters);
        Second = Take("SECOND", networks.Parameters);
        Target = Take("TARGET", nets[0].Parameters);
        Statistics = Take("STATISTICS", nets.Sum(n => n.Statistics));
        TargetStatistics = Take("TARGET_STATISTICS", nets[0].Statistics);
        // what differs between learners; whether it has stopped
        InputScale = Take("INPUT_SCALE", shape.State);
        Settings = Take("SETTINGS", 16);
        Stopped = Take("STOPPED", 1);
        // copies of the weights that the forward pass reads
        Take("TRANSPOSED", networks.Transposed);
        Take("TARGET_TRANSPOSED", networks.TargetTransposed);
        // an update's work
        Work = Take("GRADIENT", networks.Parameters);
        Take("SQUARES", tiles);
        Take("X", (long)batch * MlpShape.Pad(shape.State));
        Take("U", (long)batch * shape.Action);
        foreach (string name in (string[])["Y", "ERROR", "Q"]) Take(name, batch);
        foreach (string name in (string[])["HEADS", "HEADS_GRADIENT"]) Take(name, (long)batch * heads);
        foreach (string name in (string[])["HIDDEN", "DELTA"]) Take(name, hidden);
        Take("NORMALISED", normal * hidden);
        Take("MOMENTS", normal * nets.Length * 3 * networks.TotalWidth);
        if (Row > int.MaxValue)
            throw new DeviceException($"networks {shape} with minibatches of {batch} are too large for a GPU's learner; use --device cpu");
    }

    /// <summary>First float of θ.</summary>
    public long Parameters { get; }

    /// <summary>First float of Adam's m.</summary>
    public long First { get; }

    /// <summary>First float of Adam's v.</summary>
    public long Second { get; }

    /// <summary>First float of θ′ of the first network.</summary>
    public long Target { get; }

    /// <summary>First float of the running statistics.</summary>
    public long Statistics { get; }

    /// <summary>First float of the target's running statistics.</summary>
    public long TargetStatistics { get; }

    /// <summary>First of the factors of the observation.</summary>
    public long InputScale { get; }

    /// <summary>First of the learner's own settings.</summary>
    public long Settings { get; }

    /// <summary>1 where the learner has left the finite numbers.</summary>
    public long Stopped { get; }

    /// <summary>First float of the work memory, to the end of the row.</summary>
    public long Work { get; }
}
