using System.Runtime.ExceptionServices;

namespace Naf.Gpu.Cpu;

/// <summary>A fixed team of worker threads that start and finish a piece of work together.</summary>
internal sealed class WorkTeam : IDisposable
{
    private readonly Lock _callers = new();
    private readonly Gate _started = new(), _ended = new();
    private readonly Thread[] _workers;
    private Action<int> _work = static _ => { };
    private Exception? _failure;
    private int _running;
    private volatile bool _closing;

    /// <param name="threads">Workers, the calling thread included; at least 1.</param>
    public WorkTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i + 1;
            _workers[i] = new Thread(() => Serve(worker)) { IsBackground = true, Name = $"naf worker {worker}" };
            _workers[i].Start();
        }
    }

    public int Threads { get; }

    /// <summary>
    /// Runs <paramref name="work"/>(worker) once on every worker, 0 (the caller) to Threads − 1, and returns when all
    /// are done. Allocates nothing.
    /// </summary>
    /// <exception cref="Exception">The first exception that a worker threw, after all have ended.</exception>
    public void Run(Action<int> work)
    {
        lock (_callers)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            _failure = null;
            _work = work;
            int ended = _ended.Value;
            _running = _workers.Length;
            _started.Open();
            Invoke(0);
            if (_workers.Length > 0) _ended.WaitWhile(ended);
            if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
        }
    }

    /// <summary>Runs <paramref name="work"/>(item, worker) once per item 0 … count − 1, on any free worker.</summary>
    public void Each(int count, Action<int, int> work)
    {
        int next = 0;
        Run(worker =>
        {
            for (int item; (item = Interlocked.Increment(ref next) - 1) < count;) work(item, worker);
        });
    }

    public void Dispose()
    {
        lock (_callers)
        {
            if (_closing) return;
            _closing = true;
            _started.Open();
        }
        foreach (Thread worker in _workers) worker.Join();
    }

    private void Serve(int worker)
    {
        for (int seen = 0; ; seen++)
        {
            _started.WaitWhile(seen);
            if (_closing) return;
            Invoke(worker);
            if (Interlocked.Decrement(ref _running) == 0) _ended.Open();
        }
    }

    private void Invoke(int worker)
    {
        try
        {
            _work(worker);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
        }
    }
}
