using Naf.Checks.Comparisons;
using Naf.Gpu.Devices;

namespace Naf.Checks.Benchmarks;

/// <summary>A benchmark of one size on a device: compared with double precision, then timed.</summary>
internal abstract class KernelBenchmark(Device device) : IDisposable
{
    /// <summary>Units of work per call, such as updates, over all learners.</summary>
    public double Units { get; protected init; }

    /// <summary>Operations per unit, two per multiply-add, counted densely; a CPU skips ReLU zeros.</summary>
    public double Operations { get; protected init; }

    /// <summary>Minimum bytes that one unit reads and writes.</summary>
    public double Bytes { get; protected init; }

    /// <summary>Largest error against double precision, found by <see cref="Prepare"/>.</summary>
    public virtual double Error => Errors.Max(e => e.Error);

    protected KernelError[] Errors { get; private set; } = [];

    protected Device Device => device;

    /// <summary>Whether every result is finite.</summary>
    protected virtual bool IsFinite => true;

    /// <summary>One call; may return before the device has finished.</summary>
    public abstract void Run();

    /// <summary>Waits for the device.</summary>
    public virtual void Finish()
    {
    }

    /// <summary>Checks the result, then makes calls until JIT compilation has finished.</summary>
    /// <exception cref="InvalidOperationException">The result is wrong.</exception>
    public void Prepare()
    {
        Errors = Check();
        if (!Errors.All(e => e.Agrees))
            throw new InvalidOperationException(
                $"the result differs from the reference ({string.Join(", ", Errors)}); it was not timed");
        BenchmarkRounds.Time(Run, Finish, 1, 1);
    }

    /// <summary>Prepares, then times five rounds.</summary>
    /// <returns>Units per second in each round.</returns>
    /// <exception cref="InvalidOperationException">The result is wrong or became non-finite.</exception>
    public double[] Rates(double seconds)
    {
        Prepare();
        double[] calls = BenchmarkRounds.Time(Run, Finish, seconds, 5);
        if (!IsFinite) throw new InvalidOperationException("the result was not finite any more while it was timed");
        return [.. calls.Select(rate => rate * Units)];
    }

    public abstract void Dispose();

    /// <summary>Errors against double precision.</summary>
    protected abstract KernelError[] Check();
}
