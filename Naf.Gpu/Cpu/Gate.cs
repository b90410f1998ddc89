namespace Naf.Gpu.Cpu;

/// <summary>
/// A counter that threads wait on. A waiting thread spins for some microseconds, since most waits are short; then it
/// sleeps and releases its core, which on a busy machine may be the one that the awaited thread needs.
/// </summary>
internal sealed class Gate
{
    private static readonly long SpinTicks = Stopwatch.Frequency * 40 / 1_000_000;

    private readonly object _sleep = new();
    private int _sleepers;
    private volatile int _value;

    public int Value => _value;

    /// <summary>Increments the value and wakes the waiting threads.</summary>
    public void Open()
    {
        Interlocked.Increment(ref _value);
        if (Volatile.Read(ref _sleepers) == 0) return;
        lock (_sleep) Monitor.PulseAll(_sleep);
    }

    /// <summary>Returns once the value differs from <paramref name="seen"/>.</summary>
    public void WaitWhile(int seen)
    {
        for (long start = Stopwatch.GetTimestamp(); _value == seen;)
        {
            Thread.SpinWait(4);
            if (Stopwatch.GetTimestamp() - start < SpinTicks) continue;
            lock (_sleep)
            {
                // counted before the value is read again: Open increments it before it looks for sleepers
                Interlocked.Increment(ref _sleepers);
                while (_value == seen) Monitor.Wait(_sleep);
                Interlocked.Decrement(ref _sleepers);
            }
        }
    }
}

/// <summary>A barrier for the threads that share one learner's update, several times per millisecond.</summary>
internal sealed class SpinBarrier(int workers)
{
    private readonly Gate _gate = new();
    private int _arrived;

    /// <summary>Returns when all workers have called it.</summary>
    public void Wait()
    {
        if (workers == 1) return;
        int round = _gate.Value;
        if (Interlocked.Increment(ref _arrived) < workers)
        {
            _gate.WaitWhile(round);
            return;
        }
        _arrived = 0;
        _gate.Open();
    }
}
