using Naf.Gpu.Cpu;
using Naf.Sim.Mujoco;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Spreads independent pieces of a planner's work over threads, each with a model of its own. Which thread does which does not matter.
/// </summary>
internal sealed class PlanTeam : IDisposable
{
    private readonly WorkTeam _team;
    private readonly Action<int> _member;
    private Action<int, int> _work = static (_, _) => { };
    private int _count, _next;

    /// <param name="team">The threads.</param>
    /// <param name="model">Makes a thread's model.</param>
    public PlanTeam(WorkTeam team, Func<IPlanModel> model)
    {
        _team = team;
        Models = new IPlanModel[team.Threads];
        for (int i = 0; i < Models.Length; i++) Models[i] = model();
        _member = Serve;
    }

    /// <summary>[Threads], each thread's model.</summary>
    public IPlanModel[] Models { get; }

    /// <summary>Does <paramref name="work"/>(item, worker) for each item 0 … count − 1, and returns when all is done.</summary>
    public void Run(int count, Action<int, int> work)
    {
        (_count, _next, _work) = (count, 0, work);
        _team.Run(_member);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IPlanModel model in Models) model.Dispose();
    }

    private void Serve(int worker)
    {
        // what a plan that is only tried runs into concerns nobody
        bool muted = MujocoWarnings.Muted;
        MujocoWarnings.Muted = true;
        try
        {
            for (int i; (i = Interlocked.Increment(ref _next) - 1) < _count;) _work(i, worker);
        }
        finally
        {
            MujocoWarnings.Muted = muted;
        }
    }
}
