using System.Runtime.ExceptionServices;

namespace Naf.Gpu;

/// <summary>
/// A fixed team of threads that start a piece of work together and end it together. Waiting threads spin for a short while, then sleep:
/// the work of one training step comes every millisecond or so. Allocates nothing per call.
/// </summary>
public sealed class WorkTeam : IDisposable
{
    // about 50 µs of spinning before a waiting thread sleeps
    private const int SpinLimit = 2000;

    private readonly Lock _callers = new();
    private readonly object _sleep = new();
    private readonly Thread[] _workers;
    private Action<int> _work = static _ => { };
    private Exception? _failure;
    private volatile int _generation;
    private volatile int _running;
    private volatile bool _closing;

    /// <param name="threads">Members, the calling thread included; at least 1.</param>
    public WorkTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int member = i + 1;
            _workers[i] = new Thread(() => Serve(member)) { IsBackground = true, Name = $"naf worker {member}" };
            _workers[i].Start();
        }
    }

    /// <summary>Members of the team, the calling thread included.</summary>
    public int Threads { get; }

    /// <summary>Runs <paramref name="work"/>(member) once on every member, 0 (the caller) to Threads − 1, and returns when all are done.</summary>
    /// <exception cref="Exception">The first exception that a member threw, after all have ended.</exception>
    public void Run(Action<int> work)
    {
        lock (_callers)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            _failure = null;
            _work = work;
            _running = _workers.Length;
            Interlocked.Increment(ref _generation);
            if (_workers.Length > 0)
                lock (_sleep) Monitor.PulseAll(_sleep);
            Invoke(0);
            for (int spins = 0; _running > 0; spins++)
                Pause(spins);
            if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_closing) return;
        _closing = true;
        lock (_sleep) Monitor.PulseAll(_sleep);
        foreach (Thread worker in _workers) worker.Join();
    }

    /// <summary>One turn of a waiting loop: spin first, give up the core when it lasts.</summary>
    internal static void Pause(int spins)
    {
        if (spins < SpinLimit) Thread.SpinWait(8);
        else Thread.Yield();
    }

    private void Serve(int member)
    {
        int seen = 0;
        while (true)
        {
            for (int spins = 0; _generation == seen && !_closing && spins < SpinLimit; spins++)
                Thread.SpinWait(8);
            lock (_sleep)
                while (_generation == seen && !_closing)
                    Monitor.Wait(_sleep);
            if (_closing) return;
            seen = _generation;
            Invoke(member);
            Interlocked.Decrement(ref _running);
        }
    }

    private void Invoke(int member)
    {
        try
        {
            _work(member);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
        }
    }
}

/// <summary>A barrier for the few threads that share one learner's update: they meet every fraction of a millisecond, so they spin.</summary>
public sealed class SpinBarrier(int members)
{
    private int _arrived;
    private volatile int _generation;

    /// <summary>Returns when all members have called it.</summary>
    public void Meet()
    {
        if (members == 1) return;
        int generation = _generation;
        if (Interlocked.Increment(ref _arrived) == members)
        {
            _arrived = 0;
            _generation = generation + 1;
            return;
        }
        for (int spins = 0; _generation == generation; spins++)
            WorkTeam.Pause(spins);
    }
}
