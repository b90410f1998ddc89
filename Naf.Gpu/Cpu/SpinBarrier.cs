namespace Naf.Gpu.Cpu;

/// <summary>A barrier for the few threads that share one learner's update: they meet every fraction of a millisecond.</summary>
public sealed class SpinBarrier(int workers)
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
