using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>A learner's network in a GPU's memory: what it is, then the work memory of an update.</summary>
internal sealed class RegressionLayout : DeviceRow
{
    /// <param name="tiles">Tiles of weights that the gradient is cut in.</param>
    /// <exception cref="DeviceException">The row is too long.</exception>
    public RegressionLayout(GpuNetworks networks, MlpShape shape, int batch, int tiles)
    {
        long hidden = (long)batch * networks.TotalWidth, outputs = (long)batch * shape.Output;
        // θ and Adam's moments, as the host has them, its settings, and whether it has stopped
        Parameters = Take("THETA", shape.Parameters);
        First = Take("FIRST", shape.Parameters);
        Second = Take("SECOND", shape.Parameters);
        Settings = Take("SETTINGS", 4);
        Stopped = Take("STOPPED", 1);
        // copies of the weights that the forward pass reads
        Take("TRANSPOSED", networks.Transposed);
        // an update's work
        Work = Take("GRADIENT", shape.Parameters);
        Take("SQUARES", tiles);
        Take("X", (long)batch * MlpShape.Pad(shape.Input));
        foreach (string name in (string[])["ERROR", "HEADS_GRADIENT"]) Take(name, outputs);
        foreach (string name in (string[])["HIDDEN", "DELTA"]) Take(name, hidden);
        if (Row > int.MaxValue)
            throw new DeviceException($"network dynamics with minibatches of {batch} are too large for a GPU; use narrower layers or --device cpu");
    }

    /// <summary>First float of θ.</summary>
    public long Parameters { get; }

    /// <summary>First float of Adam's m.</summary>
    public long First { get; }

    /// <summary>First float of Adam's v.</summary>
    public long Second { get; }

    /// <summary>First of β₁, 1 − β₁, β₂, 1 − β₂.</summary>
    public long Settings { get; }

    /// <summary>1 where the learner has left the finite numbers.</summary>
    public long Stopped { get; }

    /// <summary>First float of the work memory, to the end of the row.</summary>
    public long Work { get; }
}
