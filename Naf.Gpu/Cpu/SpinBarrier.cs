namespace Naf.Gpu;

/// <summary>A barrier for the few threads that share one learner's update: they meet every fraction of a millisecond.</summary>
public sealed class SpinBarrier(int members)
{
    private readonly Gate _gate = new();
    private int _arrived;

    /// <summary>Returns when all members have called it.</summary>
    public void Meet()
    {
        if (members == 1) return;
        int round = _gate.Value;
        if (Interlocked.Increment(ref _arrived) < members)
        {
            _gate.WaitWhile(round);
            return;
        }
        _arrived = 0;
        _gate.Open();
    }
}
